"""``session-fsm demo``: a session with an agent in this very process."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING

from session_fsm.cli import terminal
from session_fsm.cli.arguments import seconds
from session_fsm.cli.exit_codes import ExitCode
from session_fsm.cli.record import add_record

if TYPE_CHECKING:
    import argparse

    from session_fsm.cli.arguments import Subparsers

DESCRIPTION = """\
Watch a session with an agent in this very process: no server, no keys, no microphone.

On a terminal it is a live view; after a short conversation you type, and the agent answers.
Elsewhere, and with --plain or --json, it is one line for each fact, and ends by itself.
"""

NO_LIVE_VIEW = "session-fsm: for the live view: pip install 'session-fsm[cli]'"


def add_parser(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "demo", help="watch a session with an agent in this process", description=DESCRIPTION
    )
    parser.add_argument("--plain", action="store_true", help="one line for each fact")
    parser.add_argument(
        "--json", "--jsonl", action="store_true", help="one JSON object a line for each fact"
    )
    parser.add_argument(
        "--seconds", metavar="N", type=seconds, help="end after this time at the latest"
    )
    add_record(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    from session_fsm.cli import interrupt  # noqa: PLC0415 - only when it is run

    wants_lines = args.plain or args.json
    watched = terminal.is_terminal(sys.stdout) and terminal.is_terminal(sys.stdin)
    if watched and not wants_lines and not terminal.is_dumb():
        if find_spec("textual") is not None:
            from session_fsm.cli.live import show  # noqa: PLC0415 - only here, if it is installed

            return interrupt.run(show(args.seconds, args.record))
        terminal.status(NO_LIVE_VIEW)
    from session_fsm.cli.plain import hold  # noqa: PLC0415 - only when it is run

    typed = watched and not wants_lines
    interrupt.run(hold(args.seconds, as_json=args.json, typed=typed, record=args.record))
    return ExitCode.OK
