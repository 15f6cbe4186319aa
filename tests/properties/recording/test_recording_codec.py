"""Every fact there is, with any values, is the same after it was written and read."""

from __future__ import annotations

import enum
import importlib
import json
import pkgutil
import typing
from collections.abc import Mapping
from datetime import UTC, datetime
from types import UnionType
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import session_fsm
from session_fsm import SessionError, errors, events
from session_fsm.data.incoming import IncomingStream
from session_fsm.recording import StandIn
from session_fsm.recording.decode import decode
from session_fsm.recording.encode import encode
from session_fsm.recording.opaque import Names, StandIns
from session_fsm.redact import redact

FACTS = typing.get_args(events.Fact)
ERRORS = [
    one
    for one in vars(errors).values()
    if isinstance(one, type) and issubclass(one, SessionError) and one is not errors.RpcError
]


class Track:
    """Somebody else's."""


def names_of_annotations() -> dict[str, object]:
    """What annotations can mean: the classes of all modules that have data."""
    found: dict[str, object] = {"Mapping": Mapping, "datetime": datetime}
    above = ("cli", "asgi", "ui", "testing", "thread", "diagrams", "__main__")
    skipped = (*above, "transports", "tokens", "recording")
    for module in pkgutil.walk_packages(session_fsm.__path__, "session_fsm."):
        if module.name.split(".")[1] not in skipped:
            found |= vars(importlib.import_module(module.name))
    return found


NAMES = names_of_annotations()
PLAIN: dict[object, st.SearchStrategy[Any]] = {
    str: st.text(),
    bytes: st.binary(),
    bool: st.booleans(),
    int: st.integers(),
    float: st.floats(allow_nan=False),
    type(None): st.none(),
    object: st.builds(Track),
    IncomingStream: st.builds(Track),
    datetime: st.datetimes(timezones=st.just(UTC)),
    errors.MediaError: st.builds(errors.MediaError, st.text(), kind=st.text()),
    errors.StreamError: st.builds(errors.StreamError, st.text(), kind=st.text()),
    errors.RpcError: st.builds(
        errors.RpcError, st.text(), kind=st.text(), code=st.integers(), data=st.text()
    ),
    SessionError: st.one_of(
        *(st.builds(one, st.text(), kind=st.text()) for one in ERRORS),
    ),
}


def values(hint: Any) -> st.SearchStrategy[Any]:  # noqa: PLR0911 - one for each kind
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if hint in PLAIN:
        return PLAIN[hint]
    if origin in {typing.Union, UnionType}:
        return st.one_of(*(values(part) for part in parts))
    if origin is tuple and parts[-1] is Ellipsis:
        return st.lists(values(parts[0]), max_size=3).map(tuple)
    if origin is tuple:
        return st.tuples(*(values(part) for part in parts))
    if origin is frozenset:
        return st.frozensets(values(parts[0]), max_size=3)
    if origin is Mapping:
        keys = st.one_of(values(parts[0]), st.just("$")) if parts[0] is str else values(parts[0])
        return st.dictionaries(keys, values(parts[1]), max_size=3)
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return st.sampled_from(hint)
    assert attrs.has(hint), f"{hint} is new: say here what values it has"
    return instances(hint)


def instances(cls: Any) -> st.SearchStrategy[Any]:
    hints = typing.get_type_hints(cls, NAMES)
    return st.builds(
        cls, **{one.alias: values(hints[one.name]) for one in attrs.fields(cls) if one.init}
    )


def parts(value: object) -> object:
    """The value in a form that is equal where a replay cannot tell the difference."""
    if isinstance(value, Track | StandIn):
        return "a track"
    if isinstance(value, SessionError):
        return type(value), redact(str(value)), {k: parts(v) for k, v in vars(value).items()}
    if attrs.has(type(value)):
        return type(value), {
            one.name: parts(getattr(value, one.name)) for one in attrs.fields(type(value))
        }
    if isinstance(value, Mapping):
        return {parts(key): parts(held) for key, held in value.items()}
    if isinstance(value, tuple | frozenset):
        return type(value), [parts(one) for one in sorted(value, key=repr)] if isinstance(
            value, frozenset
        ) else [parts(one) for one in value]
    return value


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.__name__)
def test_every_fact_is_the_same_after_it_was_written_and_read(fact: type) -> None:
    @settings(max_examples=60)
    @given(values(fact), st.integers(1))
    def check(value: Any, epoch: int) -> None:
        event = events.FromRun(epoch, value)
        written = json.dumps(encode(event, Names()))
        again = decode(json.loads(written), StandIns())
        assert parts(again) == parts(event)

    check()


@pytest.mark.parametrize("command", [events.Start(), events.End()])
def test_commands_are_the_same_after_they_were_written_and_read(command: object) -> None:
    assert decode(encode(command, Names()), StandIns()) == command


def test_one_object_has_one_name_and_another_object_another() -> None:
    names = Names()
    first, second = Track(), Track()
    assert names.of(first) == names.of(first) == "Track#1"
    assert names.of(second) == "Track#2"
    del second
    assert names.of(Track()) == "Track#3"  # also where it has the place in memory of one that went


def test_what_caused_a_failure_is_told_without_its_secrets() -> None:
    error = errors.TokenError("no token", kind="status")
    error.__cause__ = ValueError("wss://x?access_token=abcdef")
    again = decode(encode(error, Names()), StandIns())
    assert "ValueError" in str(again.__cause__)
    assert "abcdef" not in str(again.__cause__)
