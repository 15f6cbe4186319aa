"""The demo's live view. Nothing else in the command imports Textual."""

from __future__ import annotations

from session_fsm.cli.live.app import LiveDemo as LiveDemo


async def show(seconds: float | None) -> int:
    """Show the live view until it is left.

    Args:
        seconds: It ends after this time at the latest; None for no limit.

    Returns:
        The exit code.
    """
    app = LiveDemo(seconds)
    code = await app.run_async()
    return app.return_code or code or 0
