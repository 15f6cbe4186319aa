"""``session-fsm console``: talk with an agent from a terminal, by voice or in writing.

| file | what |
|---|---|
| ``sound`` | what is spoken with and heard by: devices, files, or nothing |
| ``conversation`` | what the user does, in terms of the session |
| ``keys`` | the keys, and what the space bar means |
| ``screen``, ``panels`` | the live view; they import Textual |
| ``plain`` | lines instead, where nobody looks |
"""

from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING

from session_fsm.cli import sources, terminal
from session_fsm.cli.exit_codes import ExitCode, UsageError
from session_fsm.cli.record import add_record, recorded
from session_fsm.cli.who import add_who

if TYPE_CHECKING:
    import argparse

    from session_fsm.cli.arguments import Subparsers

DESCRIPTION = """\
Talk with an agent on a LiveKit server, by voice or in writing.

On a terminal it is a live view with the levels of both sides, the agent's state and the transcript:
  m      mute, and be heard again
  d      the next microphone
  space  with --push-to-talk: tap to talk and tap again to stop, or hold it while you talk
  enter  write a line (any other letter begins one, too); enter sends it, escape goes back here
  q      end the session and leave, as ctrl+c does; ctrl+q while a line is written

Where stdout or stdin is no terminal it prints lines (transcript and states), and sends every line
of stdin, each after the answer to the one before. It ends with stdin, as soon as everything was
answered, what --wav-in says too. Where stdin has no line at all, a microphone is listened to until
the session ends.

Without a sound device it says what is missing, and goes on in writing.
"""

EPILOG = """\
examples:
  LIVEKIT_URL=… LIVEKIT_API_KEY=… LIVEKIT_API_SECRET=… session-fsm console --agent my-agent
  session-fsm console --agent my-agent --wav-in question.wav --wav-out answer.wav < /dev/null
  printf 'hello\\nbye\\n' | session-fsm console --agent my-agent --text
"""

NO_LIVE_VIEW = "session-fsm: for the live view: pip install 'session-fsm[cli]'"
CONTRADICTIONS = (
    ("text", "wav_in"),
    ("text", "input_device"),
    ("text", "output_device"),
    ("text", "push_to_talk"),
    ("wav_in", "input_device"),
    ("wav_in", "push_to_talk"),
    ("wav_out", "output_device"),
)
"""Arguments that cannot both be given."""


def add_parser(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "console",
        help="talk with an agent from the terminal, by voice or in writing",
        description=DESCRIPTION,
        epilog=EPILOG,
    )
    sources.add_access(parser)
    add_who(parser)
    sound = parser.add_argument_group("sound", "by default this computer's own devices")
    sound.add_argument(
        "--text", "--no-audio", action="store_true", help="neither microphone nor loudspeaker"
    )
    sound.add_argument(
        "--input-device", metavar="DEVICE", help="id or name; see `session-fsm devices`"
    )
    sound.add_argument("--output-device", metavar="DEVICE", help="the same of the loudspeaker")
    sound.add_argument(
        "--wav-in", metavar="FILE", help="say this when the agent is ready, instead of a microphone"
    )
    sound.add_argument(
        "--wav-out", metavar="FILE", help="record the agent's voice, instead of playing it"
    )
    sound.add_argument(
        "--push-to-talk", action="store_true", help="be muted until space is pressed"
    )
    add_record(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    _check(args)
    from session_fsm.cli import interrupt  # noqa: PLC0415 - only when it is run
    from session_fsm.cli.console.conversation import Conversation  # noqa: PLC0415 - the same
    from session_fsm.cli.console.sound import sound_of  # noqa: PLC0415 - the same
    from session_fsm.cli.headless import session_for  # noqa: PLC0415 - the same

    is_live = _has_live_view()
    if args.push_to_talk and not is_live:
        raise UsageError("--push-to-talk needs the live view: without keys nobody would be heard")
    found = sources.access(args)
    sound = sound_of(args)
    session = session_for(args, found.source, sound.output)
    talk = Conversation(session, sound, is_push_to_talk=args.push_to_talk)
    terminal.status(f"connecting to {found.origin}")
    with recorded(session, args.record):
        if is_live:
            from session_fsm.cli.console.screen import show  # noqa: PLC0415 - only with Textual

            return interrupt.run(show(talk))
        from session_fsm.cli.console.plain import hold  # noqa: PLC0415 - only when it is run

        gives_token = args.token == "-"  # noqa: S105 - where it comes from
        interrupt.run(hold(talk, args.timeout, reads_stdin=not gives_token))
    return ExitCode.OK


def _check(args: argparse.Namespace) -> None:
    for one, other in CONTRADICTIONS:
        if getattr(args, one) and getattr(args, other):
            names = [f"--{name.replace('_', '-')}" for name in (one, other)]
            raise UsageError(f"give only one of {' and '.join(names)}")


def _has_live_view() -> bool:
    watched = terminal.is_terminal(sys.stdout) and terminal.is_terminal(sys.stdin)
    if not watched or terminal.is_dumb():
        return False
    if find_spec("textual") is None:
        terminal.status(NO_LIVE_VIEW)
        return False
    return True
