"""Web pages that talk to a real agent: over real HTTP and WebSockets, and in a real browser."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from contract.calls import until
from contract.sides import LiveKitSide
from peers.web_server import served
from session_fsm import Session, TokenSource
from session_fsm.asgi import SessionApp, WebLimits
from session_fsm.testing import ScriptedAgent
from unit.asgi.pages import View

pytestmark = pytest.mark.server

PATIENCE = 60


class Page:
    """A page without a browser: it keeps cookies, and reads the event stream."""

    def __init__(self, client: aiohttp.ClientSession, address: str) -> None:
        self.client = client
        self.address = address
        self.view = View()
        self.last_id: str | None = None

    async def command(self, command: str, **fields: object) -> Any:
        body = {"command": command, **fields}
        async with self.client.post(f"{self.address}/commands", json=body) as answer:
            assert answer.status == 200, await answer.text()
            return (await answer.json())["result"]

    @asynccontextmanager
    async def events(self) -> AsyncIterator[None]:
        headers = {"Last-Event-ID": self.last_id} if self.last_id else {}
        async with self.client.get(f"{self.address}/events", headers=headers) as answer:
            assert answer.status == 200, await answer.text()
            reading = asyncio.create_task(self._read(answer))
            try:
                yield
            finally:
                reading.cancel()
                await asyncio.wait({reading})

    async def _read(self, answer: aiohttp.ClientResponse) -> None:
        async for line in answer.content:
            name, _, value = line.decode().strip().partition(": ")
            if name == "id":
                self.last_id = value
            if name == "data":
                self.view.show(json.loads(value))

    async def sees(self, reached: Callable[[View], object]) -> None:
        await until(lambda: reached(self.view), PATIENCE)


@asynccontextmanager
async def page(address: str) -> AsyncIterator[Page]:
    jar = aiohttp.CookieJar(unsafe=True)  # cookies of addresses, too
    async with aiohttp.ClientSession(cookie_jar=jar, read_bufsize=1 << 20) as client:
        yield Page(client, address)


@asynccontextmanager
async def served_session(side: LiveKitSide) -> AsyncIterator[tuple[str, list[Session]]]:
    made: list[Session] = []

    def new() -> Session:
        made.append(Session(side.source()))
        return made[-1]

    async with asyncio.timeout(180), served(SessionApp(new)) as address:
        yield address, made
    assert all(one.state.value == "idle" for one in made), "the server's end ends them"
    await side.nobody_left()


def state(value: str) -> Callable[[View], bool]:
    return lambda view: view.snapshot.get("state") == value


async def test_a_conversation_over_events_and_commands(side: LiveKitSide) -> None:
    async with served_session(side) as (address, made), page(address) as there:
        async with there.events():
            await there.sees(state("idle"))
            await there.command("start")
            await there.sees(state("active"))
            sent = await there.command("send", text="hello")
            assert sent["status"] == "sent"
            await there.sees(lambda view: "echo: hello" in view.texts)
        # The stream breaks off; the conversation goes on, and the page comes back.
        seen = len(there.view.documents)
        await there.command("send", text="are you there")
        async with there.events():
            await there.sees(lambda view: "echo: are you there" in view.texts)
            assert there.view.documents[seen]["type"] == "update"
            await there.command("end")
            await there.sees(state("idle"))
            assert there.view.texts[:2] == ["hello", "echo: hello"]
        assert side.heard(side.rooms[0]) == ["hello", "are you there"]
        assert len(made) == 1


async def read(socket: ClientConnection, view: View, reached: Callable[[View], object]) -> View:
    while not reached(view):
        async with asyncio.timeout(PATIENCE):
            view.show(json.loads(await socket.recv()))
    return view


async def test_a_conversation_over_a_websocket(side: LiveKitSide) -> None:
    async with served_session(side) as (address, made):
        async with connect(f"ws{address[4:]}/ws", proxy=None) as socket:
            view = View()
            await socket.send('{"id": 1, "command": "start"}')
            await read(socket, view, lambda view: 1 in view.answers)
            assert view.answers[1] == {"type": "answer", "id": 1, "result": None}
            await socket.send('{"id": 2, "command": "send", "text": "hello"}')
            await read(socket, view, lambda view: 2 in view.answers)
            await read(socket, view, lambda view: "echo: hello" in view.texts)
            await socket.send('{"id": 3, "command": "fly"}')
            await read(socket, view, lambda view: 3 in view.answers)
            assert view.answers[3]["error"]["kind"] == "bad-request"
        assert made[0].state.value == "active", "a page that goes away may come back"


async def test_a_server_that_ends_ends_the_streams_and_the_sessions(side: LiveKitSide) -> None:
    async with page("") as there:
        async with served_session(side) as (address, made):
            there.address = address
            opened = there.events()
            await opened.__aenter__()
            await there.command("start")
            socket = await connect(f"ws{address[4:]}/ws", proxy=None)
        assert made[0].state.value == "idle"
        await opened.__aexit__(None, None, None)
        await socket.wait_closed()
        assert socket.close_code in {1012, 1013}


async def test_a_page_that_takes_nothing_of_what_it_is_sent_is_let_go() -> None:
    agent = ScriptedAgent(reply=lambda text: text[0] * 900_000, think_for=0)
    session = Session(TokenSource.loopback(agent))
    limits = WebLimits(connections=1, stall_seconds=0.5)
    async with asyncio.timeout(180), session, served(SessionApp(session, limits=limits)) as address:
        parts = urlsplit(address)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port, limit=1)
        writer.write(f"GET /events HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode())
        async with page(address) as there:
            await until(lambda: b"200" in reader._buffer, PATIENCE)  # type: ignore[attr-defined]
            async with there.client.get(f"{address}/events") as answer:
                assert answer.status == 429
            await session.start()
            free = False
            while not free:
                await session.send("more")
                await asyncio.sleep(0.1)
                async with there.client.get(f"{address}/events") as answer:
                    free = answer.status == 200
            assert session.state.value == "active"
        writer.transport.abort()


async def test_foreign_pages_are_refused(side: LiveKitSide) -> None:
    async with served_session(side) as (address, made), page(address) as there:
        foreign = {"Origin": "http://evil.test"}
        for method, path in (("GET", "/events"), ("POST", "/commands")):
            async with there.client.request(
                method, address + path, headers=foreign, json={"command": "start"}
            ) as answer:
                assert answer.status == 403
                assert (await answer.json())["error"]["kind"] == "foreign-origin"
        async with there.client.get(address + "/events", headers={"Host": "evil.test"}) as answer:
            assert answer.status == 421
        with pytest.raises(InvalidStatus) as refused:
            await connect(f"ws{address[4:]}/ws", proxy=None, additional_headers=foreign)
        assert refused.value.response.status_code == 403
        assert json.loads(refused.value.response.body)["error"]["kind"] == "foreign-origin"
        assert made == []
