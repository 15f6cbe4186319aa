"""One attribute, as what the application makes of its text."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

logger = logging.getLogger("session_fsm")


class ParsedAttribute:
    """Parses an attribute once for each text that it has."""

    def __init__(self, key: str, parse: Callable[[str], Any], default: object) -> None:
        if not isinstance(key, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"key must be a str, not {type(key).__name__}.")
        if not callable(parse):
            raise TypeError(f"parse must be callable, not {type(parse).__name__}.")
        self._key = key
        self._parse = parse
        self._default = default
        self._last: tuple[str, Any] | None = None

    def __call__(self, attributes: Mapping[str, str]) -> Any:
        """Return what these attributes have, or the default."""
        text = attributes.get(self._key)
        if text is None:
            return self._default
        last = self._last
        if last is not None and last[0] == text:
            return last[1]
        value = self._parsed(text)
        self._last = (text, value)
        return value

    def _parsed(self, text: str) -> Any:
        try:
            return self._parse(text)
        except Exception as error:  # noqa: BLE001 - the application's function
            logger.warning(
                "the agent's attribute %r cannot be parsed: %r", self._key, type(error).__name__
            )
            return self._default
