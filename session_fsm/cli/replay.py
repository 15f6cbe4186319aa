"""``session-fsm replay``: a recorded session, played again."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING

from session_fsm.cli import terminal
from session_fsm.cli.arguments import factor
from session_fsm.cli.exit_codes import ExitCode, UsageError

if TYPE_CHECKING:
    import argparse

    from session_fsm.cli.arguments import Subparsers
    from session_fsm.recording import Replay

DESCRIPTION = """\
Play a recording that `--record FILE` of `run` or `demo`, or session_fsm.recording.record, has made.

On a terminal it is the demo's live view, with keys to play, pause, step and go back. Elsewhere, and
with --plain or --json, it is one line for each fact, at the time of each; with --step, at once.
"""


def add_parser(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "replay", help="play a recorded session", description=DESCRIPTION
    )
    parser.add_argument("file", metavar="FILE", help="the recording")
    parser.add_argument(
        "--speed", metavar="X", type=factor, default=1.0, help="2 is twice as fast (default: 1)"
    )
    parser.add_argument(
        "--step", action="store_true", help="wait for keys; as lines: all of it at once"
    )
    parser.add_argument("--plain", action="store_true", help="one line for each fact")
    parser.add_argument(
        "--json", "--jsonl", action="store_true", help="one JSON object a line for each fact"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    from session_fsm.cli import interrupt  # noqa: PLC0415 - only when it is run
    from session_fsm.recording import Replay  # noqa: PLC0415 - the same

    try:
        replay = Replay(args.file, args.speed)
    except OSError as error:
        raise UsageError(f"{args.file}: {error.strerror or error}") from None
    wants_lines = args.plain or args.json or terminal.is_dumb()
    if not wants_lines and terminal.is_terminal(sys.stdout) and terminal.is_terminal(sys.stdin):
        if find_spec("textual") is not None:
            from session_fsm.cli.live import show_replay  # noqa: PLC0415 - if it is installed

            return interrupt.run(show_replay(replay, paused=args.step))
        terminal.status("session-fsm: for the live view: pip install 'session-fsm[cli]'")
    interrupt.run(_lines(replay, as_json=args.json, at_once=args.step))
    return ExitCode.OK


async def _lines(replay: Replay, *, as_json: bool, at_once: bool) -> None:
    from session_fsm.cli.facts import Facts  # noqa: PLC0415 - only when it is run
    from session_fsm.cli.lines import writer  # noqa: PLC0415 - the same
    from session_fsm.cli.talk import told  # noqa: PLC0415 - the same

    facts = Facts(replay, lambda: replay.recorded_at)
    await told(facts, writer(facts.began, as_json=as_json), _play(replay, at_once=at_once))


async def _play(replay: Replay, *, at_once: bool) -> None:
    with replay:
        while at_once and replay.step():
            pass
        await replay.play()
