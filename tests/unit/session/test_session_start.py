"""What `start()` promises: the rows of the decisions table about it."""

import asyncio

import pytest

from session_fsm import (
    AgentTimeout,
    ConnectError,
    EndReason,
    Session,
    SessionEnded,
    SessionState,
    SessionStateError,
    StaleAgent,
    TokenError,
    TokenSource,
)
from session_fsm.testing import ScriptedAgent, run_virtual


def make(
    agent: ScriptedAgent | None = None, *, dispatch: bool = True, **options: object
) -> Session:
    source = TokenSource.loopback(agent or ScriptedAgent(), dispatch=dispatch)
    return Session(source, **options)  # type: ignore[arg-type]


async def test_it_returns_when_the_agent_is_ready() -> None:
    agent = ScriptedAgent(join_after=1.0, initialize_for=2.0)
    async with make(agent) as session:
        began = asyncio.get_running_loop().time()
        await session.start()
        assert asyncio.get_running_loop().time() - began == pytest.approx(3.05)
        assert session.agent.is_connected.value


async def test_a_second_call_joins_the_first() -> None:
    agent = ScriptedAgent()
    async with make(agent) as session:
        await asyncio.gather(session.start(), session.start(), session.start())
        assert session.snapshot.epoch == 1
        assert len(agent.network.rooms) == 1


async def test_all_that_joined_get_the_same_error() -> None:
    agent = ScriptedAgent(join_after=None)
    async with make(agent, agent_timeout=3.0) as session:
        first, second = await asyncio.gather(
            session.start(), session.start(), return_exceptions=True
        )
        assert isinstance(first, AgentTimeout)
        assert first is second is session.failure.value


async def test_cancelling_one_of_two_detaches_it() -> None:
    async with make() as session:
        first, second = asyncio.create_task(session.start()), asyncio.create_task(session.start())
        await asyncio.sleep(0.2)
        first.cancel()
        await second
        assert first.cancelled()
        assert session.state.value is SessionState.ACTIVE


async def test_cancelling_the_last_rolls_back() -> None:
    agent = ScriptedAgent()
    async with make(agent) as session:
        calls = [asyncio.create_task(session.start()) for _ in range(2)]
        await asyncio.sleep(0.2)
        for call in calls:
            call.cancel()
        await asyncio.wait(calls)
        assert all(call.cancelled() for call in calls)
        assert session.state.value is SessionState.IDLE
        assert session.end_reason.value is EndReason.ENDED
        assert [room.links for room in agent.network.rooms.values()] == [[]]


async def test_cancelled_in_the_tick_in_which_it_becomes_active() -> None:
    async with make() as session:
        call = asyncio.create_task(session.start())
        subscription = session.state.subscribe(
            lambda state: call.cancel() if state is SessionState.ACTIVE else None
        )
        await asyncio.wait({call})
        assert call.cancelled()
        assert session.state.value is SessionState.IDLE
        subscription.dispose()


async def test_who_has_been_told_that_it_started_keeps_the_session() -> None:
    async with make() as session:
        late: list[asyncio.Task[None]] = []
        call = asyncio.create_task(session.start())
        subscription = session.state.subscribe(
            lambda state: (
                late.append(asyncio.create_task(session.start()))
                if state is SessionState.ACTIVE
                else None
            )
        )
        await call
        late[0].cancel()
        await asyncio.wait(late)
        assert session.state.value is SessionState.ACTIVE
        subscription.dispose()


async def test_while_active_it_returns_at_once() -> None:
    async with make() as session:
        await session.start()
        before = session.snapshot
        await session.start()
        assert session.snapshot is before


async def test_while_dispatching_again_it_returns_at_once() -> None:
    agent = ScriptedAgent()
    async with make(agent, agent_return_timeout=5.0) as session:
        await session.start()
        agent.crash()
        assert session.state.value is SessionState.DISPATCHING
        await session.start()
        assert session.state.value is SessionState.DISPATCHING


async def test_while_ending_it_waits_and_starts_again() -> None:
    async with make() as session:
        await session.start()
        ending = asyncio.create_task(session.end())
        await asyncio.sleep(0)
        assert session.state.value is SessionState.ENDING
        await session.start()
        assert ending.done()
        assert session.snapshot.epoch == 2
        assert session.state.value is SessionState.ACTIVE


