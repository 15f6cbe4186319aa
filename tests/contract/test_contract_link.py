"""A link that is lost and comes back, and one that does not."""

import asyncio

import pytest

from contract.calls import PATIENCE, converse, found, said, until, watched
from contract.sides import LoopbackSide, Side
from session_fsm import ConnectionState, MessageStatus, Session, SessionState


@pytest.fixture(params=["resumed", "rebuilt"])
def how(request: pytest.FixtureRequest) -> str:
    """Resumed: nobody noticed. Rebuilt: everybody left and joined, the link is a new one."""
    return str(request.param)


async def test_reconnecting_and_active_again(side: Side, how: str) -> None:
    session = Session(side.source())
    async with asyncio.timeout(90), session:
        await session.start()
        await converse(session)
        agent = session.agent.identity.value
        with watched(session) as seen:
            await side.break_link(session, how)
            assert session.is_reconnecting.value
            assert session.is_connected.value
            await side.mend_link(session)
            await session.wait_until(
                lambda now: now.state is SessionState.ACTIVE and not now.is_reconnecting, PATIENCE
            )
        links = [now.connection_state for now in seen]
        assert ConnectionState.DISCONNECTED not in links
        assert {now.state for now in seen} <= {SessionState.ACTIVE, SessionState.DISPATCHING}
        assert session.agent.identity.value == agent
        await converse(session, "still there")
        assert session.failure.value is None


async def test_a_text_of_that_time_is_answered_once(side: Side, how: str) -> None:
    session = Session(side.source())
    async with asyncio.timeout(90), session:
        await session.start()
        await converse(session, "before")
        await side.break_link(session, how)
        sending = asyncio.create_task(session.send("in between"))
        await asyncio.sleep(0.05)
        assert session.messages.value[-1].status is MessageStatus.SENDING
        await side.mend_link(session)
        sent = await sending
        assert sent.status is MessageStatus.SENT
        await said(session, "echo: in between")
        await converse(session, "afterwards")
        assert side.heard(side.rooms[0]) == ["before", "in between", "afterwards"]
        assert len(found(session.snapshot, "echo: in between")) == 1


async def test_a_reply_that_is_cut_off_is_final(side: Side) -> None:
    session = Session(side.source())
    async with asyncio.timeout(90), session:
        await session.start()
        await session.send("!long")
        await session.wait_until(lambda now: now.messages[-1].text.startswith("word1 "), PATIENCE)
        await side.break_link(session, "rebuilt")
        await side.mend_link(session)
        await until(lambda: session.messages.value[1].final)
        await session.wait_until(
            lambda now: now.state is SessionState.ACTIVE and not now.is_reconnecting, PATIENCE
        )
        await converse(session, "go on")


async def test_end_while_the_link_is_lost(side: Side) -> None:
    session = Session(side.source())
    async with asyncio.timeout(60), session:
        await session.start()
        await side.break_link(session)
        await session.end()
        assert session.snapshot.state is SessionState.IDLE
        assert session.failure.value is None
        await side.nobody_left()
        await session.start()
        await converse(session)


async def test_the_agent_deadline_stands_still_while_the_link_is_lost() -> None:
    side = LoopbackSide()  # no link of LiveKit stays lost as long as one likes
    session = Session(side.source(slow=0.2), agent_timeout=0.4)
    async with asyncio.timeout(60), session:
        starting = asyncio.create_task(session.start())
        await session.wait_until(lambda now: now.agent.identity is not None, PATIENCE)
        await side.break_link(session)
        await asyncio.sleep(0.8)
        await side.mend_link(session)
        await starting
