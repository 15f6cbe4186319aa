"""Checks of what users hand in: each error names the argument and says what would be right."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from session_fsm.tokens.details import TokenOptions


def checked_text(name: str, value: object) -> str:
    """Return the value if it is a text with something in it.

    Raises:
        TypeError: It is no str.
        ValueError: It is empty.
    """
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a str, not {type(value).__name__}.")
    if not value.strip():
        raise ValueError(f"{name} must not be empty.")
    return value


def checked_seconds(name: str, value: object) -> float:
    """Return the value if it is a number of seconds above zero.

    Raises:
        TypeError: It is no number.
        ValueError: It is not above zero, or not finite.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{name} must be a number of seconds, not {type(value).__name__}.")
    if not math.isfinite(value) or value <= 0:
        raise ValueError(f"{name} must be a number of seconds above 0, not {value!r}.")
    return float(value)


def checked_patience(name: str, value: object) -> float | None:
    """Return the value if it is a number of seconds above zero, or None: for ever.

    Raises:
        TypeError: It is neither.
        ValueError: It is not above zero, or not finite: None is what waits for ever.
    """
    return None if value is None else checked_seconds(name, value)


def merged_options(
    options: TokenOptions | None, agent_name: str | None, agent_metadata: str | None
) -> TokenOptions:
    """Return the token options with the agent that ``Session(...)`` was given.

    Raises:
        TypeError: An argument is of the wrong type.
        ValueError: The two say different things, or a name is empty.
    """
    from session_fsm.tokens.details import checked_options  # noqa: PLC0415 - at need

    given: TokenOptions = checked_options(options)
    if agent_name is not None:
        _same("agent_name", checked_text("agent_name", agent_name), given.agent_name)
        given = attrs.evolve(given, agent_name=agent_name)
    if agent_metadata is not None:
        if not isinstance(agent_metadata, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"agent_metadata must be a str, not {type(agent_metadata).__name__}.")
        _same("agent_metadata", agent_metadata, given.agent_metadata)
        given = attrs.evolve(given, agent_metadata=agent_metadata)
    return given


def _same(name: str, value: str, wanted: str | None) -> None:
    if wanted not in {None, value}:
        raise ValueError(f"{name}={value!r} and token_options.{name}={wanted!r}: give it once.")
