"""``session-fsm doctor``: is everything there that a session needs?"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Final

from session_fsm.cli import sources, terminal
from session_fsm.cli.arguments import seconds
from session_fsm.cli.exit_codes import ExitCode
from session_fsm.ui.printable import printable

if TYPE_CHECKING:
    import argparse

    from session_fsm.cli.arguments import Subparsers
    from session_fsm.cli.checks import Check

COLOURS: Final = {"ok": "32", "missing": "33", "warning": "33", "failed": "31"}


def add_parser(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "doctor",
        help="check what is installed, and whether the server answers",
        description="Check versions, extras, a package that hides our own `stores`, Graphviz, and "
        "whether the server answers where its URL is known. Exits with 1 when something fails that "
        "is needed.",
    )
    sources.add_url(parser)
    parser.add_argument(
        "--timeout",
        metavar="SECONDS",
        type=seconds,
        default=5.0,
        help="how long the server may take (default: 5)",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    from session_fsm.cli.checks import FAILED, check_all  # noqa: PLC0415 - only when it is run

    checks = check_all(sources.known_url(args), args.timeout)
    failed = [check.name for check in checks if check.status == FAILED]
    if args.json:
        shown = [check._asdict() for check in checks]
        print(json.dumps({"ok": not failed, "checks": shown}, indent=2, ensure_ascii=False))
    else:
        for check in checks:
            print(_line(check))
    sys.stdout.flush()
    if failed:
        terminal.status(f"session-fsm doctor: failed: {', '.join(failed)}")
        return ExitCode.FAILURE
    return ExitCode.OK


def _line(check: Check) -> str:
    status = f"{check.status:<8}"
    if terminal.takes_colours(sys.stdout):
        status = f"\x1b[{COLOURS[check.status]}m{status}\x1b[0m"
    return f"{status} {check.name:<16} {printable(check.detail)}"
