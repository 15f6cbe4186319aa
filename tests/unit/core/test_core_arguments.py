"""What ``Session(...)`` refuses, and in which words."""

from __future__ import annotations

import math
from typing import Any

import pytest

from session_fsm import Session, TokenOptions, TokenSource
from session_fsm.arguments import merged_options

SOURCE = TokenSource.loopback()
NAMES = ("agent_timeout", "agent_return_timeout", "token_timeout")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("value", ["5", b"5", True, False, [], object()], ids=repr)
def test_a_time_must_be_a_number(name: str, value: object) -> None:
    with pytest.raises(TypeError, match=rf"^{name} must be .* not {type(value).__name__}\.$"):
        Session(SOURCE, **{name: value})  # type: ignore[arg-type]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("value", [0, 0.0, -1, math.inf, -math.inf, math.nan])
def test_a_time_must_be_above_zero_and_end(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=rf"^{name} must be a number of seconds above 0, not "):
        Session(SOURCE, **{name: value})  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [1, 0.001, 1e6])
def test_any_other_time_will_do(value: float) -> None:
    Session(SOURCE, agent_timeout=value, agent_return_timeout=value, token_timeout=value)


def test_an_agent_may_be_awaited_for_ever_a_token_not() -> None:
    Session(SOURCE, agent_timeout=None, agent_return_timeout=None)
    with pytest.raises(TypeError, match=r"^token_timeout must be .* not NoneType"):
        Session(SOURCE, token_timeout=None)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", ["", "  ", "\n"])
def test_a_name_must_not_be_empty(value: str) -> None:
    with pytest.raises(ValueError, match=r"^agent_name must not be empty\.$"):
        Session(SOURCE, agent_name=value)


@pytest.mark.parametrize("name", ["agent_name", "agent_metadata"])
@pytest.mark.parametrize("value", [1, b"x", ["x"]])
def test_texts_must_be_texts(name: str, value: Any) -> None:
    with pytest.raises(TypeError, match=rf"^{name} must be a str, not {type(value).__name__}\.$"):
        Session(SOURCE, **{name: value})


@pytest.mark.parametrize("value", [{"agent_name": "x"}, "x", 1])
def test_options_must_be_options(value: Any) -> None:
    with pytest.raises(TypeError, match="TokenOptions"):
        Session(SOURCE, token_options=value)


@pytest.mark.parametrize("value", [None, "wss://example.com", object(), TokenSource])
def test_a_token_source_must_be_one(value: Any) -> None:
    with pytest.raises(TypeError, match=r"^token_source must be a TokenSource, not "):
        Session(value)


@pytest.mark.parametrize("name", ["agent_name", "agent_metadata"])
def test_what_is_said_twice_must_be_the_same(name: str) -> None:
    options = TokenOptions(**{name: "one"})
    with pytest.raises(ValueError, match=rf"^{name}='two' and token_options.{name}='one'"):
        Session(SOURCE, token_options=options, **{name: "two"})
    Session(SOURCE, token_options=options, **{name: "one"})


def test_the_agent_is_added_to_the_other_wishes() -> None:
    wishes = merged_options(TokenOptions(room_name="room"), "bot", "")
    assert (wishes.room_name, wishes.agent_name, wishes.agent_metadata) == ("room", "bot", "")
    assert merged_options(None, None, None) == TokenOptions()
    assert merged_options(TokenOptions(agent_name="bot"), None, None).agent_name == "bot"


def test_a_session_can_be_made_where_no_loop_runs() -> None:
    session = Session(SOURCE)
    assert repr(session) == "<Session idle, disconnected, agent disconnected>"
    assert session.snapshot.seq == 0
