"""The streams of a `livekit.rtc.Room`, both ways.

What this module guards against, measured with livekit 1.1.21 to 1.2.1:

- A handler must be a plain function, one for each kind and topic; a second one raises.
- A reader that is not read to its end stays subscribed to every event of the native library.
- A reader waits for ever when its sender is gone without a word: `abandon` and `close` end it.
- The trailer's attributes are merged into the header's, in place: those are copied first.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Final, TypeAlias

import attrs
from livekit import rtc

from session_fsm.data.info import StreamInfo, StreamKind
from session_fsm.redact import redact
from session_fsm.transports.listeners import Feeds, Listeners
from session_fsm.transports.livekit.writers import LiveKitWriters

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from session_fsm.data.info import StreamHeader
    from session_fsm.transports.livekit.seat import Seat
    from session_fsm.transports.livekit.writer import LiveKitWriter
    from session_fsm.transports.streams import Opened

    Reader: TypeAlias = rtc.TextStreamReader | rtc.ByteStreamReader

DRAIN: Final = 1.0
"""Seconds in which what a participant sent before it left is still read."""
CLOSED: Final = "the room was left"
GONE: Final = "the sender left"
MOVED: Final = "the link was made anew"

logger = logging.getLogger("session_fsm")


@attrs.define(eq=False)
class _Reading:
    """A stream that is being read."""

    sender: str
    reason: str = CLOSED


class LiveKitStreams:
    """Reads every stream that somebody listens to, each in a task of its own."""

    def __init__(self, seat: Seat, refuses: Callable[[str], bool]) -> None:
        self._seat = seat
        self._refuses = refuses
        self._listeners = Listeners()
        self._readings: dict[asyncio.Task[None], _Reading] = {}
        self._writers = LiveKitWriters(seat)
        self._closed = False

    def listen(self, kind: StreamKind, topic: str, opened: Opened) -> None:
        """Call ``opened`` for every stream of this kind and topic.

        Raises:
            ValueError: A handler for the topic was set at the Room itself.
        """
        if not self._listeners.has(kind, topic):
            self._register(self._seat.room, kind, topic)
        self._listeners.add(kind, topic, opened)

    def _register(self, room: rtc.Room, kind: StreamKind, topic: str) -> None:
        if kind is StreamKind.TEXT:
            room.register_text_stream_handler(topic, partial(self._opened, kind))
        else:
            room.register_byte_stream_handler(topic, partial(self._opened, kind))

    async def open(self, header: StreamHeader) -> LiveKitWriter:
        """Open a stream of our own; waits while the SDK restores the link.

        Raises:
            StreamError: The SDK refused, or the link is gone.
        """
        return await self._writers.open(header)

    async def send_text(self, header: StreamHeader, text: str) -> None:
        """Send a whole text that lists attachments.

        Raises:
            StreamError: The SDK refused, or the link broke.
        """
        await self._writers.send_text(header, text)

    def follow(self, room: rtc.Room) -> None:
        """Listen in another Room, too, which this client goes over to."""
        for kind, topic in self._listeners.topics:
            with suppress(ValueError):  # it does so already
                self._register(room, kind, topic)

    # What the link tells ------------------------------------------------------------------------

    def abandon(self, identity: str) -> None:
        """A participant is gone: end its streams, after what it sent has been read."""
        loop = asyncio.get_running_loop()
        for task, reading in self._readings.items():
            if reading.sender == identity:
                reading.reason = GONE
                loop.call_later(DRAIN, task.cancel)
        self._writers.left(identity)

    def restored(self, kept: Collection[str]) -> None:
        """The link is back; these participants have been there all the time."""
        self._writers.restored(kept)

    def moved(self) -> None:
        """This client sits in another Room: what the old one carried ends in the middle."""
        for task, reading in self._readings.items():
            reading.reason = MOVED
            task.cancel()
        self._writers.restored(())

    def lost(self) -> None:
        """The link is gone for good."""
        self._writers.close("the link to the server was lost")

    async def close(self) -> None:
        """End everything that is open."""
        self._closed = True
        self._writers.close(CLOSED)
        tasks = set(self._readings)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    # Reading ------------------------------------------------------------------------------------

    def _opened(self, kind: StreamKind, reader: Reader, identity: str) -> None:
        feeds = Feeds([])
        if not self._closed and not self._refuses(identity):
            feeds = self._listeners.open(_info(kind, reader, identity, self._name(identity)))
        if not feeds:
            reader.close()
            return
        reading = _Reading(identity)
        task = asyncio.get_running_loop().create_task(self._read(reader, feeds, reading))
        self._readings[task] = reading
        task.add_done_callback(partial(_finish, self._readings, reader, feeds, reading))

    def _name(self, identity: str) -> str:
        sender = self._seat.room.remote_participants.get(identity)
        return "" if sender is None else sender.name

    async def _read(self, reader: Reader, feeds: Feeds, reading: _Reading) -> None:
        try:
            async for chunk in reader:
                feeds.feed(chunk)
                if not feeds:
                    return
        except Exception as error:  # noqa: BLE001 - the SDK raises its own and plain ones
            reading.reason = redact(str(error)) or type(error).__name__
            logger.debug("the stream %r broke off: %s", reader.info.stream_id, reading.reason)
            return
        feeds.end(dict(reader.info.attributes or {}), None)


def _finish(
    readings: dict[asyncio.Task[None], _Reading],
    reader: Reader,
    feeds: Feeds,
    reading: _Reading,
    task: asyncio.Task[None],
) -> None:
    """Also for a task that was cancelled before its first step."""
    del readings[task]
    reader.close()
    feeds.end(dict(reader.info.attributes or {}), reading.reason)


def _info(kind: StreamKind, reader: Reader, identity: str, name: str) -> StreamInfo:
    info = reader.info
    return StreamInfo(
        info.stream_id,
        kind,
        info.topic,
        identity,
        _time(info.timestamp),
        name,
        info.name if isinstance(info, _BYTES) else "",
        info.mime_type,
        info.size or None,
        dict(info.attributes or {}),
        () if isinstance(info, _BYTES) else tuple(info.attachments),
    )


_BYTES: Final = rtc.ByteStreamInfo


def _time(milliseconds: int) -> datetime:
    """Return the time that a header gives, or now where the sender's makes no sense."""
    try:
        return datetime.fromtimestamp(milliseconds / 1000, tz=UTC)
    except (OverflowError, OSError, ValueError):
        return datetime.now(UTC)
