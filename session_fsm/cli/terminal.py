"""The standard streams: is it a terminal, does it take colours, is anybody there."""

from __future__ import annotations

import io
import os
import sys
from contextlib import contextmanager
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Final, TextIO

from session_fsm.redact import redact

if TYPE_CHECKING:
    from collections.abc import Generator

_STDERR: Final = 2
"""The descriptor that C libraries write their troubles to."""


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


@contextmanager
def undisturbed() -> Generator[None]:
    """Keep a live view on stdout free of what is written to stderr, and write that afterwards.

    Textual draws on ``sys.__stderr__``, which may be a file; drivers of sound devices write to
    descriptor 2 whenever they like.
    """
    sys.stderr.flush()
    with open(os.dup(1), "w", encoding="utf-8") as view, TemporaryFile() as kept:  # noqa: PTH123
        before, sys.__stderr__ = sys.__stderr__, view  # type: ignore[misc]
        stderr = os.dup(_STDERR)
        os.dup2(kept.fileno(), _STDERR)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(stderr, _STDERR)
            os.close(stderr)
            sys.__stderr__ = before  # type: ignore[misc]
            kept.seek(0)
            sys.stderr.write(redact(kept.read().decode(errors="replace")))
            sys.stderr.flush()


def forget_stdout() -> None:
    """Nobody reads stdout any more: keep Python from complaining when it exits."""
    try:
        descriptor = sys.stdout.fileno()
    except (OSError, ValueError):
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)
