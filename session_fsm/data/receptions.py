"""All streams of a session that are open, so that they are not too many and none outlives a run."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from session_fsm.data.reception import Reception, too_much

if TYPE_CHECKING:
    from session_fsm.data.info import StreamInfo
    from session_fsm.errors import StreamError
    from session_fsm.limits import Limits
    from stores import OnUnhandled

logger = logging.getLogger("session_fsm")


class Receptions:
    """Begins to receive streams, within the limits."""

    def __init__(self, limits: Limits, on_unhandled: OnUnhandled | None = None) -> None:
        self._limits = limits
        self._on_unhandled = on_unhandled
        self._open: set[Reception] = set()

    def begin(self, info: StreamInfo, limit: str = "stream_size") -> Reception:
        """Begin to receive a stream; where too many are open, it has ended at once.

        Args:
            info: What its header says.
            limit: Name of the limit of its size.
        """
        bytes_at_most: int = getattr(self._limits, limit)
        reception = Reception(
            info,
            memory=self._limits.stream_memory,
            limit=(limit, bytes_at_most),
            forget=self._open.discard,
            on_unhandled=self._on_unhandled,
        )
        error: StreamError | None = None
        if len(self._open) >= self._limits.open_streams:
            error = too_much("open_streams", self._limits.open_streams, "more streams are open")
        elif info.size is not None and info.size > bytes_at_most:
            error = too_much(limit, bytes_at_most, f"the stream {info.id!r} has {info.size} bytes")
        if error is not None:
            logger.warning("a stream of %r is refused: %s", info.sender, error)
            reception.stop(error)
        else:
            self._open.add(reception)
        return reception

    def stop(self, error: StreamError) -> None:
        """End all of them."""
        for reception in tuple(self._open):
            reception.stop(error)
