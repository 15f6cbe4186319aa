"""The exit codes of ``session-fsm``, and which error has which."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

from session_fsm.errors import (
    AgentError,
    ConnectError,
    EncryptionError,
    SessionEnded,
    SessionError,
    TokenError,
)


class ExitCode(IntEnum):
    """What the process tells its caller."""

    OK = 0
    FAILURE = 1
    USAGE = 2
    TOKEN = 3
    CONNECT = 4
    AGENT = 5
    HUNG_UP = 129
    INTERRUPTED = 130
    TERMINATED = 143


class UsageError(Exception):
    """The arguments, or the environment in their place, do not say what to do."""


class NoAnswerError(Exception):
    """The agent did not answer in time."""


class InterruptedBySignalError(Exception):
    """A signal ended the work, and everything was put away.

    Attributes:
        code: The exit code that the signal has.
    """

    def __init__(self, code: ExitCode) -> None:
        super().__init__("interrupted")
        self.code = code


CODES: Final[tuple[tuple[type[BaseException], ExitCode], ...]] = (
    (UsageError, ExitCode.USAGE),
    (TokenError, ExitCode.TOKEN),
    (ConnectError, ExitCode.CONNECT),
    (EncryptionError, ExitCode.CONNECT),
    (AgentError, ExitCode.AGENT),
    (NoAnswerError, ExitCode.AGENT),
    (SessionEnded, ExitCode.AGENT),  # somebody hung up while an answer was awaited
    (SessionError, ExitCode.FAILURE),
    (KeyboardInterrupt, ExitCode.INTERRUPTED),
    (BrokenPipeError, ExitCode.OK),  # the reader has had enough, as after `| head -1`
)
"""Class of the error -> exit code; the first that fits. Everything else is a failure."""


def code_of(error: BaseException) -> ExitCode:
    """Return the exit code of an error."""
    if isinstance(error, InterruptedBySignalError):
        return error.code
    fitting = (code for kind, code in CODES if isinstance(error, kind))
    return next(fitting, ExitCode.FAILURE)
