"""``session-fsm diagram``: the charts as pictures and tables."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from session_fsm.cli import sources
from session_fsm.cli.arguments import port
from session_fsm.cli.exit_codes import UsageError
from session_fsm.cli.who import add_partner

if TYPE_CHECKING:
    import argparse

    from session_fsm.cli.arguments import Subparsers

MACHINES: Final = (
    "session",
    "connection",
    "agent",
    "microphone",
    "camera",
    "screen_share",
    "coupling",
)
FORMATS: Final = ("mermaid", "dot", "svg", "table")
FOLDER: Final = "diagrams"

DESCRIPTION: Final = """\
Print a state chart, or what couples the charts, as a picture or a table; or, with --serve, open a
page on this machine on which a session lights up its charts: the demo's, which needs nothing, one
on a server if the command line says where (see access), or a recording.
"""
EPILOG: Final = """\
examples:
  session-fsm diagram --machine agent --format svg > agent.svg
  session-fsm diagram --serve
  session-fsm diagram --serve --replay call.jsonl
  LIVEKIT_API_KEY=… LIVEKIT_API_SECRET=… \\
    session-fsm diagram --serve --url wss://… --agent my-agent
"""


def add_parser(subparsers: Subparsers) -> None:
    """Add the command to a parser."""
    parser = subparsers.add_parser(
        "diagram",
        help="draw the state charts",
        description=DESCRIPTION,
        epilog=EPILOG,
    )
    parser.add_argument(
        "--machine",
        choices=MACHINES,
        help=f"which chart, or what couples them (default: {MACHINES[0]})",
    )
    parser.add_argument(
        "--format",
        choices=FORMATS,
        help=f"svg needs Graphviz (default: {FORMATS[0]})",
    )
    files = parser.add_mutually_exclusive_group()
    files.add_argument(
        "--check",
        nargs="?",
        const=FOLDER,
        type=Path,
        metavar="FOLDER",
        help="print which files in FOLDER, and which parts of the documents beside it, are not up "
        f"to date; exit 1 if there are any (default: {FOLDER})",
    )
    files.add_argument(
        "--write",
        type=Path,
        metavar="FOLDER",
        help="write all charts in all formats to FOLDER, and bring the documents beside it up to "
        "date; print what was written",
    )
    files.add_argument(
        "--serve",
        action="store_true",
        help="serve a page, for browsers on this machine, until ctrl+c; needs Graphviz",
    )
    page = parser.add_argument_group("page", "with --serve")
    page.add_argument(
        "--port",
        metavar="N",
        type=port,
        default=0,
        help="of the page (default: any that is free; it is printed)",
    )
    page.add_argument("--replay", metavar="FILE", help="show a recording, to be played and stepped")
    sources.add_access(parser)
    add_partner(parser.add_argument_group("session", "with --serve, and where to connect"))
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    from session_fsm.diagrams import GraphvizError  # noqa: PLC0415 - help must be fast

    prints = args.check is None and args.write is None and not args.serve
    if not prints and (args.machine or args.format):
        raise UsageError("--machine and --format choose what is printed; here it is all charts")
    if not args.serve and (args.port or args.replay is not None or sources.is_given(args)):
        raise UsageError("a session or a recording is shown, on a page, with --serve")
    try:
        if args.check is not None:
            return _check(args.check)
        if args.write is not None:
            return _write(args.write)
        if args.serve:
            from session_fsm.cli import serve  # noqa: PLC0415 - help must be fast

            return serve.run(args)
        print(_text(args.machine or MACHINES[0], args.format or FORMATS[0]), end="")
    except GraphvizError as error:
        print(f"session-fsm diagram: {error}", file=sys.stderr)
        return 1
    return 0


def _text(machine: str, form: str) -> str:
    from session_fsm import diagrams  # noqa: PLC0415 - help must be fast
    from session_fsm.diagrams.files import DRAWINGS  # noqa: PLC0415

    drawing = DRAWINGS[machine]
    match form:
        case "mermaid":
            return diagrams.mermaid(drawing)
        case "dot":
            return diagrams.dot(drawing)
        case "svg":
            return diagrams.svg(drawing)
        case _:
            return diagrams.table(drawing)


def _check(folder: Path) -> int:
    from session_fsm.diagrams.files import check  # noqa: PLC0415 - help must be fast

    if not folder.is_dir():
        print(f"session-fsm diagram: there is no folder {str(folder)!r}", file=sys.stderr)
        return 2
    stale = check(folder)
    for path in stale:
        print(path)
    if stale:
        print(f"not up to date; run: session-fsm diagram --write {folder}", file=sys.stderr)
        return 1
    print("up to date", file=sys.stderr)
    return 0


def _write(folder: Path) -> int:
    from session_fsm.diagrams.files import write  # noqa: PLC0415 - help must be fast

    written = write(folder)
    for path in written:
        print(path)
    print(f"{len(written)} written", file=sys.stderr)
    return 0
