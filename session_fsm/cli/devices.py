"""``session-fsm devices``: which microphones, loudspeakers and cameras there are."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from session_fsm.cli import terminal
from session_fsm.cli.exit_codes import ExitCode
from session_fsm.ui.printable import printable

if TYPE_CHECKING:
    import argparse

    from session_fsm.cli.arguments import Subparsers


def add_parser(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "devices",
        help="list microphones, loudspeakers and cameras",
        description="List the microphones, loudspeakers and cameras of this computer, with the "
        "ids that MicrophoneInput, SpeakerOutput and CameraInput take; * marks what is used where "
        "no other is asked for. Needs the extras 'audio' and 'video'.",
    )
    parser.add_argument("--json", action="store_true", help="one JSON array")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    import attrs  # noqa: PLC0415 - help must be fast

    from session_fsm.hardware.listing import listed  # noqa: PLC0415 - only when it is run

    found, missing = listed()
    if missing and not found:
        raise missing[0]
    for said in dict.fromkeys(map(str, missing)):
        terminal.status(f"session-fsm devices: {said}")
    if args.json:
        print(json.dumps([attrs.asdict(one) for one in found], indent=2, ensure_ascii=False))
        return ExitCode.OK
    if not found:
        terminal.status("session-fsm devices: there are none")
    for one in found:
        mark = "*" if one.is_default else " "
        name = "" if one.name in one.id else f"  ({one.name})"
        print(f"{mark} {one.kind:<6} {printable(one.id + name)}")
    return ExitCode.OK
