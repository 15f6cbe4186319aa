"""The event stream and the commands beside it."""

import asyncio
import json

import pytest

from session_fsm import Session, TokenSource
from session_fsm.asgi import SessionApp, WebLimits
from session_fsm.testing import ScriptedAgent
from unit.asgi.pages import Browser, Events, View


def app_for(agent: ScriptedAgent | None = None, **options: object) -> SessionApp:
    source = TokenSource.loopback(agent or ScriptedAgent())
    return SessionApp(lambda: Session(source), **options)  # type: ignore[arg-type]


def shows(view: View, session: Session) -> bool:
    """Whether a page shows all that can be seen of a session; `seq` may be older."""
    now = json.loads(json.dumps(session.snapshot.to_dict()))
    listed = [
        {key: value for key, value in one.items() if key not in {"index", "restored"}}
        for one in view.messages
    ]
    return view.snapshot | {"seq": 0} == now | {"seq": 0} and listed == session.messages.export()


def answered(text: str) -> object:
    return lambda view: any(one["final"] and one["text"].strip() == text for one in view.messages)


async def test_a_conversation() -> None:
    app = app_for()
    page = Browser(app)
    async with page.events() as events:
        view = await events.until(lambda view: view.documents)
        assert [one["type"] for one in view.documents] == ["snapshot"]
        assert (view.snapshot["state"], view.messages) == ("idle", [])
        assert (await page.command("start")).json == {"result": None}
        await events.until(lambda view: view.snapshot["state"] == "active")
        sent = (await page.command("send", text="hello")).json["result"]
        assert (sent["text"], sent["status"], sent["sender"]) == ("hello", "sent", "user")
        await events.until(answered("echo: hello"))
        assert view.texts == ["hello", "echo: hello"]
        partial = [
            one["text"]
            for document in view.documents
            for one in [*document.get("added", ()), *document.get("updated", ())]
            if one["sender"] == "agent"
        ]
        assert len(partial) > 1, "the words arrive one by one"
        assert (await page.command("end")).json == {"result": None}
        await events.until(lambda view: view.snapshot["state"] == "idle")
        assert view.snapshot["end_reason"] == "ended"
        assert view.texts == ["hello", "echo: hello"]
    await app.close()


async def test_what_a_page_shows_is_what_the_session_shows() -> None:
    session = Session(TokenSource.loopback(ScriptedAgent(greeting="good morning to you all")))
    app = SessionApp(session)
    async with session, Browser(app).events() as events:
        await session.start()
        await session.send("one")
        await events.until(answered("echo: one"))
        await events.until(lambda view: shows(view, session))
        await session.end()
        await session.start()
        await events.until(answered("good morning to you all"))
        await events.until(lambda view: shows(view, session))
    await app.close()


async def test_it_is_a_stream_that_browsers_understand() -> None:
    app = app_for()
    async with Browser(app).events() as events:
        await events.until(lambda view: view.documents)
        headers = events.response.headers
        assert headers["content-type"] == "text/event-stream; charset=utf-8"
        assert headers["cache-control"] == "no-store"
        assert events.retry is not None
        assert events.last_id
    await app.close()


async def test_silence_is_filled_with_comments() -> None:
    app = app_for()
    async with Browser(app).events() as events:
        await asyncio.sleep(100)
        events.read()
        assert events.comments >= 5
        assert len(events.view.documents) == 1
    await app.close()


async def resumed(page: Browser, events: Events) -> Events:
    """The same page with another stream, as a browser opens it by itself."""
    async with page.events(events.last_id) as more:
        await asyncio.sleep(0)
        more.view, more.view.documents = events.view, []
        more.last_id = events.last_id
        await asyncio.sleep(1)
        more.read()
    return more


async def test_a_page_that_comes_back_is_told_what_it_has_missed_and_no_more() -> None:
    session = Session(TokenSource.loopback(ScriptedAgent()))
    app = SessionApp(session)
    page = Browser(app)
    async with session:
        await session.start()
        async with page.events() as events:
            await session.send("one")
            await events.until(answered("echo: one"))
            await events.until(lambda view: shows(view, session))
        await session.send("two")
        await asyncio.sleep(5)
        events = await resumed(page, events)
        (document,) = events.view.documents
        assert document["type"] == "update"
        assert [one["text"].strip() for one in document["added"]] == ["two", "echo: two"]
        assert document["updated"] == []
        assert shows(events.view, session)
        events = await resumed(page, events)
        assert events.view.documents == [], "nothing has happened"
    await app.close()


async def test_a_stream_that_breaks_off_anywhere_is_continued() -> None:
    session = Session(TokenSource.loopback(ScriptedAgent(think_for=0.05)))
    app = SessionApp(session)
    page = Browser(app)
    async with session:
        view, last_id = View(), None
        talk = asyncio.create_task(session.start())
        for turn in range(60):
            async with page.events(last_id) as events:
                events.view = view
                await asyncio.sleep(0.03)
                events.read()
                last_id = events.last_id or last_id
            await asyncio.sleep(0.03)
            if turn in {25, 35, 45} and talk.done():
                talk = asyncio.create_task(session.send(f"text number {turn}"))
        await talk
        await asyncio.sleep(5)
        async with page.events(last_id) as events:
            events.view = view
            await events.until(lambda view: shows(view, session))
        wholes = [one for one in view.documents if one["type"] == "snapshot"]
        assert len(wholes) <= 2, "one at first, one for the start"
        assert len(view.texts) == 6
    await app.close()


