"""How much of web pages is taken: each limit has a name, and the refusal names it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import attrs

from session_fsm.arguments import checked_seconds

if TYPE_CHECKING:
    from collections.abc import Callable


def _count(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{attribute.name} must be an int, not {type(value).__name__}.")
    if value <= 0:
        raise ValueError(f"{attribute.name} must be above 0, not {value}.")


def _seconds(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    checked_seconds(attribute.name, value)


def _limit(default: Any, check: Callable[..., None] = _count) -> Any:
    return attrs.field(default=default, validator=check)


@attrs.frozen(kw_only=True)
class WebLimits:
    """What one application takes from the pages that use it.

    Attributes:
        request_size: Bytes of the body of one request, and of one WebSocket message.
        sessions: Visitors that have a session at one time.
        connections: Streams and WebSockets that are open on one session at one time.
        commands: Commands of one session, or tokens, that are under way at one time.
        idle_seconds: Seconds after which the session of a visitor is ended who has no stream or
            WebSocket open and gives no command.
        stall_seconds: Seconds after which a page that takes nothing of what it is sent is let go.
    """

    request_size: int = _limit(64 << 10)
    sessions: int = _limit(100)
    connections: int = _limit(100)
    commands: int = _limit(16)
    idle_seconds: float = _limit(60.0, _seconds)
    stall_seconds: float = _limit(30.0, _seconds)


DEFAULT_WEB_LIMITS: Final = WebLimits()
