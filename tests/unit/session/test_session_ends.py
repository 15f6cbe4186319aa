"""How a run ends, and what is left of it."""

import asyncio
import logging
import threading

import pytest

from session_fsm import (
    AgentLeft,
    AgentState,
    ConnectError,
    EndReason,
    Session,
    SessionState,
    TokenSource,
)
from session_fsm.testing import ScriptedAgent


def make(agent: ScriptedAgent, **options: object) -> Session:
    return Session(TokenSource.loopback(agent), **options)  # type: ignore[arg-type]


async def idle(session: Session) -> None:
    await session.wait_until(lambda now: now.state is SessionState.IDLE)


async def test_end_leaves_nothing_behind() -> None:
    agent = ScriptedAgent()
    async with make(agent) as session:
        await session.start()
        room = session.room_name.value
        assert room is not None
        assert session.local_identity.value in agent.network.participants(room)
        await session.end()
        assert session.end_reason.value is EndReason.ENDED
        assert session.failure.value is None
        assert session.room_name.value is None
        assert session.local_identity.value is None
        assert not [one for one in agent.network.participants(room) if one.startswith("user")]
        assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_second_end_joins_the_first_and_when_idle_it_returns() -> None:
    async with make(ScriptedAgent()) as session:
        await session.end()
        await session.start()
        await asyncio.gather(session.end(), session.end())
        await session.end()
        assert session.snapshot.epoch == 1


async def test_the_agent_hangs_up() -> None:
    agent = ScriptedAgent()
    async with make(agent) as session:
        await session.start()
        agent.leave()
        await idle(session)
        assert session.end_reason.value is EndReason.HUNG_UP
        assert session.failure.value is None
        assert session.agent.state.value is AgentState.DISCONNECTED


async def test_the_room_is_deleted() -> None:
    agent = ScriptedAgent()
    async with make(agent) as session:
        await session.start()
        agent.network.delete_rooms()
        await idle(session)
        assert session.end_reason.value is EndReason.ROOM_DELETED
        assert session.failure.value is None


@pytest.mark.parametrize("kind", ["link-lost", "removed", "duplicate-identity", "server-shutdown"])
async def test_the_link_is_cut(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    agent = ScriptedAgent()
    async with make(agent) as session:
        await session.start()
        with caplog.at_level(logging.WARNING, "session_fsm"):
            agent.network.cut(kind)
            await idle(session)
        failure = session.failure.value
        assert isinstance(failure, ConnectError)
        assert failure.kind == kind
        assert session.end_reason.value is EndReason.FAILED
        assert session.agent.state.value is AgentState.DISCONNECTED
        assert session.agent.failure_reasons.value == ()
        assert [record.message for record in caplog.records] == [f"the session failed: {failure!r}"]


async def test_a_crash_and_no_return() -> None:
    agent = ScriptedAgent()
    async with make(agent, agent_return_timeout=5.0) as session:
        await session.start()
        began = asyncio.get_running_loop().time()
        agent.crash()
        assert session.agent.state.value is AgentState.CONNECTING
        assert session.agent.identity.value is None
        await idle(session)
        assert asyncio.get_running_loop().time() - began == pytest.approx(5.0)
        failure = session.failure.value
        assert isinstance(failure, AgentLeft)
        assert str(failure) == "Agent left the room unexpectedly."
        assert session.agent.failure_reasons.value == (str(failure),)
        assert session.agent.state.value is AgentState.FAILED


async def test_a_crash_and_a_return() -> None:
    agent = ScriptedAgent()
    async with make(agent, agent_return_timeout=5.0, agent_timeout=4.0) as session:
        await session.start()
        first = session.agent.identity.value
        agent.crash()
        await asyncio.sleep(4)
        agent.initialize_for = 3.0
        agent.come_back()
        await session.wait_until(lambda now: now.state is SessionState.ACTIVE)
        assert session.agent.identity.value not in {None, first}
        await session.send("still there?")


async def test_the_return_timeout_is_paused_while_reconnecting() -> None:
    agent = ScriptedAgent(join_after=0, initialize_for=0)
    async with make(agent, agent_return_timeout=5.0) as session:
        await session.start()
        agent.crash()
        await asyncio.sleep(4)
        agent.network.drop()
        await asyncio.sleep(3600)
        agent.network.restore()
        await asyncio.sleep(0.5)
        assert session.state.value is SessionState.DISPATCHING
        await asyncio.sleep(1)
        assert isinstance(session.failure.value, AgentLeft)


async def test_it_waits_for_ever_where_it_is_told_to() -> None:
    agent = ScriptedAgent(join_after=80_000)
    async with make(agent, agent_timeout=None, agent_return_timeout=None) as session:
        await session.start()
        agent.crash()
        await asyncio.sleep(80_000)
        assert session.state.value is SessionState.DISPATCHING


async def test_ending_lasts_five_seconds_at_most(caplog: pytest.LogCaptureFixture) -> None:
    agent = ScriptedAgent()
    async with make(agent) as session:
        await session.start()
        link = session._mailbox.run.link  # type: ignore[union-attr]
        cancelled = asyncio.Event()

        async def hangs() -> None:
            try:
                await asyncio.sleep(32)
            finally:
                cancelled.set()

        link.close = hangs  # type: ignore[method-assign,union-attr]
        began = asyncio.get_running_loop().time()
        await session.end()
        assert asyncio.get_running_loop().time() - began == pytest.approx(5.0)
        await cancelled.wait()
        await session.start()


async def test_leaving_the_context_ends_and_completes_all_stores() -> None:
    completed: list[str] = []
    async with make(ScriptedAgent()) as session:
        for name in ("snapshots", "state", "messages", "transitions"):
            getattr(session, name).subscribe(on_completed=lambda name=name: completed.append(name))
        session.messages.events.subscribe(on_completed=lambda: completed.append("events"))
        session.agent.state.subscribe(on_completed=lambda: completed.append("agent.state"))
        await session.start()
    assert sorted(completed) == sorted(
        ["snapshots", "state", "messages", "transitions", "events", "agent.state"]
    )
    assert session.state.value is SessionState.IDLE


async def test_end_from_within_an_observer() -> None:
    agent = ScriptedAgent()
    async with make(agent) as session:
        ends: list[asyncio.Task[None]] = []
        session.agent.state.subscribe(
            lambda state: (
                ends.append(asyncio.create_task(session.end()))
                if state is AgentState.LISTENING
                else None
            )
        )
        await session.start()
        await idle(session)
        await asyncio.gather(*ends)


def test_end_from_another_thread() -> None:
    """On a real loop: a virtual one cannot be woken up from outside."""
    session = make(ScriptedAgent(join_after=0.01, initialize_for=0.01))
    ready = threading.Event()
    loops: list[asyncio.AbstractEventLoop] = []
    over = asyncio.Event()

    async def live() -> None:
        loops.append(asyncio.get_running_loop())
        await session.start()
        ready.set()
        await over.wait()

    thread = threading.Thread(target=lambda: asyncio.run(live()))
    thread.start()
    assert ready.wait(10)
    assert session.agent.can_listen.value
    asyncio.run_coroutine_threadsafe(session.end(), loops[0]).result(10)
    loops[0].call_soon_threadsafe(over.set)
    thread.join(10)
    assert not thread.is_alive()
    assert session.state.value is SessionState.IDLE
