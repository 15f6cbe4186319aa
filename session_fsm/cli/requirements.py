"""What this installation asks for, and whether the versions that are there fit."""

from __future__ import annotations

import operator
import re
import sys
from importlib.metadata import PackageNotFoundError, metadata, requires, version
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

DISTRIBUTION: Final = "session-fsm"

_SHAPE: Final = re.compile(r"([\w.-]+)(?:\[[^]]*\])?\s*([^;]*)(?:;(.*))?")
_EXTRA: Final = re.compile(r"extra\s*==\s*[\"']([\w.-]+)[\"']")
_PLATFORM: Final = re.compile(r"sys_platform\s*(==|!=)\s*[\"']([\w.-]+)[\"']")
_BOUND: Final = re.compile(r"(>=|<=|==|!=|<|>)\s*(\d+(?:\.\d+)*)$")
_COMPARE: Final[Mapping[str, Callable[[tuple[int, ...], tuple[int, ...]], bool]]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
}


class Requirement(NamedTuple):
    """One distribution that is asked for.

    Attributes:
        name: The distribution.
        bounds: As in ``>=1.1,<2``.
        extra: The extra that asks for it, or None.
    """

    name: str
    bounds: str
    extra: str | None


def requirements() -> list[Requirement]:
    """Return what the installed distribution asks for; nothing where it is not installed."""
    try:
        found = requires(DISTRIBUTION) or []
    except PackageNotFoundError:
        return []
    return [requirement for text in found if (requirement := parse(text)) is not None]


def parse(text: str) -> Requirement | None:
    """Return the requirement that a line of the metadata says, if it is one on this system."""
    found = _SHAPE.match(text)
    if found is None:
        return None
    extra, platform = _EXTRA.search(found[3] or ""), _PLATFORM.search(found[3] or "")
    if platform and (sys.platform == platform[2]) is not (platform[1] == "=="):
        return None
    return Requirement(found[1], found[2].strip(), extra[1] if extra else None)


def extras() -> list[str]:
    """Return the extras that the installed distribution has."""
    try:
        return metadata(DISTRIBUTION).get_all("Provides-Extra") or []
    except PackageNotFoundError:
        return []


def installed(name: str) -> str | None:
    """Return the version of a distribution, or None where it is not installed."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def fits(found: str, bounds: str) -> bool:
    """Say whether a version is within bounds; bounds that cannot be read hold nothing back."""
    release = _release(found)
    for part in bounds.strip("() ").split(","):
        bound = _BOUND.match(part.strip())
        if bound and not _COMPARE[bound[1]](release, _padded(_release(bound[2]), len(release))):
            return False
    return True


def _release(text: str) -> tuple[int, ...]:
    found = re.match(r"\d+(?:\.\d+)*", text)
    numbers = tuple(int(part) for part in found[0].split(".")) if found else ()
    return _padded(numbers, _PARTS)


def _padded(numbers: tuple[int, ...], length: int) -> tuple[int, ...]:
    return numbers + (0,) * (length - len(numbers))


_PARTS: Final = 4
