"""Visitors with sessions of their own: who has which, how many, and how long."""

import asyncio
from contextlib import AsyncExitStack
from contextvars import ContextVar
from typing import Any

import pytest

from session_fsm import Session, SessionState, TokenSource
from session_fsm.asgi import SessionApp, WebLimits
from session_fsm.testing import ScriptedAgent
from unit.asgi.pages import Browser


class Made:
    """An application with a session for each visitor, and all that were made."""

    def __init__(self, **limits: Any) -> None:
        self.sessions: list[Session] = []
        self.source = TokenSource.loopback(ScriptedAgent())
        self.app = SessionApp(self.new, limits=WebLimits(**limits))

    def new(self) -> Session:
        self.sessions.append(Session(self.source))
        return self.sessions[-1]


async def is_closed(session: Session) -> bool:
    return [one async for one in session.state.values()] == [SessionState.IDLE]


async def test_each_visitor_has_a_conversation_of_ones_own() -> None:
    made = Made()
    ada, bob = Browser(made.app), Browser(made.app)
    async with ada.events() as hers, bob.socket() as his:
        assert ada.cookie != bob.cookie
        await ada.command("start")
        await ada.command("send", text="of ada")
        await hers.until(lambda view: "echo: of ada" in view.texts)
        await asyncio.sleep(5)
        assert his.read().texts == []
        assert his.view.snapshot["state"] == "idle"
    await made.app.close()


async def test_a_second_tab_and_a_page_that_is_loaded_again_are_in_the_same() -> None:
    made = Made()
    page = Browser(made.app)
    async with page.events() as first:
        await page.command("start")
        async with page.events() as second, page.socket() as third:
            assert "set-cookie" not in second.response.headers
            for one in (first, second, third):
                await one.until(lambda view: view.snapshot.get("state") == "active")
    async with page.events() as later:
        await later.until(lambda view: view.snapshot.get("state") == "active")
    assert len(made.sessions) == 1
    await made.app.close()


async def test_the_cookie_is_for_nobody_elses_eyes() -> None:
    made = Made()
    page = Browser(made.app, root="/talk")
    async with page.events() as events:
        told = events.response.headers["set-cookie"]
    name, *flags = told.split("; ")
    assert len(name.partition("=")[2]) >= 40
    assert flags == ["Path=/talk", "HttpOnly", "SameSite=Strict"]
    page = Browser(made.app, origin=None, root="/a;b c", spec={"scheme": "https"})
    async with page.events() as events:
        told = events.response.headers["set-cookie"]
    assert told.split("; ")[1:] == ["Path=/a%3Bb%20c", "HttpOnly", "SameSite=Strict", "Secure"]
    await made.app.close()


@pytest.mark.parametrize("cookie", ["session_fsm_visitor=mine", "session_fsm_visitor=", "x", ";;"])
async def test_an_id_that_was_not_made_here_opens_nothing(cookie: str) -> None:
    made = Made()
    page = Browser(made.app, cookie=cookie)
    assert (await page.command("start")).error == (409, "Refused", "no-session")
    assert made.sessions == [], "a command alone makes no session"
    async with page.events():
        assert page.cookie not in {None, cookie}
    await made.app.close()


async def test_other_cookies_are_let_be() -> None:
    made = Made()
    page = Browser(made.app)
    async with page.events():
        page.cookie = f'theme="a;b"; session_fsm_visitor=stale; {page.cookie}; last=1'
        assert (await page.command("end")).status == 200
    await made.app.close()


