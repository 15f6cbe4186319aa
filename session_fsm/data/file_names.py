"""File names that somebody else chose: data, until they are made harmless."""

from __future__ import annotations

import unicodedata
from itertools import count
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

UNNAMED: Final = "file"
LONGEST: Final = 200
"""Bytes of UTF-8; file systems take 255, and a number may have to be added."""
LONGEST_SUFFIX: Final = 20
DEVICES: Final = frozenset(
    {"con", "prn", "aux", "nul", "conin$", "conout$", "clock$"}
    | {f"{port}{number}" for port in ("com", "lpt") for number in "0123456789¹²³"}
)
"""Names that are devices on Windows, whatever comes after a dot."""
FORBIDDEN: Final = frozenset('<>:"|?*')
"""Characters that cannot be in a name on Windows; a colon parts drives and streams there."""


def harmless(name: str) -> str:
    """Return a name that is one part of a path, and means a plain file on every system.

    Only what comes after the last separator counts. Control and formatting characters are left out,
    as are dots and blanks at both ends; what cannot stand in a name becomes an underscore. A name
    that nothing is left of becomes ``file``.
    """
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    shown = "".join(_character(one) for one in unicodedata.normalize("NFC", last))
    shown = _cut(shown.strip(". "))
    if shown.split(".", 1)[0].rstrip().lower() in DEVICES:
        shown = f"_{shown}"
    return shown or UNNAMED


def _character(one: str) -> str:
    category = unicodedata.category(one)
    if one in FORBIDDEN:
        return "_"
    if category in {"Zl", "Zp", "Zs"}:
        return " "
    return "" if category.startswith("C") else one


def _cut(name: str) -> str:
    if len(name.encode()) <= LONGEST:
        return name
    stem, suffix = parted(name)
    if len(suffix.encode()) > LONGEST_SUFFIX:
        stem, suffix = name, ""
    room = LONGEST - len(suffix.encode())
    return stem.encode()[:room].decode(errors="ignore").rstrip(". ") + suffix


def parted(name: str) -> tuple[str, str]:
    """Return the name without its last suffix, and the suffix with its dot, maybe empty."""
    stem, dot, suffix = name.rpartition(".")
    return (stem, dot + suffix) if stem else (name, "")


def candidates(name: str) -> Iterator[str]:
    """Yield the name, and then ``name (2)``, ``name (3)``: for files that are there already."""
    yield name
    stem, suffix = parted(name)
    for number in count(2):
        yield f"{stem} ({number}){suffix}"
