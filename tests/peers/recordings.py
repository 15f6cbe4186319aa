"""Recordings to look at."""

import asyncio
from pathlib import Path

from session_fsm import Session, TokenSource
from session_fsm.recording import record
from session_fsm.testing import ScriptedAgent, run_virtual


def record_call(file: Path) -> Path:
    """Record a session of two seconds with an agent that greets, and return the file."""

    async def talk() -> None:
        async with Session(TokenSource.loopback(ScriptedAgent(greeting="hi"))) as session:
            with record(session, file):
                await session.start()
                await asyncio.sleep(2)
                await session.end()

    run_virtual(talk())
    return file
