"""The commands, and what they have in common: parsing, errors, exit codes."""

from __future__ import annotations

import argparse
import sys
import traceback
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, NoReturn

from session_fsm._version import __version__
from session_fsm.cli import terminal
from session_fsm.cli.exit_codes import (
    ExitCode,
    InterruptedBySignalError,
    NoAnswerError,
    UsageError,
    code_of,
)
from session_fsm.cli.logs import logging_to_stderr
from session_fsm.errors import SessionError
from session_fsm.redact import redact

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS: Final = ("demo", "console", "run", "replay", "token", "diagram", "devices", "doctor")
"""Each is a module of this package with ``add_parser(subparsers)``, which sets ``run``."""

EPILOG: Final = """\
exit codes:
  0 ok   1 failure   2 usage   3 token   4 connect   5 agent   130 interrupted

Results go to stdout, everything else to stderr. Ctrl+c ends the session cleanly, a second one at
once. Secrets are best given by the environment: LIVEKIT_TOKEN, LIVEKIT_API_SECRET.
"""

_UNRECOGNIZED: Final = "unrecognized arguments: "


class Parser(argparse.ArgumentParser):
    """Takes no abbreviations, and quotes no secret in its errors."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("allow_abbrev", False)
        kwargs.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(*args, **kwargs)

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, and exit with 2."""
        if message.startswith(_UNRECOGNIZED):
            # The value of a misspelt option may be a secret: name options only.
            words = message.removeprefix(_UNRECOGNIZED).split()
            options = [word.partition("=")[0] for word in words if word.startswith("-")]
            message = _UNRECOGNIZED + (" ".join(options) or f"{len(words)} too many")
        super().error(redact(message))


def build() -> Parser:
    """Return the parser of the whole command."""
    parser = Parser(
        prog="session-fsm",
        description="Sessions with LiveKit agents, as checked state machines.",
        epilog=EPILOG,
    )
    parser.add_argument("--version", action="version", version=f"session-fsm {__version__}")
    parser.add_argument(
        "-v", "--verbose", action="store_true", help="log to stderr what the session does"
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", dest="command")
    for name in COMMANDS:
        import_module(f"session_fsm.cli.{name}").add_parser(commands)
    return parser


def dispatch(argv: Sequence[str]) -> int:
    """Parse the arguments, run the command, and return its exit code."""
    terminal.prepare()
    parser = build()
    try:
        args = parser.parse_args(argv)
    except SystemExit as stopped:
        return stopped.code if isinstance(stopped.code, int) else ExitCode.USAGE
    if args.command is None:
        parser.print_help(sys.stderr)
        return ExitCode.USAGE
    with logging_to_stderr(verbose=args.verbose):
        return _run(args)


def _run(args: argparse.Namespace) -> int:
    try:
        code: int = args.run(args)
        sys.stdout.flush()
    except BaseException as error:  # noqa: BLE001 - the last place where one can be told
        return _tell(args, error)
    return code


def _tell(args: argparse.Namespace, error: BaseException) -> int:
    code = code_of(error)
    match error:
        case BrokenPipeError():
            terminal.forget_stdout()
        case KeyboardInterrupt() | InterruptedBySignalError():
            terminal.status("interrupted")
        case UsageError():
            terminal.status(f"session-fsm {args.command}: {error}")
        case SessionError() | NoAnswerError():
            terminal.status(f"session-fsm: {error}")
        case SystemExit():
            raise error
        case _:
            terminal.status(f"session-fsm: {type(error).__name__}: {error}")
            if args.verbose:
                terminal.status("".join(traceback.format_exception(error)))
            else:
                terminal.status("session-fsm: `session-fsm -v …` shows where.")
    return code
