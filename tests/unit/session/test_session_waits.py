"""Waiting for what a snapshot shows."""

import asyncio

import pytest

from session_fsm import (
    AgentTimeout,
    Session,
    SessionEnded,
    SessionSnapshot,
    SessionState,
    SessionStateError,
    TokenSource,
)
from session_fsm.testing import ScriptedAgent


def make(agent: ScriptedAgent, **options: object) -> Session:
    return Session(TokenSource.loopback(agent), **options)  # type: ignore[arg-type]


async def test_what_holds_returns_at_once() -> None:
    session = make(ScriptedAgent())
    assert await session.wait_until(lambda _: True) is session.snapshot
    await session.wait_until_disconnected()
    await session.agent.wait_until_finished()


async def test_before_a_start_it_waits() -> None:
    async with make(ScriptedAgent()) as session:
        waits = [
            asyncio.create_task(call())
            for call in (
                session.wait_until_connected,
                session.agent.wait_until_connected,
                session.agent.wait_until_can_listen,
            )
        ]
        await asyncio.sleep(60)
        assert not any(task.done() for task in waits)
        await session.start()
        await asyncio.gather(*waits)


async def test_the_failure_of_an_earlier_run_is_not_raised() -> None:
    agent = ScriptedAgent(join_after=None)
    async with make(agent, agent_timeout=1.0) as session:
        with pytest.raises(AgentTimeout):
            await session.start()
        wait = asyncio.create_task(session.agent.wait_until_connected())
        await asyncio.sleep(60)
        assert not wait.done()
        agent.join_after = 0.1
        await session.start()
        await wait


async def test_the_failure_of_this_run_is_raised() -> None:
    async with make(ScriptedAgent(join_after=None), agent_timeout=1.0) as session:
        start = asyncio.create_task(session.start())
        await asyncio.sleep(0.5)
        with pytest.raises(AgentTimeout, match=r"^Agent did not join the room\.$") as caught:
            await session.agent.wait_until_connected()
        assert caught.value is session.failure.value
        await asyncio.wait({start})
        assert start.exception() is caught.value


async def test_finished_is_reached_by_a_failure() -> None:
    async with make(ScriptedAgent(join_after=None), agent_timeout=1.0) as session:
        start = asyncio.create_task(session.start())
        await asyncio.sleep(0.5)
        await session.agent.wait_until_finished()
        assert session.agent.state.value == "failed"
        await asyncio.wait({start})
        assert isinstance(start.exception(), AgentTimeout)


async def test_an_end_is_raised() -> None:
    async with make(ScriptedAgent()) as session:
        await session.start()
        wait = asyncio.create_task(session.wait_until(lambda now: now.seq > 10**6))
        await asyncio.sleep(0)
        await session.end()
        with pytest.raises(SessionEnded) as caught:
            await wait
        assert caught.value.kind == "ended"


async def test_a_close_is_raised() -> None:
    session = make(ScriptedAgent())
    wait = asyncio.create_task(session.agent.wait_until_connected())
    await asyncio.sleep(1)
    await session.close()
    with pytest.raises(SessionStateError) as caught:
        await wait
    assert caught.value.kind == "closed"


async def test_no_snapshot_is_left_out() -> None:
    """What holds only for a moment, within one turn of the loop, is seen."""
    agent = ScriptedAgent()
    async with make(agent) as session:
        await session.start()
        wait = asyncio.create_task(session.wait_until(lambda now: now.agent.state == "thinking"))
        await asyncio.sleep(0)
        agent.report("thinking")
        agent.report("listening")
        reached = await wait
        assert reached.agent.state == "thinking"
        assert session.agent.state.value == "listening"


async def test_the_time_is_over() -> None:
    async with make(ScriptedAgent()) as session:
        began = asyncio.get_running_loop().time()
        with pytest.raises(TimeoutError, match=r"within 2 seconds.*idle"):
            await session.wait_until_connected(timeout=2.0)
        assert asyncio.get_running_loop().time() - began == pytest.approx(2.0)


async def test_an_error_of_the_predicate_is_the_callers() -> None:
    def fails(_: SessionSnapshot) -> bool:
        raise TimeoutError("mine")

    session = make(ScriptedAgent())
    with pytest.raises(TimeoutError, match="mine"):
        await session.wait_until(fails, timeout=5.0)


@pytest.mark.parametrize("timeout", [0, -1, float("nan"), float("inf")])
async def test_a_timeout_is_a_number_of_seconds(timeout: float) -> None:  # noqa: ASYNC109
    with pytest.raises(ValueError, match="timeout must be a number of seconds above 0"):
        await make(ScriptedAgent()).wait_until_connected(timeout=timeout)


async def test_connected_means_that_the_link_is_up() -> None:
    agent = ScriptedAgent()
    async with make(agent) as session:
        await session.start()
        agent.network.drop()
        assert session.is_connected.value
        assert session.is_reconnecting.value
        wait = asyncio.create_task(session.wait_until_connected())
        await asyncio.sleep(1)
        assert not wait.done()
        agent.network.restore()
        await wait
        assert session.state.value is SessionState.ACTIVE