@pytest.mark.parametrize("last_id", ["", "1", "unknown-3", "x-99999999999999999999", "-", "é-²"])
async def test_an_id_of_somewhere_else_brings_the_whole(last_id: str) -> None:
    app = app_for()
    async with Browser(app).events(last_id) as events:
        await events.until(lambda view: view.documents)
        assert events.view.documents[0]["type"] == "snapshot"
    await app.close()


async def test_an_id_from_the_future_brings_the_whole() -> None:
    app = app_for()
    page = Browser(app)
    async with page.events() as events:
        await events.until(lambda view: view.documents)
        name = (events.last_id or "").rpartition("-")[0]
        async with page.events(f"{name}-999") as later:
            await later.until(lambda view: view.documents)
            assert later.view.documents[0]["type"] == "snapshot"
    await app.close()


async def test_a_page_from_another_start_gets_the_whole() -> None:
    session = Session(TokenSource.loopback(ScriptedAgent()))
    app = SessionApp(session)
    page = Browser(app)
    async with session:
        await session.start()
        async with page.events() as events:
            await session.send("one")
            await events.until(answered("echo: one"))
        await session.end()
        await session.start()
        events = await resumed(page, events)
        assert events.view.documents[0]["type"] == "snapshot"
        assert shows(events.view, session)
        assert events.view.messages == []
    await app.close()


async def test_a_slow_page_skips_what_is_outdated_and_loses_no_message() -> None:
    session = Session(TokenSource.loopback(ScriptedAgent(think_for=0, word_every=0.01)))
    app = SessionApp(session)
    async with session:
        await session.start()
        async with Browser(app).events() as events:
            await events.until(lambda view: view.documents)
            events.exchange.gate.clear()
            for turn in range(10):
                await session.send(" ".join(f"word{n}" for n in range(20)) + f" {turn}")
                await asyncio.sleep(1)
            seen = len(events.view.documents)
            events.exchange.gate.set()
            await events.until(lambda view: shows(view, session))
            assert len(events.view.documents) - seen <= 2, "one that waited, and the rest"
            assert len(events.view.messages) == 20
    await app.close()


async def test_a_page_that_takes_nothing_is_let_go() -> None:
    session = Session(TokenSource.loopback(ScriptedAgent()))
    app = SessionApp(session, limits=WebLimits(stall_seconds=10))
    async with session, Browser(app).events() as events:
        await events.until(lambda view: view.documents)
        events.exchange.gate.clear()
        await session.start()
        await asyncio.sleep(9)
        assert not events.exchange.task.done()
        await asyncio.sleep(2)
        assert events.exchange.task.done()
        await events.exchange.task
    await app.close()


async def test_a_page_that_goes_away_leaves_nothing_behind() -> None:
    session = Session(TokenSource.loopback(ScriptedAgent()))
    app = SessionApp(session)
    async with session:
        before = asyncio.all_tasks()
        async with Browser(app).events() as events:
            await events.until(lambda view: view.documents)
        assert (await Browser(app).command("end")).status == 200
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == before
        feed = app._visitors._shared
        assert feed is not None
        assert not feed.feed._readers
    await app.close()


async def test_a_server_that_cancels_a_stream_gets_it_back() -> None:
    app = app_for()
    async with Browser(app).events() as events:
        await events.until(lambda view: view.documents)
        events.exchange.task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await events.exchange.task
    await app.close()


async def test_a_mistake_of_ours_breaks_the_stream_off_and_is_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    session = Session(TokenSource.loopback(ScriptedAgent()))
    app = SessionApp(session)
    page = Browser(app)
    async with session, page.events() as events, page.socket() as socket:
        await events.until(lambda view: view.documents)
        monkeypatch.setattr("session_fsm.asgi.feed.dumped", lambda _: 1 / 0)
        await session.start()
        await events.exchange.task
        assert events.exchange.sent[-1]["more_body"], "it is not complete"
        await socket.exchange.task
        assert socket.code == 1011
        assert caplog.text.count("ZeroDivisionError") == 2
        assert session.state.value == "active"
    await app.close()


async def test_the_end_of_the_session_completes_the_stream_for_good() -> None:
    session = Session(TokenSource.loopback(ScriptedAgent()))
    app = SessionApp(session)
    page = Browser(app)
    async with page.events() as events:
        await events.until(lambda view: view.documents)
        await session.close()
        await events.exchange.task
        assert events.read().closed == "session-closed"
    answer = await page.request("GET", "/events", last_event_id=events.last_id or "")
    assert (answer.status, answer.body) == (204, b""), "what tells browsers not to come back"
    await app.close()
