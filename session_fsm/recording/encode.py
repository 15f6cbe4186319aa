"""Values of events and snapshots as JSON that says of what class they are.

| value | JSON |
|---|---|
| None, bool, int, float, str | itself; secrets in a str are redacted |
| tuple | an array |
| mapping of str | an object |
| anything else | an object whose key ``$`` names the class, and the values of its fields |

A class is named by its module in ``session_fsm`` and itself: ``events.TextChunk``. Nothing here
knows of any particular event: a new one needs no line.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Mapping
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

import attrs
from pyrsistent import PMap, PVector

from session_fsm.errors import SessionError
from session_fsm.recording.opaque import StandIn
from session_fsm.redact import redact

if TYPE_CHECKING:
    from session_fsm.recording.opaque import Names

CLASS: Final = "$"
"""The key that names the class."""
OF: Final = "of"
"""The key of what the value is made of, where it is no object with fields."""

Json: TypeAlias = Any


def encode(value: object, names: Names) -> Json:
    """Return the value as JSON.

    Args:
        value: An event, a snapshot, or anything in one.
        names: What objects are called that belong to somebody else.
    """
    if value is None or type(value) in {bool, int}:
        return value
    if type(value) is str:
        return redact(value)
    if attrs.has(type(value)):
        return _fields(value, names)
    for kind, of in _KINDS:
        if isinstance(value, kind):
            return of(value, names)
    return {CLASS: "opaque", OF: names.of(value)}


def class_name(cls: type) -> str:
    """Return what a class of this library is called in a recording."""
    return f"{cls.__module__.removeprefix('session_fsm.')}.{cls.__qualname__}"


def _fields(value: object, names: Names) -> Json:
    cls: Any = type(value)
    if cls is StandIn or not cls.__module__.startswith("session_fsm."):
        return {CLASS: "opaque", OF: names.of(value)}
    fields = {one.alias: getattr(value, one.name) for one in attrs.fields(cls) if one.init}
    return {CLASS: class_name(cls)} | {name: encode(held, names) for name, held in fields.items()}


def _enum(value: Enum, _: Names) -> Json:
    return {CLASS: class_name(type(value)), OF: value.value}


def _error(value: SessionError, names: Names) -> Json:
    parts: dict[str, object] = {"message": str(value), **vars(value)}
    cause = value.__cause__
    told = {} if cause is None else {"cause": redact(f"{type(cause).__name__}: {cause}")}
    encoded = {name: encode(part, names) for name, part in parts.items() if name[0] != "_"}
    return {CLASS: class_name(type(value)), **encoded, **told}


def _float(value: float, _: Names) -> Json:
    return value if math.isfinite(value) else {CLASS: "float", OF: str(value)}


def _mapping(value: Mapping[Any, Any], names: Names) -> Json:
    if CLASS not in value and all(type(key) is str for key in value):
        return {redact(key): encode(held, names) for key, held in value.items()}
    return {CLASS: "map", OF: _pairs(value, names)}


def _pairs(value: Mapping[Any, Any], names: Names) -> Json:
    return [[encode(key, names), encode(held, names)] for key, held in value.items()]


def _array(value: Any, names: Names) -> Json:
    return [encode(one, names) for one in cast("list[object]", value)]


def _set(value: frozenset[Any], names: Names) -> Json:
    return {CLASS: "set", OF: sorted((encode(one, names) for one in value), key=repr)}


_KINDS: Final[tuple[tuple[type, Callable[[Any, Names], Json]], ...]] = (
    (Enum, _enum),
    (SessionError, _error),
    (str, lambda value, _: redact(str(value))),
    (float, _float),
    (datetime, lambda value, _: {CLASS: "time", OF: value.isoformat()}),
    (bytes, lambda value, _: {CLASS: "bytes", OF: base64.b64encode(value).decode()}),
    (PVector, lambda value, names: {CLASS: "vector", OF: _array(value, names)}),
    (PMap, lambda value, names: {CLASS: "pmap", OF: _pairs(value, names)}),
    (Mapping, _mapping),
    (tuple, _array),
    (frozenset, _set),
)
"""Class -> how it is written; the first that fits."""
