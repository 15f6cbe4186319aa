"""From the call of `start()` to a session that is ready, or rolled back."""

import asyncio

import pytest
from livekit import rtc

from contract.calls import PATIENCE, converse, path, watched
from contract.sides import Side
from session_fsm import (
    AgentState,
    AgentTimeout,
    ConnectError,
    EndReason,
    Session,
    SessionEnded,
    SessionState,
    StaleAgent,
    TokenSource,
)


async def test_start_ends_with_an_agent_that_is_ready(side: Side) -> None:
    session = Session(side.source())
    async with asyncio.timeout(40), session:
        with watched(session) as seen:
            await session.start()
        assert path(seen) == ["idle", "fetching-token", "connecting", "dispatching", "active"]
        assert session.agent.is_connected.value
        assert session.agent.name.value == side.agent_name
        assert session.agent.identity.value in await side.participants(side.rooms[0])
        assert session.room_name.value == side.rooms[0]
        assert session.local_identity.value == "user"
        await session.agent.wait_until_connected(1)
        await session.wait_until(lambda now: now.agent.microphone_track is not None, PATIENCE)


async def test_the_room_is_there_while_it_is_joined(side: Side) -> None:
    session = Session(side.source())
    async with asyncio.timeout(40), session:
        assert session.room is None
        await session.start()
        if side.has_room:
            assert isinstance(session.room, rtc.Room)
            assert session.room.name == side.rooms[0]
        else:
            assert session.room is None
        await session.end()
        assert session.room is None


async def test_end_leaves_nobody_and_start_works_again(side: Side) -> None:
    session = Session(side.source())
    async with asyncio.timeout(60), session:
        for _ in range(2):
            await session.start()
            await converse(session)
            await session.end()
            assert session.snapshot.state is SessionState.IDLE
            assert session.end_reason.value is EndReason.ENDED
            await side.nobody_left()
        assert len(set(side.rooms)) == 2


async def test_nobody_comes(side: Side) -> None:
    session = Session(side.source(absent=True), agent_timeout=side.deadline)
    async with asyncio.timeout(40), session:
        with pytest.raises(AgentTimeout, match=r"^Agent did not join the room\.") as caught:
            await session.start()
        assert caught.value.kind == "not-joined"
        assert session.failure.value is caught.value
        assert session.snapshot.state is SessionState.IDLE
        assert session.agent.state.value is AgentState.FAILED
        assert session.agent.failure_reasons.value == ("Agent did not join the room.",)
        await side.nobody_left()


async def test_an_agent_of_another_name_is_nobody(side: Side) -> None:
    session = Session(side.source(), agent_name="nobody", agent_timeout=side.deadline)
    async with asyncio.timeout(40), session:
        with pytest.raises(AgentTimeout, match=r"^Agent did not join the room\."):
            await session.start()
        await side.nobody_left()


async def test_an_agent_that_never_gets_ready(side: Side) -> None:
    session = Session(side.source(silent=True), agent_timeout=side.deadline)
    text = "Agent joined the room but did not complete initializing."
    async with asyncio.timeout(40), session:
        with pytest.raises(AgentTimeout) as caught:
            await session.start()
        assert str(caught.value) == text
        assert caught.value.kind == "not-ready"
        assert session.agent.failure_reasons.value == (text,)
        await side.nobody_left()


async def test_a_slow_agent_is_waited_for(side: Side) -> None:
    session = Session(side.source(slow=1.0))
    async with asyncio.timeout(40), session:
        with watched(session) as seen:
            await session.start()
        assert AgentState.INITIALIZING in [now.agent.state for now in seen]
        await converse(session)


async def test_without_a_dispatch_the_room_is_enough(side: Side) -> None:
    session = Session(side.source(dispatch=False), agent_timeout=0.5)
    async with asyncio.timeout(40), session:
        await session.start()
        assert session.snapshot.state is SessionState.DISPATCHING
        await asyncio.sleep(1.0)
        assert session.snapshot.state is SessionState.DISPATCHING, "there is no deadline"
        await side.send_agent(side.rooms[0])
        await session.wait_until(lambda now: now.state is SessionState.ACTIVE, PATIENCE)
        await converse(session)


async def test_a_stale_room_fails_at_once(side: Side) -> None:
    session = Session(side.source(room=side.fresh_room()))
    async with asyncio.timeout(60), session:
        await session.start()
        await converse(session)
        await session.end()
        with pytest.raises(StaleAgent, match="new room for every start") as caught:
            await session.start()
        assert caught.value.kind == "stale"
        assert session.snapshot.state is SessionState.IDLE
        await side.nobody_left()


async def test_an_agent_that_was_there_before_counts(side: Side) -> None:
    """Who is there already sends no join: it is in the roster."""
    room = side.fresh_room()
    first = Session(side.source(room))
    second = Session(side.source(room, identity="second"))
    async with asyncio.timeout(60), first, second:
        await first.start()
        await second.start()
        assert second.agent.identity.value == first.agent.identity.value
        assert second.agent.is_connected.value
        assert second.agent.name.value == side.agent_name


async def test_two_calls_of_start_share_one_run(side: Side) -> None:
    session = Session(side.source())
    async with asyncio.timeout(40), session:
        await asyncio.gather(session.start(), session.start())
        await session.start()
        assert session.snapshot.epoch == 1
        assert len(side.rooms) == 1


async def test_end_while_starting(side: Side) -> None:
    session = Session(side.source(slow=5.0))
    async with asyncio.timeout(40), session:
        starting = asyncio.create_task(session.start())
        await session.wait_until(lambda now: now.agent.identity is not None, PATIENCE)
        await asyncio.gather(session.end(), session.end())
        with pytest.raises(SessionEnded):
            await starting
        assert session.snapshot.failure is None
        await side.nobody_left()


@pytest.mark.parametrize("moment", ["fetching-token", "connecting", "dispatching", "active"])
async def test_start_cancelled_in_this_state(side: Side, moment: str) -> None:
    session = Session(side.source())
    async with asyncio.timeout(60), session:
        starting = asyncio.create_task(session.start())
        with watched(session) as seen:
            await session.wait_until(lambda now: now.state == moment, PATIENCE)
            starting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await starting
            assert path(seen)[-2:] == ["ending", "idle"]
        await side.nobody_left()
        await session.start()
        await converse(session)


async def test_the_room_is_deleted_while_waiting_for_the_agent(side: Side) -> None:
    session = Session(side.source(silent=True))
    async with asyncio.timeout(40), session:
        starting = asyncio.create_task(session.start())
        await session.wait_until(lambda now: now.agent.identity is not None, PATIENCE)
        await side.delete_room(side.rooms[0])
        with pytest.raises(SessionEnded) as caught:
            await starting
        assert caught.value.kind == "room-deleted"


async def test_nothing_answers_at_the_url(side: Side) -> None:
    """And then the next start works: the session is not the worse for it."""
    details = await side.details(side.fresh_room())
    wrong = "ws://127.0.0.1:9" if side.has_room else "loopback://nobody"
    bad: list[object] = [{"server_url": wrong, "participant_token": details.participant_token}]
    good = side.source()

    async def source() -> object:
        return bad.pop() if bad else await good.fetch()

    session = Session(TokenSource.literal(source))  # type: ignore[arg-type]
    async with asyncio.timeout(60), session:
        with pytest.raises(ConnectError) as caught:
            await session.start()
        assert caught.value.kind == "unreachable"
        assert session.snapshot.state is SessionState.IDLE
        await session.start()
        await converse(session)