async def test_a_visitor_who_is_gone_is_forgotten() -> None:
    made = Made(idle_seconds=30)
    page = Browser(made.app)
    async with page.events():
        await page.command("start")
        await asyncio.sleep(100)
        assert made.sessions[0].state.value == "active", "a page that is open is there"
    await asyncio.sleep(29)
    async with page.socket():
        assert len(made.sessions) == 1
    await asyncio.sleep(29)
    assert (await page.command("send", text="still here")).status == 200
    await asyncio.sleep(29)
    assert made.sessions[0].state.value == "active"
    await asyncio.sleep(5)
    assert await is_closed(made.sessions[0])
    assert (await page.command("end")).error == (409, "Refused", "no-session")
    async with page.events() as events:
        await events.until(lambda view: view.snapshot.get("state") == "idle")
        assert len(made.sessions) == 2
    await made.app.close()


async def test_the_time_counts_from_when_the_page_is_closed() -> None:
    made = Made(idle_seconds=30)
    async with Browser(made.app).events():
        await asyncio.sleep(100)
    await asyncio.sleep(31)
    assert await is_closed(made.sessions[0])
    await made.app.close()


async def test_visitors_are_counted() -> None:
    made = Made(sessions=3, idle_seconds=10)
    async with AsyncExitStack() as stack:
        for _ in range(3):
            await stack.enter_async_context(Browser(made.app).events())
        fourth = Browser(made.app)
        answer = await fourth.request("GET", "/events")
        assert answer.error == (503, "Refused", "full")
        assert answer.headers["retry-after"]
        async with fourth.socket() as refused:
            assert refused.exchange.response().error == (503, "Refused", "full")
        assert len(made.sessions) == 3
    await asyncio.sleep(20)
    async with fourth.events() as events:
        assert events.response.status == 200
    await made.app.close()


async def test_connections_are_counted_for_each_visitor() -> None:
    made = Made(connections=2)
    page, other = Browser(made.app), Browser(made.app)
    async with page.events(), page.socket(), other.events():
        answer = await page.request("GET", "/events")
        assert answer.error == (429, "Refused", "too-many")
        async with page.socket() as refused:
            assert refused.exchange.response().error == (429, "Refused", "too-many")
    async with page.events() as events:
        assert events.response.status == 200
    await made.app.close()


async def test_a_session_that_the_program_closes_makes_room_for_another() -> None:
    made = Made()
    page = Browser(made.app)
    async with page.events() as events:
        await made.sessions[0].close()
        await events.exchange.task
        assert events.read().closed == "session-closed"
    assert (await page.command("end")).error == (409, "Refused", "no-session")
    async with page.events() as events:
        assert len(made.sessions) == 2
    await made.app.close()


async def test_sessions_that_the_program_closes_are_not_kept() -> None:
    made = Made(sessions=1, idle_seconds=5)
    async with Browser(made.app).events():
        await made.sessions[0].close()
    await asyncio.sleep(10)
    async with Browser(made.app).events() as events:
        assert events.response.status == 200
    await made.app.close()


async def test_the_function_sees_whose_request_it_is() -> None:
    user: ContextVar[str] = ContextVar("user")
    seen: list[str] = []

    def new() -> Session:
        seen.append(user.get())
        return Session(TokenSource.loopback(ScriptedAgent()))

    app = SessionApp(new)
    for name in ("ada", "bob"):
        user.set(name)
        async with Browser(app).events():
            pass
    assert seen == ["ada", "bob"]
    await app.close()


@pytest.mark.parametrize("gives", [None, "a session"])
async def test_a_function_that_makes_no_session(
    gives: object, caplog: pytest.LogCaptureFixture
) -> None:
    app = SessionApp(lambda: gives)  # type: ignore[arg-type,return-value]
    page = Browser(app)
    assert (await page.request("GET", "/events")).error == (500, "Refused", "broken")
    async with page.socket() as refused:
        assert refused.exchange.response().error == (500, "Refused", "broken")
    assert "new_session must return a Session" in caplog.text
    await app.close()


@pytest.mark.parametrize("wrong", [None, 5, TokenSource.loopback()])
def test_something_else_than_a_session(wrong: Any) -> None:
    with pytest.raises(TypeError, match="SessionApp needs a Session"):
        SessionApp(wrong)


