"""Every text is received exactly once, or the user is told that it may not be."""

import asyncio
import time
from collections import Counter
from contextlib import AsyncExitStack

from contract.calls import converse, said, until
from contract.sides import LiveKitSide
from session_fsm import MessageStatus, SendError, Session, SessionState

TEXTS = 1_000
AT_A_TIME = 5
KILLS = 2
OUTAGE = 90.0
"""Seconds for a link, a worker and an agent to find each other again."""


async def test_a_thousand_texts_at_once_arrive_once_each_in_their_order(side: LiveKitSide) -> None:
    texts = [f"text {number}" for number in range(TEXTS)]
    room = side.fresh_room()
    async with asyncio.timeout(180), Session(side.source(room)) as session:
        await session.start()
        began = time.perf_counter()
        await asyncio.gather(*(session.send(text) for text in texts))
        print(f"{(time.perf_counter() - began) / TEXTS * 1e3:.1f} ms for each text and its proof")
        await until(lambda: len(side.heard(room)) >= TEXTS, 60)
        assert Counter(side.heard(room)) == Counter(texts)
        assert side.stack.worker.opened(room) == texts
        mine = [one for one in session.messages.value if one.sender == "user"]
        assert [one.text for one in mine] == texts
        assert {one.status for one in mine} == {MessageStatus.SENT}
        assert len({one.id for one in mine}) == TEXTS


async def test_texts_all_the_time_while_the_server_is_killed(own_side: LiveKitSide) -> None:
    rooms = [own_side.fresh_room() for _ in range(AT_A_TIME)]
    sessions = [Session(own_side.source(room), agent_return_timeout=OUTAGE) for room in rooms]
    async with asyncio.timeout(60 + KILLS * 150), AsyncExitStack() as opened:
        for session in sessions:
            await opened.enter_async_context(session)
        await asyncio.gather(*(session.start() for session in sessions))
        await asyncio.gather(*(converse(session, "before") for session in sessions))
        for kill in range(KILLS):
            talks = [asyncio.create_task(talk(session, kill)) for session in sessions]
            await asyncio.sleep(1.5)
            own_side.stack.server.kill()
            await asyncio.sleep(3.0)
            await asyncio.to_thread(own_side.stack.server.start)
            sendings = await asyncio.gather(*talks)
            await asyncio.wait_for(asyncio.gather(*map(settled, sendings)), OUTAGE)
            for session in sessions:
                await session.wait_until(lambda now: now.state is SessionState.ACTIVE, OUTAGE)
                await session.send(f"after {kill}")
                await said(session, f"echo: after {kill}", OUTAGE)
        for session, room in zip(sessions, rooms, strict=True):
            await is_told_the_truth(session, own_side.heard(room))
            await session.close()


async def talk(session: Session, kill: int) -> list[asyncio.Task[object]]:
    """A text every 100 ms, for the time in which the server is killed and comes back."""
    sendings: list[asyncio.Task[object]] = []
    for number in range(80):
        sendings.append(asyncio.create_task(session.send(f"{kill}: text {number}")))
        await asyncio.sleep(0.1)
    return sendings


async def settled(sendings: list[asyncio.Task[object]]) -> None:
    for outcome in await asyncio.gather(*sendings, return_exceptions=True):
        assert not isinstance(outcome, BaseException) or isinstance(outcome, SendError)


async def is_told_the_truth(session: Session, heard: list[str]) -> None:
    times = Counter(heard)
    mine = [one for one in session.messages.value if one.sender == "user"]
    print(Counter(str(one.status) for one in mine))
    for one in mine:
        match one.status:
            case MessageStatus.SENT:
                assert times[one.text] == 1, one
            case MessageStatus.UNCONFIRMED:
                assert times[one.text] <= 1, one
            case _:
                assert times[one.text] == 0, one
    assert all(count == 1 for count in times.values())
