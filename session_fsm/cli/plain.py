"""What ``session-fsm demo`` does where there is no live view: one line for each fact."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from session_fsm import Session, TokenSource
from session_fsm.cli import terminal
from session_fsm.cli.facts import Facts
from session_fsm.cli.lines import writer
from session_fsm.cli.record import recorded
from session_fsm.cli.script import ANSWER_TIMEOUT, demo_agent, play
from session_fsm.cli.talk import narrated, say
from session_fsm.cli.typed import typed

if TYPE_CHECKING:
    from session_fsm.testing import ScriptedAgent


async def hold(seconds: float | None, *, as_json: bool, typed: bool, record: str | None) -> None:
    """Hold the demo's conversation, and one with whoever types.

    Args:
        seconds: It ends after this time at the latest; None for no limit.
        as_json: How the facts are written.
        typed: Whether somebody goes on by typing.
        record: The file of a recording, or None.
    """
    agent = demo_agent()
    session = Session(TokenSource.loopback(agent))
    facts = Facts(session)
    write = writer(facts.began, as_json=as_json)
    with recorded(session, record):
        await narrated(session, facts, write, _bounded(session, agent, seconds, typed=typed))


async def _bounded(
    session: Session, agent: ScriptedAgent, seconds: float | None, *, typed: bool
) -> None:
    limit = asyncio.timeout(seconds)
    try:
        async with limit:
            await session.start()
            await play(session, agent)
            if typed:
                await _converse(session)
    except TimeoutError:
        if not limit.expired():
            raise


async def _converse(session: Session) -> None:
    terminal.status("your turn: type a text and press enter; ctrl+d ends")
    async for text in typed():
        await say(session, text, ANSWER_TIMEOUT)
