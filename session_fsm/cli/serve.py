"""``session-fsm diagram --serve``: the charts on a page, while a session moves them."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Final

from session_fsm import Session, SessionError, TokenSource
from session_fsm.cli import interrupt, sources, terminal
from session_fsm.cli.exit_codes import ExitCode, UsageError
from session_fsm.cli.headless import follow, session_for
from session_fsm.cli.page import Player, Scene, served
from session_fsm.cli.script import demo_agent, play
from session_fsm.recording import Replay

if TYPE_CHECKING:
    import argparse
    from collections.abc import Awaitable, Callable

    from session_fsm.testing import ScriptedAgent

REST: Final = 3.0
"""Seconds until the demo begins again."""


def run(args: argparse.Namespace) -> int:
    """Serve until ctrl+c.

    Raises:
        GraphvizError: Graphviz is not installed, or failed.
        UsageError: The arguments say nothing that can be shown.
    """
    if args.replay is not None:
        if sources.is_given(args):
            raise UsageError("--replay shows a recording: leave out where to connect")
        interrupt.run(_replayed(args.replay, args.port))
    elif sources.is_given(args):
        found = sources.access(args)
        session = session_for(args, found.source)
        interrupt.run(
            _live(session, f"Session on {found.origin}", args.port, partial(_held, session))
        )
    else:
        agent = demo_agent()
        session = Session(TokenSource.loopback(agent))
        interrupt.run(_live(session, "Demo session", args.port, partial(_demo, session, agent)))
    return ExitCode.OK


async def _replayed(path: str, port: int) -> None:
    try:
        replay = Replay(path)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from None
    with replay:
        await _shown(Scene(replay, f"Recording {path}", Player(replay)), port, _nothing)


async def _live(
    session: Session, title: str, port: int, work: Callable[[], Awaitable[None]]
) -> None:
    async with session:
        await _shown(Scene(session, title), port, work)


async def _shown(scene: Scene, port: int, work: Callable[[], Awaitable[None]]) -> None:
    """Serve the page and do the work; the page stays until this is cancelled."""
    try:
        async with served(scene, port) as address:
            print(address, flush=True)
            terminal.status("open this address in a browser; ctrl+c ends")
            await work()
            await asyncio.get_running_loop().create_future()
    finally:
        scene.close()


async def _nothing() -> None:
    """A recording is played by whoever looks at it."""


async def _held(session: Session) -> None:
    """Hold the session until it ends; what is wrong with it is seen on the page, too."""
    try:
        await session.start()
        await follow(session)
    except SessionError as error:
        terminal.status(f"session-fsm: {error}")
    terminal.status("the session has ended; the page shows how it was left")


async def _demo(session: Session, agent: ScriptedAgent) -> None:
    while True:
        await session.start()
        await play(session, agent)
        await asyncio.sleep(REST)
        await session.end()
        await asyncio.sleep(REST)
