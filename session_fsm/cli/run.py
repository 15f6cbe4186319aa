"""``session-fsm run``: a session with an agent on a real server, without a user interface."""

from __future__ import annotations

from typing import TYPE_CHECKING

from session_fsm.cli import sources, terminal
from session_fsm.cli.exit_codes import ExitCode
from session_fsm.cli.record import add_record, recorded
from session_fsm.cli.who import add_who

if TYPE_CHECKING:
    import argparse

    from session_fsm.cli.arguments import Subparsers

DESCRIPTION = """\
Hold a session with an agent on a LiveKit server. Every --say is sent, and its answer awaited,
before the next; without one the session is followed until it ends, or until ctrl+c.
"""

EPILOG = """\
examples:
  LIVEKIT_URL=… LIVEKIT_API_KEY=… LIVEKIT_API_SECRET=… \\
    session-fsm run --agent my-agent --say "hello" --jsonl
  session-fsm token mint --agent my-agent | session-fsm run --url wss://… --token -
"""


def add_parser(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "run",
        help="hold a session with an agent on a real server",
        description=DESCRIPTION,
        epilog=EPILOG,
    )
    sources.add_access(parser)
    add_who(parser)
    parser.add_argument(
        "--say", metavar="TEXT", action="append", default=[], help="send this; may be repeated"
    )
    parser.add_argument(
        "--jsonl", "--json", action="store_true", help="one JSON object a line, with ts, type, seq"
    )
    add_record(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    from session_fsm.cli import interrupt  # noqa: PLC0415 - only when it is run
    from session_fsm.cli.headless import hold, session_for  # noqa: PLC0415 - the same

    found = sources.access(args)
    session = session_for(args, found.source)
    terminal.status(f"connecting to {found.origin}")
    with recorded(session, args.record):
        interrupt.run(hold(session, args.say, args.timeout, as_json=args.jsonl))
    return ExitCode.OK
