"""A session on a loop of its own: real threads and so real time, but no test waits for a clock."""

import asyncio
import logging
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping

import pytest

from session_fsm import (
    AgentState,
    Session,
    SessionEnded,
    SessionState,
    SessionStateError,
    SessionThread,
    TokenError,
    TokenSource,
)
from session_fsm.testing import ScriptedAgent
from stores.deliver import deliver

PATIENCE = 60.0


@pytest.hookimpl
def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"real": asyncio.new_event_loop}


@pytest.fixture
def thread() -> Iterator[SessionThread]:
    with SessionThread(Session(TokenSource.loopback(ScriptedAgent()))) as made:
        yield made


def test_a_conversation_is_held_without_a_loop(thread: SessionThread) -> None:
    session = thread.session
    thread.run(session.start(), PATIENCE)
    sent = thread.run(session.send("Hello!"), PATIENCE)
    assert sent.text == "Hello!"
    thread.run(session.wait_until(lambda now: len(now.messages) > 1), PATIENCE)
    thread.run(session.end(), PATIENCE)
    assert session.state.value is SessionState.IDLE


def test_a_future_is_there_at_once(thread: SessionThread) -> None:
    starting = thread.submit(thread.session.start())
    ready = thread.submit(thread.session.agent.wait_until_connected())
    assert (starting.result(PATIENCE), ready.result(PATIENCE)) == (None, None)


def test_the_stores_come_to_the_thread_of_the_user_interface(thread: SessionThread) -> None:
    turns: list[Callable[[], None]] = []
    states: list[tuple[AgentState, int]] = []
    woken = threading.Event()

    def post(fn: Callable[[], None]) -> None:
        turns.append(fn)
        woken.set()

    def show(state: AgentState) -> None:
        states.append((state, threading.get_ident()))

    with deliver(thread.session.agent.state, show, post, mode="all"):
        thread.submit(thread.session.start())
        end = time.monotonic() + PATIENCE
        while states[-1][0] is not AgentState.LISTENING and time.monotonic() < end:
            woken.wait(PATIENCE)
            woken.clear()
            while turns:
                turns.pop(0)()
    assert [state for state, _ in states] == [
        AgentState.DISCONNECTED,
        AgentState.CONNECTING,
        AgentState.INITIALIZING,
        AgentState.LISTENING,
    ]
    assert {where for _, where in states} == {threading.get_ident()}


def test_what_a_coroutine_raises_is_raised() -> None:
    def no_token() -> None:
        raise OSError("no network")

    with (
        SessionThread(Session(TokenSource.custom(lambda _: no_token()))) as thread,
        pytest.raises(TokenError, match="raised OSError"),
    ):
        thread.run(thread.session.start(), PATIENCE)


def test_what_takes_too_long_is_cancelled_and_the_session_can_start_again() -> None:
    agent = ScriptedAgent()
    with SessionThread(Session(TokenSource.loopback(agent))) as thread:
        session = thread.session
        with pytest.raises(TimeoutError):
            thread.run(session.wait_until(lambda now: now.is_connected), 0.01)
        starting = thread.submit(session.start())
        starting.cancel()
        thread.run(session.wait_until(lambda now: now.state is SessionState.IDLE), PATIENCE)
        thread.run(session.start(), PATIENCE)
        assert session.state.value is SessionState.ACTIVE


def test_closing_ends_the_session_and_whoever_waits(thread: SessionThread) -> None:
    session = thread.session
    thread.run(session.start(), PATIENCE)
    completed = threading.Event()
    session.agent.state.subscribe(on_completed=completed.set)
    waiting = thread.submit(session.agent.wait_until_finished())
    never = thread.submit(asyncio.Event().wait())
    thread.close()
    thread.close()
    assert waiting.result(PATIENCE) is None
    assert never.cancelled()
    assert completed.is_set()
    assert session.state.value is SessionState.IDLE
    assert not [one for one in threading.enumerate() if one.name == "session-fsm session"]
    assert repr(thread).startswith("<SessionThread closed, <Session idle")


def test_a_start_that_is_closed_is_told_so(thread: SessionThread) -> None:
    starting = thread.submit(thread.session.start())
    thread.close()
    with pytest.raises(SessionEnded):
        starting.result(PATIENCE)


def test_who_waits_for_what_never_ends_is_told_of_the_close(thread: SessionThread) -> None:
    began = threading.Event()

    async def never() -> None:
        began.set()
        await asyncio.Event().wait()

    def close_soon() -> None:
        began.wait(PATIENCE)
        thread.close()

    closing = threading.Thread(target=close_soon)
    closing.start()
    with pytest.raises(SessionStateError, match="is closed: make another one"):
        thread.run(never(), PATIENCE)
    closing.join(PATIENCE)


def test_nothing_runs_on_a_closed_one(thread: SessionThread) -> None:
    thread.close()
    with pytest.raises(SessionStateError, match="is closed: make another one") as caught:
        thread.submit(thread.session.start())
    assert caught.value.kind == "closed"


async def test_a_session_of_another_loop_is_not_closed_by_it() -> None:
    async with Session(TokenSource.loopback(ScriptedAgent())) as session:
        await session.start()
        thread = SessionThread(session)
        with pytest.raises(SessionStateError, match="belongs to another event loop"):
            thread.close()
        assert session.state.value is SessionState.ACTIVE


def test_it_does_not_wait_for_itself(thread: SessionThread) -> None:
    async def wait_for_itself() -> list[str]:
        said = []
        for call in (thread.close, lambda: thread.run(thread.session.start())):
            with pytest.raises(SessionStateError) as caught:
                call()
            said.append(str(caught.value).partition(" ")[0])
        return said

    assert thread.run(wait_for_itself(), PATIENCE) == ["close()", "run()"]


def test_a_session_that_cannot_be_closed_in_time_does_not_hold_up_the_program(
    thread: SessionThread, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("session_fsm.thread.CLOSING", 0.05)
    go_on = threading.Event()
    busy = thread.submit(asyncio.to_thread(go_on.wait, PATIENCE))

    async def block() -> None:
        go_on.wait(PATIENCE)

    thread.submit(block())
    with caplog.at_level(logging.WARNING, "session_fsm"):
        thread.close()
    assert "still busy" in caplog.text
    go_on.set()
    thread._thread.join(PATIENCE)
    assert busy.done()


PROGRAM = """
from session_fsm import Session, SessionThread, TokenSource
from session_fsm.testing import ScriptedAgent

thread = SessionThread(Session(TokenSource.loopback(ScriptedAgent())))
thread.session.end_reason.subscribe(lambda reason: print("end reason:", reason, flush=True))
thread.run(thread.session.start())
print("started", flush=True)
{then}
"""


@pytest.mark.parametrize(
    ("then", "code"),
    [("", 0), ("raise SystemExit(3)", 3), ("thread.run(thread.session.send(1))", 1)],
)
def test_a_program_that_ends_has_left_the_room(then: str, code: int) -> None:
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", PROGRAM.format(then=then)],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.stdout.splitlines() == [
        "end reason: None",
        "started",
        "end reason: ended",
    ], done.stderr
    assert done.returncode == code
