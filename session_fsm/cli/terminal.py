"""The standard streams: is it a terminal, does it take colours, is anybody there."""

from __future__ import annotations

import io
import os
import sys
from typing import TextIO

from session_fsm.redact import redact


def prepare() -> None:
    """Make sure that no text can fail to be written, whatever the encoding."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="backslashreplace")


def is_terminal(stream: TextIO) -> bool:
    """Say whether somebody looks at it, or types into it."""
    return stream.isatty()


def is_dumb() -> bool:
    """Say whether it can do nothing but print."""
    return os.environ.get("TERM") == "dumb"


def takes_colours(stream: TextIO) -> bool:
    """Say whether colours are wanted; see https://no-color.org."""
    return is_terminal(stream) and not is_dumb() and not os.environ.get("NO_COLOR")


def status(text: str) -> None:
    """Tell people something that is no result, on stderr; never a secret."""
    try:
        print(redact(text), file=sys.stderr, flush=True)
    except OSError:
        return


def forget_stdout() -> None:
    """Nobody reads stdout any more: keep Python from complaining when it exits."""
    try:
        descriptor = sys.stdout.fileno()
    except (OSError, ValueError):
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)


def printable(text: str, *, keep: str = "") -> str:
    """Return the text without anything that could steer a terminal.

    Args:
        text: Any text, e.g. what an agent said.
        keep: Characters that are left as they are.
    """
    return "".join(one if one.isprintable() or one in keep else repr(one)[1:-1] for one in text)
