"""``session-fsm devices``: which microphones and loudspeakers there are."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from session_fsm.cli import terminal
from session_fsm.cli.exit_codes import ExitCode

if TYPE_CHECKING:
    import argparse

    from session_fsm.cli.arguments import Subparsers


def add_parser(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "devices",
        help="list microphones and loudspeakers",
        description="List the microphones and loudspeakers of this computer, with the ids that "
        "MicrophoneInput and SpeakerOutput take; * marks the system's choice. Needs the extra "
        "'audio'.",
    )
    parser.add_argument("--json", action="store_true", help="one JSON array")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    import attrs  # noqa: PLC0415 - help must be fast

    from session_fsm.audio.listing import devices  # noqa: PLC0415 - only when it is run

    found = devices()
    if args.json:
        print(json.dumps([attrs.asdict(one) for one in found], indent=2, ensure_ascii=False))
        return ExitCode.OK
    if not found:
        terminal.status("session-fsm devices: there are none")
    for one in found:
        mark = "*" if one.is_default else " "
        print(f"{mark} {one.kind:<6} {terminal.printable(one.id)}")
    return ExitCode.OK
