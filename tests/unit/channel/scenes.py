"""A session on a loopback in virtual time, and what its agent says."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from session_fsm import Session, TokenSource

if TYPE_CHECKING:
    from collections.abc import Callable

    from session_fsm.testing import ScriptedAgent


def make(agent: ScriptedAgent, **options: object) -> Session:
    return Session(TokenSource.loopback(agent), **options)  # type: ignore[arg-type]


def now() -> float:
    return asyncio.get_running_loop().time()


async def answered(session: Session, text: str) -> None:
    await session.send(text)
    await session.wait_until(
        lambda seen: any(one.final and one.text == f"echo: {text}" for one in seen.messages)
    )


def asked(agent: ScriptedAgent, kind: str) -> int:
    return agent.channel.asked.count(kind)


async def until(reached: Callable[[], object], seconds: float = 60) -> None:
    async with asyncio.timeout(seconds):
        while not reached():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
