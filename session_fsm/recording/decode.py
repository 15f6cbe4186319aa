"""JSON that says of what class it is, as values again; see ``encode``.

Only data is made: attrs classes, enums and errors of this library's data modules. Keys that a class
does not have come from a newer version and are left out.
"""

from __future__ import annotations

import base64
import re
from datetime import datetime
from enum import Enum
from functools import cache
from importlib import import_module
from inspect import signature
from typing import TYPE_CHECKING, Any, Final, cast

import attrs
from pyrsistent import pmap, pvector

from session_fsm.errors import SessionError
from session_fsm.recording.encode import CLASS, OF
from session_fsm.redact import RedactedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from session_fsm.recording.encode import Json
    from session_fsm.recording.opaque import StandIns

_NAME: Final = re.compile(r"([a-z]\w*(?:\.[a-z]\w*)*)\.([A-Z]\w*)", re.ASCII)
_NO_DATA: Final = frozenset({"cli", "testing", "tokens", "transports"})
"""Packages whose classes are in no event."""


class UnknownClassError(ValueError):
    """There is no such class here: the recording is damaged, or newer."""


def decode(json: Json, stand_ins: StandIns) -> Any:
    """Return the value.

    Raises:
        UnknownClassError: It names a class that is not there.
        Exception: It does not have what its class needs.
    """
    if isinstance(json, list):
        return tuple([decode(one, stand_ins) for one in json])  # pyright: ignore[reportUnknownVariableType] - Json
    if not isinstance(json, dict):
        return json
    given = cast("dict[str, Json]", json)
    name = given.get(CLASS)
    if name is None:
        return {key: decode(held, stand_ins) for key, held in given.items()}
    if name == "opaque":
        return stand_ins.of(given[OF])
    if name in _PLAIN:
        return _PLAIN[name](decode(given[OF], stand_ins))
    return _instance(_class(name), given, stand_ins)


def _instance(cls: Any, given: Mapping[str, Json], stand_ins: StandIns) -> Any:
    if issubclass(cls, Enum):
        return cls(given[OF])
    if issubclass(cls, SessionError):
        return _error(cls, given, stand_ins)
    known = {one.alias for one in attrs.fields(cls) if one.init}
    return cls(**{key: decode(held, stand_ins) for key, held in given.items() if key in known})


def _error(cls: Any, given: Mapping[str, Json], stand_ins: StandIns) -> SessionError:
    known = signature(cls).parameters
    made: SessionError = cls(
        **{key: decode(held, stand_ins) for key, held in given.items() if key in known}
    )
    if "cause" in given:
        made.__cause__ = RedactedError(given["cause"])
    return made


@cache
def _class(name: str) -> type:
    parts = _NAME.fullmatch(name)
    if parts is not None and parts[1].partition(".")[0] not in _NO_DATA:
        try:
            cls = getattr(import_module(f"session_fsm.{parts[1]}"), parts[2], None)
        except ModuleNotFoundError:
            cls = None
        if isinstance(cls, type) and (attrs.has(cls) or issubclass(cls, Enum | SessionError)):
            return cls
    raise UnknownClassError(f"there is no {name!r} in this version of the library")


def _pairs(given: Any) -> dict[Any, Any]:
    return dict(given)


_PLAIN: Final[Mapping[str, Callable[[Any], Any]]] = {
    "float": float,
    "map": _pairs,
    "time": datetime.fromisoformat,
    "bytes": base64.b64decode,
    "vector": pvector,
    "pmap": lambda given: pmap(_pairs(given)),
    "set": frozenset,
}
"""Name -> what makes the value; beside the classes of the library."""
