"""The live views of ``demo`` and ``replay``. Nothing else in the command imports Textual."""

from __future__ import annotations

from typing import TYPE_CHECKING

from session_fsm.cli.live.app import LiveDemo as LiveDemo
from session_fsm.cli.live.player import LiveReplay as LiveReplay
from session_fsm.cli.record import recorded

if TYPE_CHECKING:
    from session_fsm.recording import Replay


async def show(seconds: float | None, record: str | None = None) -> int:
    """Show the live view until it is left.

    Args:
        seconds: It ends after this time at the latest; None for no limit.
        record: The file of a recording, or None.

    Returns:
        The exit code.
    """
    app = LiveDemo(seconds)
    with recorded(app.session, record):
        code = await app.run_async()
    return app.return_code or code or 0


async def show_replay(replay: Replay, *, paused: bool) -> int:
    """Show a recording until the view is left.

    Args:
        replay: Is closed in the end.
        paused: It waits for keys, instead of playing at once.

    Returns:
        The exit code.
    """
    with replay:
        app = LiveReplay(replay, paused=paused)
        code = await app.run_async()
        return app.return_code or code or 0
