"""What the commands' arguments are made of."""

from __future__ import annotations

import argparse
import math
import re
from typing import Any, Final, Protocol

UNITS: Final = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
MOST_PORT: Final = 65535

_SHAPE: Final = re.compile(r"(\d+(?:\.\d+)?)([smhd]?)")


class Subparsers(Protocol):
    """What commands are added to."""

    def add_parser(
        self,
        name: str,
        *,
        help: str,  # noqa: A002 - argparse calls it so
        description: str | None = None,
        epilog: str | None = None,
    ) -> argparse.ArgumentParser:
        """Add a command."""
        ...


class Arguments(Protocol):
    """What arguments are added to: a parser, or a group of one."""

    def add_argument(self, *names: str, help: str, metavar: str, **options: Any) -> Any:  # noqa: A002 - the same
        """Add an argument."""
        ...


def seconds(text: str) -> float:
    """Return the seconds of ``90``, ``1.5``, ``90s``, ``15m``, ``6h`` or ``7d``."""
    found = _SHAPE.fullmatch(text.strip())
    value = float(found[1]) * UNITS[found[2]] if found else 0.0
    if not math.isfinite(value) or value <= 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no time above 0, such as 30, 1.5 or 15m")
    return value


def factor(text: str) -> float:
    """Return the number above 0 that the text is."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or value <= 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no number above 0, such as 2 or 0.5")
    return value


def port(text: str) -> int:
    """Return the number of a port that the text is; 0 stands for any that is free."""
    value = int(text) if text.isascii() and text.isdecimal() else -1
    if not 0 <= value <= MOST_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is no port, such as 8000")
    return value
