"""Messages of the session channel, whole and in the order in which their streams were opened."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import TYPE_CHECKING, Final

import attrs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from session_fsm.data.info import StreamInfo

HEAD_PATIENCE: Final = 5.0
"""Seconds that complete messages wait for one before them whose end does not come."""
MOST_WAITING: Final = 64
"""Messages that are incomplete, or wait for one before them, at one time."""

logger = logging.getLogger("session_fsm")


@attrs.define(eq=False)
class _Entry:
    """One message on its way."""

    inbox: Inbox
    sender: str
    chunks: list[bytes] = attrs.field(factory=list[bytes])
    size: int = 0
    is_over: bool = False
    is_whole: bool = False

    def feed(self, chunk: str | bytes) -> bool:
        """Take a part of it."""
        if self.is_over or isinstance(chunk, str):
            self.inbox.drop(self)
            return False
        self.size += len(chunk)
        self.chunks.append(chunk)
        return self.inbox.fits(self)

    def end(self, attributes: Mapping[str, str], error: str | None) -> None:
        """It is complete, or never will be."""
        del attributes
        if not self.is_over:
            self.is_over = True
            self.is_whole = error is None
            self.inbox.flush()


class Inbox:
    """Takes the streams of those who may speak, and hands their messages on one by one."""

    def __init__(
        self,
        most: int,
        accepts: Callable[[str], bool],
        take: Callable[[str, bytes], None],
    ) -> None:
        """Make an empty one.

        Args:
            most: Bytes of one message that are taken.
            accepts: Says whether a participant of this identity may speak.
            take: Gets the identity of the sender, and a message.
        """
        self._most = most
        self._accepts = accepts
        self._take = take
        self._entries: deque[_Entry] = deque()
        self._skipping: asyncio.TimerHandle | None = None
        self._warned = False
        self.refused = 0
        """Messages that were too large."""

    def opened(self, info: StreamInfo) -> _Entry | None:
        """Return what takes this stream, or None where it is not wanted."""
        if not self._accepts(info.sender):
            return None
        if info.size is not None and info.size > self._most:
            self._refuse(info.size)
            return None
        entry = _Entry(self, info.sender)
        self._entries.append(entry)
        if len(self._entries) > MOST_WAITING:
            self._skip()
        return entry

    def close(self) -> None:
        """Forget everything; what still arrives is not wanted."""
        for entry in list(self._entries):
            self.drop(entry)

    def fits(self, entry: _Entry) -> bool:
        """Say whether this one may go on; drop it where it, or all of them, are too large."""
        if entry.size > self._most:
            self._refuse(entry.size)
        elif sum(one.size for one in self._entries) <= 4 * self._most:
            return True
        self.drop(entry)
        return False

    def drop(self, entry: _Entry) -> None:
        """Wait for this one no longer."""
        entry.is_over = True
        entry.is_whole = False
        entry.chunks.clear()
        self.flush()

    def flush(self) -> None:
        """Hand on what is complete and has nothing before it."""
        while self._entries and self._entries[0].is_over:
            entry = self._entries.popleft()
            if entry.is_whole:
                self._take(entry.sender, b"".join(entry.chunks))
        blocked = any(one.is_over for one in self._entries)
        if blocked and self._skipping is None:
            loop = asyncio.get_running_loop()
            self._skipping = loop.call_later(HEAD_PATIENCE, self._skip)
        elif not blocked and self._skipping is not None:
            self._skipping.cancel()
            self._skipping = None

    def _skip(self) -> None:
        if self._skipping is not None:
            self._skipping.cancel()
            self._skipping = None
        if self._entries:
            self.drop(self._entries[0])

    def _refuse(self, size: int) -> None:
        self.refused += 1
        if not self._warned:
            self._warned = True
            logger.warning(
                "a message of at least %d bytes on the agent's session channel was refused: "
                "Limits.channel_message_size is %d",
                size,
                self._most,
            )
