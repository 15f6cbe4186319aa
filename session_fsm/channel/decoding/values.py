"""Single values of the wire, made sense of: what makes none is None, 0 or an error."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from google.protobuf.duration_pb2 import Duration
    from google.protobuf.message import Message
    from google.protobuf.struct_pb2 import ListValue, Struct, Value
    from google.protobuf.timestamp_pb2 import Timestamp

MOST: Final = 20_000
"""Entries of one list or map that are taken: empty ones cost two bytes on the wire, and much more
here."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

T = TypeVar("T")
P = TypeVar("P")


class TooManyError(ValueError):
    """A list or a map has more entries than are taken."""


def bounded(entries: Sequence[P]) -> Sequence[P]:
    """Return the entries, unless there are too many.

    Raises:
        TooManyError: There are.
    """
    if len(entries) > MOST:
        raise TooManyError(f"a list or map of {len(entries)} entries; {MOST} are taken")
    return entries


def every(make: Callable[[P], T], entries: Sequence[P]) -> tuple[T, ...]:
    """Return what is made of each entry, in their order.

    Raises:
        TooManyError: There are too many.
    """
    return tuple([make(one) for one in bounded(entries)])


def texts(entries: Iterable[str]) -> tuple[str, ...]:
    """Return a list of texts."""
    return every(str, list(entries))


def pairs(entries: Mapping[str, str]) -> dict[str, str]:
    """Return a map of texts.

    Raises:
        TooManyError: It has too many entries.
    """
    return {key: entries[key] for key in bounded(list(entries))}


def moment(message: Message, field: str) -> datetime | None:
    """Return the time in this field, or None where there is none, or no such time."""
    if not message.HasField(field):
        return None
    there: Timestamp = getattr(message, field)
    try:
        return _EPOCH + timedelta(seconds=there.seconds, microseconds=there.nanos // 1000)
    except OverflowError:
        return None


def seconds(duration: Duration) -> float:
    """Return the length of a time."""
    return duration.seconds + duration.nanos / 1e9


def number(value: float) -> float:
    """Return a number that there is: 0 in place of NaN and the infinities, which JSON has not."""
    return value if math.isfinite(value) else 0.0


def measured(message: Message, field: str) -> float | None:
    """Return the number in this field, or None where there is none that is one."""
    if not message.HasField(field):
        return None
    value: float = getattr(message, field)
    return value if math.isfinite(value) else None


def said(message: Message, field: str) -> str | None:
    """Return the text in this field, or None where the field is not set."""
    if not message.HasField(field):
        return None
    text: str = getattr(message, field)
    return text


def plain(struct: Struct) -> dict[str, Any]:
    """Return a JSON-like object; protobuf's parser has bounded how deep it goes.

    Raises:
        TooManyError: A part of it has too many entries.
    """
    fields = struct.fields
    return {key: _value(fields[key]) for key in bounded(list(fields))}


def _value(value: Value) -> object:
    match value.WhichOneof("kind"):
        case "number_value":
            return measured(value, "number_value")
        case "string_value":
            return value.string_value
        case "bool_value":
            return value.bool_value
        case "struct_value":
            return plain(value.struct_value)
        case "list_value":
            entries: ListValue = value.list_value
            return [_value(one) for one in bounded(entries.values)]
        case _:
            return None
