"""Pages that use an ASGI application: without a server, a browser, or a clock."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, MutableMapping
from contextlib import asynccontextmanager
from typing import Any

import attrs

from session_fsm.asgi.application import Application

HOST = "localhost:8000"
Message = MutableMapping[str, Any]


@attrs.frozen
class Response:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> tuple[int, str, str]:
        """Status, class and kind; the sentence has to be one."""
        told = self.json["error"]
        assert told["message"].endswith(".")
        return self.status, told["type"], told["kind"]


@attrs.define(eq=False)
class Browser:
    """Somebody who calls an application, with one jar of cookies."""

    app: Application
    origin: str | None = f"http://{HOST}"
    host: str | None = HOST
    root: str = ""
    cookie: str | None = None
    spec: Mapping[str, Any] = {}
    """More of the scope."""

    def scope(self, kind: str, path: str, headers: Mapping[str, str]) -> dict[str, Any]:
        given = {"host": self.host, "origin": self.origin, "cookie": self.cookie} | dict(headers)
        return {
            "type": kind,
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "scheme": "http" if kind == "http" else "ws",
            "path": self.root + path,
            "root_path": self.root,
            "headers": [
                (name.encode(), value.encode())
                for name, value in given.items()
                if value is not None
            ],
            "extensions": {"websocket.http.response": {}},
        } | dict(self.spec)

    def keep(self, headers: Mapping[str, str]) -> None:
        if "set-cookie" in headers:
            self.cookie = headers["set-cookie"].partition(";")[0]

    async def request(self, method: str, path: str, body: bytes = b"", **headers: str) -> Response:
        exchange = self.begin(method, path, body, **headers)
        await exchange.task
        return exchange.response()

    def begin(self, method: str, path: str, body: bytes = b"", **headers: str) -> "Exchange":
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        scope = self.scope("http", path, named) | {"method": method}
        exchange = Exchange()
        exchange.inbox.put_nowait({"type": "http.request", "body": body, "more_body": False})
        exchange.task = asyncio.create_task(
            self.app(scope, exchange.inbox.get, exchange.take)  # type: ignore[arg-type]
        )
        return exchange

    async def command(self, command: str, **fields: object) -> Response:
        body = json.dumps({"command": command, **fields}).encode()
        return await self.request("POST", "/commands", body, content_type="application/json")

    @asynccontextmanager
    async def events(self, last_id: str | None = None, **headers: str) -> AsyncIterator["Events"]:
        if last_id is not None:
            headers["last_event_id"] = last_id
        exchange = self.begin("GET", "/events", **headers)
        try:
            while not exchange.sent and not exchange.task.done():  # noqa: ASYNC110 - no time passes
                await asyncio.sleep(0)
            self.keep(exchange.response().headers)
            yield Events(exchange)
        finally:
            exchange.go_away()
            await asyncio.wait({exchange.task})

    @asynccontextmanager
    async def socket(self, **headers: str) -> AsyncIterator["Socket"]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        scope = self.scope("websocket", "/ws", named)
        exchange = Exchange()
        exchange.inbox.put_nowait({"type": "websocket.connect"})
        exchange.task = asyncio.create_task(
            self.app(scope, exchange.inbox.get, exchange.take)  # type: ignore[arg-type]
        )
        try:
            while not exchange.sent and not exchange.task.done():  # noqa: ASYNC110 - no time passes
                await asyncio.sleep(0)
            opened = Socket(exchange)
            if exchange.sent[0]["type"] == "websocket.accept":
                self.keep(_headers(exchange.sent[0]))
            yield opened
        finally:
            exchange.inbox.put_nowait({"type": "websocket.disconnect", "code": 1001})
            exchange.gate.set()
            await asyncio.wait({exchange.task})


class Exchange:
    """What is said in one request, both ways."""

    task: asyncio.Task[None]

    def __init__(self) -> None:
        self.inbox: asyncio.Queue[Message] = asyncio.Queue()
        self.sent: list[Message] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.is_gone = False
        self.news = asyncio.Event()

    async def take(self, message: Message) -> None:
        await self.gate.wait()
        if self.is_gone:
            raise OSError("the client is gone")
        self.sent.append(message)
        self.news.set()

    def go_away(self) -> None:
        self.is_gone = True
        self.inbox.put_nowait({"type": "http.disconnect"})
        self.gate.set()

    def response(self) -> Response:
        start = self.sent[0]
        assert start["type"] in {"http.response.start", "websocket.http.response.start"}
        return Response(start["status"], _headers(start), self.body())

    def body(self) -> bytes:
        return b"".join(one.get("body", b"") for one in self.sent[1:])


def _headers(message: Message) -> dict[str, str]:
    return {name.decode(): value.decode() for name, value in message.get("headers", ())}


class View:
    """What a page shows: it does with the documents what docs/asgi.md says."""

    def __init__(self) -> None:
        self.snapshot: dict[str, Any] = {}
        self.messages: list[dict[str, Any]] = []
        self.closed: str | None = None
        self.documents: list[dict[str, Any]] = []
        self.answers: dict[Any, dict[str, Any]] = {}

    def show(self, document: dict[str, Any]) -> None:
        self.documents.append(document)
        match document["type"]:
            case "snapshot":
                self.snapshot, self.messages = document["snapshot"], document["messages"]
            case "update":
                assert (
                    document["changes"].keys() != {"seq"}
                    or document["added"]
                    or (document["updated"])
                ), "it is told for something"
                self.snapshot |= document["changes"]
                for message in document["added"]:
                    assert message["index"] == len(self.messages)
                    self.messages.append(message)
                for message in document["updated"]:
                    before = self.messages[message["index"]]
                    assert before["id"] == message["id"]
                    assert before != message, "nothing is told twice"
                    self.messages[message["index"]] = message
            case "closed":
                self.closed = document["reason"]
            case "answer":
                self.answers[document["id"]] = document
            case other:
                raise AssertionError(other)

    @property
    def texts(self) -> list[str]:
        return [one["text"].strip() for one in self.messages]


class Events:
    """An open event stream, read as browsers read it."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.view = View()
        self.last_id: str | None = None
        self.retry: int | None = None
        self.comments = 0
        self._read = 0

    @property
    def response(self) -> Response:
        return self.exchange.response()

    def read(self) -> View:
        """Take what is there."""
        body = self.exchange.body()
        while (end := body.find(b"\n\n", self._read)) >= 0:
            block, self._read = body[self._read : end].decode(), end + 2
            data = ""
            for line in block.split("\n"):
                name, _, value = line.partition(":")
                match name:
                    case "":
                        self.comments += 1
                    case "data":
                        data += value
                    case "id":
                        self.last_id = value.strip()
                    case "retry":
                        self.retry = int(value)
            if data:
                self.view.show(json.loads(data))
        return self.view

    async def until(self, reached: Any) -> View:
        while not reached(self.read()):
            self.exchange.news.clear()
            await self.exchange.news.wait()
        return self.view


class Socket:
    """An open WebSocket."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.view = View()
        self._read = 1

    @property
    def code(self) -> int | None:
        """What it was closed with."""
        last = self.exchange.sent[-1]
        return last["code"] if last["type"] == "websocket.close" else None

    def say(self, text: str | bytes) -> None:
        kind = "text" if isinstance(text, str) else "bytes"
        self.exchange.inbox.put_nowait({"type": "websocket.receive", kind: text})

    def command(self, number: object, command: str, **fields: object) -> None:
        self.say(json.dumps({"id": number, "command": command, **fields}))

    async def ask(self, number: object, command: str, **fields: object) -> dict[str, Any]:
        self.command(number, command, **fields)
        return (await self.until(lambda view: number in view.answers)).answers[number]

    def read(self) -> View:
        for message in self.exchange.sent[self._read :]:
            if message["type"] == "websocket.send":
                self.view.show(json.loads(message["text"]))
        self._read = len(self.exchange.sent)
        return self.view

    async def until(self, reached: Any) -> View:
        while not reached(self.read()):
            self.exchange.news.clear()
            await self.exchange.news.wait()
        return self.view