@pytest.mark.parametrize("options", [{"start": None}, {"limits": {"sessions": 5}}])
def test_other_arguments_of_the_wrong_type(options: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match=next(iter(options))):
        SessionApp(Session(TokenSource.loopback()), **options)


def test_a_coroutine_function_is_told_apart() -> None:
    async def new() -> Session:
        raise AssertionError

    with pytest.raises(TypeError, match="plain function"):
        SessionApp(new)  # type: ignore[arg-type]


# The end ----------------------------------------------------------------------------------------


async def test_the_end_of_the_application_ends_everything() -> None:
    made = Made()
    pages = [Browser(made.app) for _ in range(5)]
    async with AsyncExitStack() as stack:
        streams = [await stack.enter_async_context(page.events()) for page in pages]
        sockets = [await stack.enter_async_context(page.socket()) for page in pages]
        for page in pages:
            await page.command("start")
        began = asyncio.get_running_loop().time()
        await made.app.close()
        assert asyncio.get_running_loop().time() - began <= 5
        for session in made.sessions:
            assert await is_closed(session)
        for one in (*streams, *sockets):
            await one.exchange.task
            assert one.read().closed == "shutdown"
        assert [one.code for one in sockets] == [1013] * 5
        assert (await pages[0].request("GET", "/events")).error == (503, "Refused", "closed")
        assert (await pages[0].command("end")).error == (503, "Refused", "closed")
        async with pages[0].socket() as refused:
            assert refused.exchange.response().error == (503, "Refused", "closed")
    await made.app.close()


async def test_a_session_for_all_is_ended_and_stays_its_owners() -> None:
    session = Session(TokenSource.loopback(ScriptedAgent()))
    app = SessionApp(session)
    async with Browser(app).events() as events:
        await session.start()
        await app.close()
        assert session.state.value == "idle"
        await events.exchange.task
    await session.start()
    await session.close()


async def test_an_application_nobody_has_used_ends_the_session_for_all() -> None:
    session = Session(TokenSource.loopback(ScriptedAgent()))
    await session.start()
    await SessionApp(session).close()
    assert session.state.value == "idle"
    await session.close()


async def test_who_waits_for_a_start_is_told_of_the_end() -> None:
    session = Session(TokenSource.loopback(ScriptedAgent(join_after=None)))
    app = SessionApp(session)
    page = Browser(app)
    start = asyncio.create_task(page.command("start"))
    await asyncio.sleep(1)
    await app.close()
    assert (await start).error == (409, "SessionEnded", "ended")


async def test_a_start_of_ones_own_that_hangs_does_not_outlive_the_application() -> None:
    async def start(_: Session) -> None:
        await asyncio.Event().wait()

    app = SessionApp(Session(TokenSource.loopback(ScriptedAgent())), start=start)
    page = Browser(app)
    async with page.socket() as socket:
        socket.command(1, "start")
        waiting = asyncio.create_task(page.command("start"))
        await asyncio.sleep(1)
        await app.close()
        assert (await waiting).error == (503, "Refused", "closed")


async def test_a_server_says_when_it_starts_and_ends() -> None:
    made = Made()
    inbox: asyncio.Queue[Any] = asyncio.Queue()
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    life = asyncio.create_task(made.app({"type": "lifespan"}, inbox.get, send))
    inbox.put_nowait({"type": "lifespan.startup"})
    page = Browser(made.app)
    async with page.events():
        await page.command("start")
        inbox.put_nowait({"type": "lifespan.shutdown"})
        await life
    assert sent == [{"type": "lifespan.startup.complete"}, {"type": "lifespan.shutdown.complete"}]
    assert await is_closed(made.sessions[0])


async def test_no_other_protocol_is_served() -> None:
    async def never(*_: object) -> Any:
        raise AssertionError

    with pytest.raises(ValueError, match="SessionApp serves http and websocket, not 'ftp'"):
        await Made().app({"type": "ftp"}, never, never)
