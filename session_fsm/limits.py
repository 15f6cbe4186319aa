"""How much of what others send is kept: each limit has a name, and an error or warning names it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

if TYPE_CHECKING:
    from collections.abc import Callable


def _positive(_: object, attribute: attrs.Attribute[int], value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{attribute.name} must be an int, not {type(value).__name__}.")
    if value <= 0:
        raise ValueError(f"{attribute.name} must be above 0, not {value}.")


def _limit(default: int) -> int:
    check: Callable[..., None] = _positive
    value: int = attrs.field(default=default, validator=check)
    return value


@attrs.frozen(kw_only=True)
class Limits:
    """What one session takes from the others in its room.

    Attributes:
        message_length: Characters of one message; what comes after them is left out.
        open_streams: Streams that are open at one time, all topics together; more are refused.
        stream_size: Bytes of one received text or byte stream.
        stream_memory: Bytes of one received stream that are kept in memory; the rest waits in a
            temporary file.
        attachment_size: Bytes of one received attachment.
        channel_message_size: Bytes of one message on the agent's session channel: its whole
            history is one.
    """

    message_length: int = _limit(1_000_000)
    open_streams: int = _limit(1_000)
    stream_size: int = _limit(1 << 30)
    stream_memory: int = _limit(1 << 20)
    attachment_size: int = _limit(100 << 20)
    channel_message_size: int = _limit(4 << 20)


DEFAULT_LIMITS: Final = Limits()
