"""How the agent says it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import attrs

if TYPE_CHECKING:
    from collections.abc import Mapping

EXPRESSION: Final = "lk.expression"
MOST: Final = 1_000
"""Characters of either that are kept."""


@attrs.frozen
class Expression:
    """How the agent says what it says (livekit-agents with an expressive voice).

    Attributes:
        expression: In its own words, e.g. ``"speak warmly"``; None where it gives none.
        mood: One of LiveKit's moods, e.g. ``"happy"``; None where it gives none.
    """

    expression: str | None = None
    mood: str | None = None


def expression_of(attributes: Mapping[str, str]) -> Expression | None:
    """Return what ``lk.expression`` holds: JSON with ``expression`` and ``mood``; else None."""
    raw = attributes.get(EXPRESSION)
    if not raw or len(raw) > 4 * MOST:
        return None
    try:
        found: Any = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    expression, mood = (_text(found, key) for key in ("expression", "mood"))  # pyright: ignore[reportUnknownArgumentType]
    return None if expression is mood is None else Expression(expression, mood)


def _text(found: dict[str, Any], key: str) -> str | None:
    value = found.get(key)
    if not isinstance(value, str) or not value:
        return None
    return value[:MOST].encode(errors="replace").decode()  # JSON can hold half a character