async def test_an_eager_task_of_an_observer_may_start_again() -> None:
    async with make() as session:
        await session.start()
        again: list[asyncio.Future[None]] = []

        def restart(state: SessionState) -> None:
            if state is SessionState.IDLE and not again:
                again.append(asyncio.ensure_future(session.start()))

        subscription = session.state.subscribe(restart)
        await session.end()
        await again[0]
        assert session.snapshot.epoch == 2
        subscription.dispose()


async def test_a_token_without_an_agent_needs_none() -> None:
    agent = ScriptedAgent()
    async with make(agent, dispatch=False, agent_timeout=1.0) as session:
        await session.start()
        assert session.state.value is SessionState.DISPATCHING
        await asyncio.sleep(3600)
        assert session.state.value is SessionState.DISPATCHING
        agent.come_back()
        await session.agent.wait_until_connected()
        assert session.state.value is SessionState.ACTIVE


async def test_end_comes_first() -> None:
    async with make() as session:
        call = asyncio.create_task(session.start())
        await asyncio.sleep(0.2)
        await session.end()
        with pytest.raises(SessionEnded) as caught:
            await call
        assert caught.value.kind == "ended"
        assert session.failure.value is None


async def test_the_agent_hangs_up_before_it_is_ready() -> None:
    agent = ScriptedAgent(initialize_for=None)
    async with make(agent) as session:
        call = asyncio.create_task(session.start())
        await asyncio.sleep(1.0)
        agent.leave()
        with pytest.raises(SessionEnded) as caught:
            await call
        assert caught.value.kind == "hung-up"
        assert session.end_reason.value is EndReason.HUNG_UP


async def test_a_refusal_rolls_back_and_the_next_start_works() -> None:
    agent = ScriptedAgent()
    agent.network.refusal = ConnectError("No.", kind="unauthorized")
    async with make(agent) as session:
        with pytest.raises(ConnectError, match="No"):
            await session.start()
        assert session.state.value is SessionState.IDLE
        assert session.agent.failure_reasons.value == ()
        agent.network.refusal = None
        await session.start()
        assert session.failure.value is None


async def test_the_room_of_the_run_before_has_a_stale_agent() -> None:
    agent = ScriptedAgent()
    details = await TokenSource.loopback(agent).fetch()
    source = TokenSource.literal(details.server_url, details.participant_token)
    async with Session(source) as session:
        await session.start()
        await session.end()
        with pytest.raises(StaleAgent, match="new room for every start"):
            await session.start()
        assert session.agent.state.value == "failed"
    async with Session(source) as another:
        await another.start()  # unknown to this one: it may have been dispatched ahead


async def test_a_source_that_hangs_is_given_up() -> None:
    source = TokenSource.custom(lambda _: asyncio.sleep(3600))  # type: ignore[arg-type,return-value]
    async with Session(source, token_timeout=30.0) as session:
        began = asyncio.get_running_loop().time()
        with pytest.raises(TokenError) as caught:
            await session.start()
        assert caught.value.kind == "timeout"
        assert "token_timeout" in str(caught.value)
        assert asyncio.get_running_loop().time() - began == pytest.approx(30.0)


async def test_a_closed_session_does_not_start() -> None:
    session = make()
    await session.close()
    await session.close()
    with pytest.raises(SessionStateError, match="make a new one") as caught:
        await session.start()
    assert caught.value.kind == "closed"


async def test_close_while_another_call_waits_to_start_again() -> None:
    session = make()
    await session.start()
    ending = asyncio.create_task(session.end())
    again = asyncio.create_task(session.start())
    await asyncio.sleep(0)
    await session.close()
    await asyncio.wait({ending, again})
    assert session.state.value is SessionState.IDLE
    assert isinstance(again.exception(), SessionEnded | SessionStateError)


def test_a_session_belongs_to_one_loop() -> None:
    session = make()

    async def start() -> None:
        await session.start()
        await session.end()

    run_virtual(start())
    with pytest.raises(SessionStateError) as caught:
        run_virtual(start())
    assert caught.value.kind == "wrong-loop"
    assert "run_coroutine_threadsafe" in str(caught.value)
