"""How the agent ends: on purpose, by accident, for another one, or with the room."""

import asyncio

import pytest

from contract.calls import PATIENCE, converse, path, said, watched
from contract.sides import Side
from session_fsm import (
    AgentLeft,
    AgentState,
    ConnectError,
    EndReason,
    SendError,
    Session,
    SessionEnded,
    SessionState,
)


async def idle(session: Session) -> None:
    await session.wait_until(lambda now: now.state is SessionState.IDLE, PATIENCE + 10)


async def test_an_agent_that_shuts_down_hangs_up(side: Side) -> None:
    session = Session(side.source())
    async with asyncio.timeout(60), session:
        await session.start()
        with watched(session) as seen:
            await side.shut_agent_down(session)
            await idle(session)
        assert path(seen) == ["active", "ending", "idle"]
        assert session.end_reason.value is EndReason.HUNG_UP
        assert session.failure.value is None
        assert session.agent.state.value is AgentState.DISCONNECTED
        await session.agent.wait_until_finished(1)
        await side.nobody_left()


async def test_who_waits_is_told_that_the_agent_hung_up(side: Side) -> None:
    session = Session(side.source())
    async with asyncio.timeout(60), session:
        await session.start()
        waiting = asyncio.create_task(session.wait_until(lambda _: False, 30))
        await asyncio.sleep(0)
        await side.shut_agent_down(session)
        with pytest.raises(SessionEnded) as caught:
            await waiting
        assert caught.value.kind == "hung-up"


async def test_an_agent_that_crashes_is_waited_for_and_given_up(side: Side) -> None:
    session = Session(side.source(), agent_return_timeout=0.7)
    async with asyncio.timeout(60), session:
        await session.start()
        with watched(session) as seen:
            await side.crash_agent(session)
            await idle(session)
        assert path(seen) == ["active", "dispatching", "ending", "idle"]
        waits = [now.agent.state for now in seen if now.state is SessionState.DISPATCHING]
        assert set(waits) == {AgentState.CONNECTING}
        failure = session.failure.value
        assert isinstance(failure, AgentLeft)
        assert str(failure) == "Agent left the room unexpectedly."
        assert failure.kind == "left"
        assert session.end_reason.value is EndReason.FAILED
        assert session.agent.state.value is AgentState.FAILED
        assert session.agent.failure_reasons.value == (str(failure),)
        await side.nobody_left()


async def test_another_agent_comes_in_time(side: Side) -> None:
    session = Session(side.source(), agent_return_timeout=30.0)
    async with asyncio.timeout(90), session:
        await session.start()
        await converse(session)
        before = session.agent.identity.value
        await side.crash_agent(session)
        await session.wait_until(lambda now: now.state is SessionState.DISPATCHING, PATIENCE)
        sending = asyncio.create_task(session.send("are you there"))
        await side.send_agent(side.rooms[0])
        await session.wait_until(lambda now: now.state is SessionState.ACTIVE, PATIENCE)
        assert session.agent.identity.value not in {None, before}
        await sending
        await said(session, "echo: are you there")
        await converse(session, "and now")
        heard = side.heard(side.rooms[0])
        assert heard.count("are you there") == 1
        assert session.failure.value is None


async def test_the_room_is_deleted(side: Side) -> None:
    session = Session(side.source())
    async with asyncio.timeout(60), session:
        await session.start()
        await side.delete_room(side.rooms[0])
        await idle(session)
        assert session.end_reason.value is EndReason.ROOM_DELETED
        assert session.failure.value is None
        assert session.agent.state.value is AgentState.DISCONNECTED


async def test_an_administrator_removes_the_user(side: Side) -> None:
    session = Session(side.source())
    async with asyncio.timeout(60), session:
        await session.start()
        await side.remove_user(side.rooms[0])
        await idle(session)
        failure = session.failure.value
        assert isinstance(failure, ConnectError)
        assert failure.kind == "removed"
        assert session.end_reason.value is EndReason.FAILED
        await session.start()
        await converse(session)


async def test_the_same_identity_takes_over(side: Side) -> None:
    """The agent goes on with the new one: nobody has left."""
    room = side.fresh_room()
    first, second = Session(side.source(room)), Session(side.source(room))
    async with asyncio.timeout(90), first, second:
        await first.start()
        await converse(first)
        await second.start()
        await idle(first)
        failure = first.failure.value
        assert isinstance(failure, ConnectError)
        assert failure.kind == "duplicate-identity"
        await converse(second, "it is me")


async def test_a_frozen_agent_does_not_respond(side: Side) -> None:
    session = Session(side.source())
    async with asyncio.timeout(120), session:
        await session.start()
        await converse(session)
        assert session.agent.is_responsive.value
        room = side.rooms[0]
        side.freeze_agent(room)
        try:
            await side.break_link(session)
            sending = asyncio.create_task(session.send("are you there"))
            await side.mend_link(session)
            await session.wait_until(lambda now: not now.agent.is_responsive, PATIENCE)
            assert session.snapshot.state is SessionState.ACTIVE
            assert not sending.done()
        finally:
            side.thaw_agent(room)
        await session.wait_until(lambda now: now.agent.is_responsive, PATIENCE)
        await sending
        assert side.heard(room).count("are you there") <= 1


async def test_a_text_for_an_agent_that_stays_frozen_is_given_up(side: Side) -> None:
    session = Session(side.source())
    async with asyncio.timeout(120), session:
        await session.start()
        await converse(session)
        side.freeze_agent(side.rooms[0])
        try:
            await side.break_link(session)
            sending = asyncio.create_task(session.send("are you there"))
            await side.mend_link(session)
            with pytest.raises(SendError) as caught:
                await sending
            assert caught.value.kind == "unanswered"
            assert session.messages.value[-1].status == "failed"
        finally:
            side.thaw_agent(side.rooms[0])
