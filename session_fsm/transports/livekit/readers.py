"""The text streams of a `livekit.rtc.Room` as facts: each opened one is closed, exactly once."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from session_fsm.events import TextChunk, TextClosed, TextOpened
from session_fsm.messages.merge import CHAT_TOPIC, TRANSCRIPTION_TOPIC

if TYPE_CHECKING:
    from livekit import rtc

    from session_fsm.transports.base import Sink

TOPICS: Final = (CHAT_TOPIC, TRANSCRIPTION_TOPIC)
DRAIN: Final = 1.0
"""Seconds in which what a participant sent before it left is still read."""

logger = logging.getLogger("session_fsm")


class TextReaders:
    """Reads every text stream of the two topics, each in a task of its own.

    The SDK's handlers must be plain functions, one for each topic, and its reader waits for ever
    when the sender is gone: these are ended by `abandon` and `close`.
    """

    def __init__(self, room: rtc.Room, tell: Sink) -> None:
        self._tell = tell
        self._tasks: dict[asyncio.Task[None], str] = {}
        for topic in TOPICS:
            room.register_text_stream_handler(topic, self._opened)

    def _opened(self, reader: rtc.TextStreamReader, identity: str) -> None:
        task = asyncio.get_running_loop().create_task(self._read(reader, identity))
        self._tasks[task] = identity
        task.add_done_callback(self._forget)

    def _forget(self, task: asyncio.Task[None]) -> None:
        del self._tasks[task]

    async def _read(self, reader: rtc.TextStreamReader, identity: str) -> None:
        info = reader.info
        # The SDK merges the trailer into these very attributes: keep the header's apart.
        header = dict(info.attributes or {})
        self._tell(TextOpened(info.stream_id, info.topic, identity, header, _time(info.timestamp)))
        broken = True
        try:
            async for chunk in reader:
                self._tell(TextChunk(info.stream_id, chunk))
            broken = False
        except Exception as error:  # noqa: BLE001 - the SDK raises its own and plain ones
            logger.debug("text stream %s broke off: %r", info.stream_id, error)
        finally:
            self._tell(TextClosed(info.stream_id, dict(info.attributes or {}), broken=broken))

    def abandon(self, identity: str) -> None:
        """End the streams of a participant that is gone, after what it sent has been read."""
        tasks = [task for task, sender in self._tasks.items() if sender == identity]
        loop = asyncio.get_running_loop()
        for task in tasks:
            loop.call_later(DRAIN, task.cancel)

    async def close(self) -> None:
        """End all streams that are open."""
        tasks = set(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)


def _time(milliseconds: int) -> datetime:
    """Return the time that a header gives, or now where the sender's makes no sense."""
    try:
        return datetime.fromtimestamp(milliseconds / 1000, tz=UTC)
    except (OverflowError, OSError, ValueError):
        return datetime.now(UTC)
