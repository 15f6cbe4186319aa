"""An agent that greets, and a text that comes as soon as it can: it must not be lost.

Such a text can interrupt the greeting before the agent's audio is subscribed, which leaves the
agent mute for the whole call.
"""

import asyncio
from collections.abc import Callable, Coroutine

import pytest

from contract.calls import converse, said
from contract.sides import LiveKitSide
from session_fsm import Session

RUNS = 20
AT_A_TIME = 2
GREETING = "hello, I am the agent"


async def sends_when_start_returns(session: Session, text: str) -> None:
    await session.start()
    await session.send(text)


async def sends_before_start_returns(session: Session, text: str) -> None:
    starting = asyncio.create_task(session.start())
    await asyncio.sleep(0)
    await session.send(text)
    await starting


async def sends_when_the_agent_listens(session: Session, text: str) -> None:
    starting = asyncio.create_task(session.start())
    await session.agent.wait_until_connected(30)
    await session.send(text)
    await starting


@pytest.mark.parametrize(
    "talk", [sends_when_start_returns, sends_before_start_returns, sends_when_the_agent_listens]
)
async def test_a_text_into_the_greeting_is_answered(
    side: LiveKitSide, talk: Callable[[Session, str], Coroutine[None, None, None]]
) -> None:
    slots = asyncio.Semaphore(AT_A_TIME)

    async def call(number: int) -> str | None:
        room = side.fresh_room()
        async with slots, Session(side.source(room, greet=True)) as session:
            try:
                async with asyncio.timeout(60):
                    await talk(session, f"number {number}")
                    await said(session, f"echo: number {number}", 15)
                    await converse(session, "and again")
            except Exception as error:  # noqa: BLE001 - all of them are counted first
                return f"{number}: {error!r}; heard {side.heard(room)}"
            heard = side.heard(room)
            return None if heard == [f"number {number}", "and again"] else f"heard {heard}"

    went_wrong = [one for one in await asyncio.gather(*map(call, range(RUNS))) if one]
    assert not went_wrong, f"{RUNS - len(went_wrong)} of {RUNS}: {went_wrong}"
