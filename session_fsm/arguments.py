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


def checked_seconds(name: str, value: object, *, may_be_none: bool) -> float | None:
    """Return the value if it is a number of seconds above zero, or an allowed None.

    Raises:
        TypeError: It is no number.
        ValueError: It is not above zero, or not finite.
    """
    if value is None and may_be_none:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        also = " or None" if may_be_none else ""
        raise TypeError(f"{name} must be a number of seconds{also}, not {type(value).__name__}.")
    if not math.isfinite(value) or value <= 0:
        hint = "; use None to wait for ever" if may_be_none else ""
        raise ValueError(f"{name} must be a number of seconds above 0, not {value!r}{hint}.")
    return float(value)


def merged_options(
    options: TokenOptions | None, agent_name: str | None, agent_metadata: str | None
) -> TokenOptions:
    """Return the token options with the agent that ``Session(...)`` was given.

    Raises:
        TypeError: An argument is of the wrong type.
        ValueError: The two say different things, or a name is empty.
    """
    from session_fsm.tokens.details import TokenOptions  # noqa: PLC0415 - an import at need

    if options is None:
        options = TokenOptions()
    elif not isinstance(options, TokenOptions):
        raise TypeError(f"token_options must be a TokenOptions, not {type(options).__name__}.")
    for name, value in (("agent_name", agent_name), ("agent_metadata", agent_metadata)):
        if value is None:
            continue
        if name == "agent_name":
            checked_text(name, value)
        elif not isinstance(value, str):
            raise TypeError(f"{name} must be a str, not {type(value).__name__}.")
        if getattr(options, name) not in {None, value}:
            raise ValueError(
                f"{name}={value!r} and token_options.{name}={getattr(options, name)!r} differ: "
                "give it once."
            )
        options = attrs.evolve(options, **{name: value})
    return options
