"""``--record FILE``: what commands that hold a session have in common."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

from session_fsm.cli.exit_codes import UsageError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from session_fsm import Session
    from session_fsm.cli.arguments import Arguments


def add_record(parser: Arguments) -> None:
    """Add the argument."""
    parser.add_argument(
        "--record", metavar="FILE", help="write what happens, for `session-fsm replay FILE`"
    )


def recorded(session: Session, path: str | None) -> AbstractContextManager[object]:
    """Record the session where a path is given.

    Raises:
        UsageError: The file cannot be made.
    """
    if path is None:
        return nullcontext()
    from session_fsm.recording import record  # noqa: PLC0415 - only when it is asked for

    try:
        return record(session, path)
    except OSError as error:
        raise UsageError(f"--record {path}: {error.strerror or error}") from None
