"""Objects that belong to somebody else (tracks): a name stands for each of them in a recording."""

from __future__ import annotations

import weakref
from itertools import count
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import Callable


@attrs.frozen
class StandIn:
    """What a replay has in the place of such an object; equal where the names are.

    Attributes:
        name: The object's class, and which one of the recording it was: ``RemoteAudioTrack#1``.
    """

    name: str


class Names:
    """Object -> name: the same for the same object, and for no other. Keeps none of them alive."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[Callable[[], object], str]] = {}
        self._numbers = count(1)

    def of(self, thing: object) -> str:
        """Return the object's name."""
        if isinstance(thing, StandIn):
            return thing.name
        known = self._known.get(id(thing))
        if known is not None and known[0]() is thing:
            return known[1]
        name = f"{type(thing).__name__}#{next(self._numbers)}"
        self._known[id(thing)] = (_reference(thing), name)
        return name


def _reference(thing: object) -> Callable[[], object]:
    try:
        return weakref.ref(thing)
    except TypeError:
        return lambda: thing


class StandIns:
    """Name -> stand-in: one object for each name, as tracks are compared by identity."""

    def __init__(self) -> None:
        self._made: dict[str, StandIn] = {}

    def of(self, name: str) -> StandIn:
        """Return the stand-in of this name."""
        return self._made.setdefault(name, StandIn(name))
