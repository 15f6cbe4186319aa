"""Links that break, servers that are killed: what is sent meanwhile is answered once."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from contract.calls import PATIENCE, converse, found, said, until, watched
from contract.sides import LiveKitSide
from session_fsm import ConnectError, EndReason, Session, SessionState

OUTAGE = 60.0
"""Seconds for a link, a worker and an agent to find each other again."""


async def back(session: Session) -> None:
    await session.wait_until(
        lambda now: now.state is SessionState.ACTIVE and not now.is_reconnecting, OUTAGE
    )


async def settled(side: LiveKitSide, session: Session, room: str, expected: list[str]) -> None:
    """Each of these texts was heard once and answered once, and nothing is still on its way."""
    for text in expected:
        await said(session, f"echo: {text}", OUTAGE)
    await converse(session, "the last")
    assert sorted(side.heard(room)) == sorted([*expected, "the last"])
    for text in expected:
        assert len(found(session.snapshot, f"echo: {text}")) == 1


async def test_texts_of_ten_broken_links_are_answered_once(side: LiveKitSide) -> None:
    slots = asyncio.Semaphore(3)

    async def call() -> None:
        room = side.fresh_room()
        async with slots, asyncio.timeout(180), Session(side.source(room)) as session:
            await session.start()
            await converse(session, "before")  # a link that breaks while it is made has no channels
            await side.break_link(session)
            await session.send("in between")
            await settled(side, session, room, ["before", "in between"])

    await asyncio.gather(*(call() for _ in range(10)))


async def test_one_link_broken_again_and_again(side: LiveKitSide) -> None:
    room = side.fresh_room()
    async with asyncio.timeout(180), Session(side.source(room)) as session:
        await session.start()
        await converse(session, "before")
        for number in range(4):
            await side.break_link(session, ("resumed", "rebuilt")[number % 2])
            await session.send(f"text {number}")
            await said(session, f"echo: text {number}", OUTAGE)
        await settled(side, session, room, ["before", *(f"text {n}" for n in range(4))])


async def test_the_server_is_killed_and_comes_back(own_side: LiveKitSide) -> None:
    """Five conversations at once: four in the middle of nothing, one in the middle of a reply."""
    server = own_side.stack.server
    rooms = [own_side.fresh_room() for _ in range(5)]
    sessions = [Session(own_side.source(room), agent_return_timeout=OUTAGE) for room in rooms]
    async with asyncio.timeout(240), AsyncExitStack() as opened:
        for session in sessions:
            await opened.enter_async_context(session)
        await asyncio.gather(*(session.start() for session in sessions))
        await asyncio.gather(*(converse(session, "before") for session in sessions))
        await sessions[0].send("!long")
        await sessions[0].wait_until(
            lambda now: now.messages[-1].text.startswith("word1 "), PATIENCE
        )

        async def talk(session: Session) -> list[object]:
            with watched(session) as seen:
                await session.wait_until(lambda now: now.is_reconnecting, OUTAGE)
                first = asyncio.create_task(session.send("one"))
                await asyncio.sleep(0.5)
                await asyncio.gather(first, session.send("two"))
                await back(session)
            return [now.state for now in seen]

        talks = [asyncio.create_task(talk(session)) for session in sessions]
        server.kill()
        await asyncio.sleep(3.0)
        await asyncio.to_thread(server.start)
        for states in await asyncio.gather(*talks):
            assert set(states) <= {SessionState.ACTIVE, SessionState.DISPATCHING}
        for session, room in zip(sessions, rooms, strict=True):
            expected = ["before", "one", "two"] + ["!long"] * (session is sessions[0])
            # The second text interrupts the reply to the first one: only what was heard counts.
            await until(lambda room=room: {"one", "two"} <= set(own_side.heard(room)), OUTAGE)
            await converse(session, "the last")
            assert sorted(own_side.heard(room)) == sorted([*expected, "the last"])
            assert all(one.final for one in session.messages.value)
            await session.close()
            assert session.failure.value is None


async def test_the_server_never_comes_back(own_side: LiveKitSide) -> None:
    session = Session(own_side.source())
    async with asyncio.timeout(180):
        await session.start()
        await converse(session)
        waiting = asyncio.create_task(session.wait_until(lambda _: False))
        await asyncio.sleep(0)
        own_side.stack.server.kill()
        with pytest.raises(ConnectError) as caught:
            await waiting
        assert caught.value.kind == "link-lost"
        assert session.failure.value is caught.value
        assert session.end_reason.value is EndReason.FAILED
        await session.wait_until(lambda now: now.state is SessionState.IDLE, 10)
        with pytest.raises(ConnectError) as caught:
            await session.start()
        assert caught.value.kind == "unreachable"
        await asyncio.to_thread(own_side.stack.server.start)
        await asyncio.to_thread(own_side.stack.worker.wait_registered, 2)
        await session.start()
        await converse(session, "once more")
        await session.close()
