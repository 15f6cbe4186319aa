"""The WebSocket: the same documents, and commands with their answers."""

import asyncio
import json
from typing import Any

import pytest

from session_fsm import Session, TokenSource
from session_fsm.asgi import SessionApp, WebLimits
from session_fsm.testing import ScriptedAgent
from unit.asgi.pages import Browser, View


def make(agent: ScriptedAgent | None = None, **options: Any) -> tuple[Session, Browser]:
    session = Session(TokenSource.loopback(agent or ScriptedAgent()))
    return session, Browser(SessionApp(session, **options))


def state(value: str) -> Any:
    def reached(view: View) -> bool:
        return view.snapshot.get("state") == value

    return reached


async def test_a_conversation() -> None:
    session, page = make()
    async with page.socket() as socket:
        await socket.until(state("idle"))
        assert await socket.ask(1, "start") == {"type": "answer", "id": 1, "result": None}
        answer = await socket.ask("two", "send", text="hello")
        assert answer["result"]["status"] == "sent"
        view = await socket.until(lambda view: "echo: hello" in view.texts)
        assert view.texts == ["hello", "echo: hello"]
        assert (await socket.ask(3, "end"))["result"] is None
        await socket.until(state("idle"))
    await session.close()


async def test_answers_come_when_they_are_there_and_carry_their_id() -> None:
    session, page = make(ScriptedAgent(join_after=None))
    async with page.socket() as socket:
        socket.command("start", "start")
        await socket.until(state("dispatching"))
        assert (await socket.ask("mute", "mute"))["result"] is None
        assert "start" not in socket.view.answers
        assert (await socket.ask(None, "end"))["result"] is None
        view = await socket.until(lambda view: "start" in view.answers)
        assert view.answers["start"]["error"] == {
            "type": "SessionEnded",
            "kind": "ended",
            "message": "The session was ended before that.",
        }
    await session.close()


@pytest.mark.parametrize(
    ("said", "kind", "number"),
    [
        (b"\x00", "bad-json", None),
        ("", "bad-json", None),
        ("{", "bad-json", None),
        ("[1]", "bad-request", None),
        ('{"id": 7}', "bad-request", 7),
        ('{"id": 7, "command": "fly"}', "bad-request", 7),
        ('{"id": 7, "command": "start", "epoch": 1}', "bad-request", 7),
        ('{"id": [1], "command": "end"}', "bad-request", None),
        ('{"id": "' + "x" * 200 + '", "command": "end"}', "bad-request", None),
    ],
)
async def test_what_is_no_command_is_answered_and_nothing_else(
    said: str | bytes, kind: str, number: object
) -> None:
    session, page = make()
    async with page.socket() as socket:
        socket.say(said)
        view = await socket.until(lambda view: view.answers)
        error = view.answers[number]["error"]
        assert (error["type"], error["kind"]) == ("Refused", kind)
        assert (await socket.ask(8, "end"))["result"] is None, "it is open still"
    await session.close()


@pytest.mark.parametrize("said", ["x" * 200, b"x" * 200, "\u20ac" * 40])
async def test_a_message_that_is_too_large_closes_it(said: str | bytes) -> None:
    session, page = make(limits=WebLimits(request_size=100))
    async with page.socket() as socket:
        socket.say(said)
        await socket.exchange.task
        assert socket.read().answers[None]["error"]["kind"] == "too-large"
        assert socket.code == 1009
    await session.close()


async def test_commands_that_are_under_way_are_counted() -> None:
    session, page = make(ScriptedAgent(join_after=None), limits=WebLimits(commands=2))
    async with page.socket() as socket:
        for number in range(5):
            socket.command(number, "start")
        view = await socket.until(lambda view: len(view.answers) == 3)
        assert {one["error"]["kind"] for one in view.answers.values()} == {"too-many"}
        await session.end()
        await socket.until(lambda view: len(view.answers) == 5)
    await session.close()


async def test_who_floods_it_and_reads_nothing_is_not_read_either() -> None:
    session, page = make(limits=WebLimits(stall_seconds=10))
    async with page.socket() as socket:
        await socket.until(state("idle"))
        socket.exchange.gate.clear()
        for _ in range(1000):
            socket.say("{")
        await asyncio.sleep(5)
        assert socket.exchange.inbox.qsize() == 999
        await asyncio.sleep(10)
        assert socket.exchange.task.done()
    await session.close()


async def test_a_page_that_takes_nothing_is_let_go() -> None:
    session, page = make(limits=WebLimits(stall_seconds=10))
    async with page.socket() as socket:
        await socket.until(state("idle"))
        socket.exchange.gate.clear()
        await session.start()
        await asyncio.sleep(9.8)
        socket.exchange.gate.set()
        await socket.exchange.task
        assert socket.code == 1013
    await session.close()


async def test_a_page_that_goes_away_in_the_middle_has_its_command_carried_out() -> None:
    session, page = make()
    async with page.socket() as socket:
        socket.command(1, "start")
        await asyncio.sleep(0.1)
    await session.wait_until(lambda now: now.state == "active", 10)
    await session.close()


async def test_a_page_that_is_gone_before_it_is_opened() -> None:
    session, page = make()
    sent: list[Any] = []

    async def gone() -> Any:
        return {"type": "websocket.disconnect", "code": 1006}

    async def send(message: Any) -> None:
        sent.append(message)

    await page.app(page.scope("websocket", "/ws", {}), gone, send)
    assert sent == []
    await session.close()


async def test_a_page_that_breaks_off_is_not_written_to() -> None:
    session, page = make()
    async with page.socket() as socket:
        await socket.until(state("idle"))
        socket.exchange.is_gone = True
        await session.start()
        await socket.exchange.task
        assert socket.code is None
    await session.close()


async def test_a_server_that_cancels_it_gets_it_back() -> None:
    session, page = make()
    before = asyncio.all_tasks()
    async with page.socket() as socket:
        await socket.until(state("idle"))
        socket.command(1, "start")
        await asyncio.sleep(0.1)
        socket.exchange.task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await socket.exchange.task
    await session.close()
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == before


async def test_the_end_of_the_session_closes_it() -> None:
    session, page = make()
    async with page.socket() as socket:
        await session.close()
        await socket.exchange.task
        assert (socket.read().closed, socket.code) == ("session-closed", 1000)
    async with page.socket() as socket:
        await socket.exchange.task
        assert [one["type"] for one in socket.read().documents] == ["snapshot", "closed"]


async def test_there_is_no_other_websocket() -> None:
    _, page = make()
    page.spec = {"path": "/events"}
    async with page.socket() as socket:
        assert socket.exchange.response().error == (404, "Refused", "not-found")


async def test_everything_is_one_line_of_ascii() -> None:
    session, page = make()
    async with page.socket() as socket:
        await socket.ask(1, "start")
        await socket.ask(2, "send", text="Größe\u2028 \U0001f600\nand more")
        texts = [one["text"] for one in socket.exchange.sent if one["type"] == "websocket.send"]
        assert all(text.isascii() and "\n" not in text for text in texts)
        assert any("Größe" in json.dumps(json.loads(text), ensure_ascii=False) for text in texts)
    await session.close()
