"""What is heard and seen of somebody else: one reader for each track, any number of listeners."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Final, Generic, TypeVar
from weakref import WeakSet

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self

    from reactivex import abc

    from session_fsm.media.frames import AudioFrame, VideoFrame
    from session_fsm.snapshot import SessionSnapshot
    from session_fsm.transports.base import Link, Sink
    from session_fsm.transports.media import Watch
    from stores import Store

F = TypeVar("F")

SOUND_BUFFER: Final = 100
"""Frames of 10 ms that a reader of sound keeps for who is late."""


class FrameReader(Generic[F]):
    """Frames from now on, also over another track and a link that was restored, until the run ends.

    Use it with ``async for``. Who is late finds the newest frames: the others are dropped and
    counted.

    Attributes:
        dropped: How many frames were dropped.
    """

    def __init__(self, buffer: int) -> None:
        self.dropped = 0
        self._kept: deque[F] = deque()
        self._buffer = buffer
        self._news = asyncio.Event()
        self._is_over = False

    def feed(self, frame: F) -> None:
        """Take a frame."""
        if self._is_over:
            return
        if len(self._kept) >= self._buffer:
            self._kept.popleft()
            self.dropped += 1
        self._kept.append(frame)
        self._news.set()

    def end(self) -> None:
        """Have no more frames; what is kept can still be read."""
        self._is_over = True
        self._news.set()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> F:
        while not self._kept:
            if self._is_over:
                raise StopAsyncIteration
            self._news.clear()
            await self._news.wait()
        return self._kept.popleft()

    async def aclose(self) -> None:
        """Stop reading, and forget what is kept."""
        self._kept.clear()
        self.end()


class Reception(Generic[F]):
    """Reads the track that a store shows, while anybody listens.

    Args:
        tracks: The track that is to be read, or None.
        read: Reads a track of a link; returns what ends that.
        buffer: How many frames a reader keeps.
    """

    def __init__(
        self,
        tracks: Store[object | None],
        read: Callable[[Link, object, Callable[[F], None]], Callable[[], None]],
        buffer: int,
    ) -> None:
        self.track: Final = tracks
        self._read = read
        self._buffer = buffer
        self._readers: WeakSet[FrameReader[F]] = WeakSet()
        self._listeners: list[tuple[Callable[[F], None], Callable[[], None]]] = []
        self._link: Link | None = None
        self._following: abc.DisposableBase | None = None
        self._stop: Callable[[], None] | None = None
        self._is_closed = False

    def reader(self, buffer: int | None = None) -> FrameReader[F]:
        """Return a new reader.

        Raises:
            ValueError: The buffer is below 1.
        """
        if buffer is not None and buffer < 1:
            raise ValueError(f"buffer must be 1 or more, not {buffer}")
        reader: FrameReader[F] = FrameReader(buffer or self._buffer)
        if self._is_closed:
            reader.end()
            return reader
        self._readers.add(reader)
        self._begin()
        return reader

    def listen(self, listener: Callable[[F], None], closed: Callable[[], None]) -> None:
        """Hand over every frame from now on, and call ``closed`` in the end; must not raise."""
        if self._is_closed:
            closed()
            return
        self._listeners.append((listener, closed))
        self._begin()

    def _begin(self) -> None:
        track = self.track.value
        wanted = bool(self._listeners or self._readers)
        if self._link is not None and track is not None and wanted and self._stop is None:
            self._stop = self._read(self._link, track, self._spread)

    def _spread(self, frame: F) -> None:
        for listener, _ in self._listeners:
            listener(frame)
        for reader in list(self._readers):
            reader.feed(frame)

    def _follow(self, _track: object) -> None:
        self._end()
        self._begin()

    def _end(self) -> None:
        stop, self._stop = self._stop, None
        if stop is not None:
            stop()

    # The run ------------------------------------------------------------------------------------

    def attach(self, link: Link, tell: Sink) -> None:
        """Begin with a link."""
        del tell
        self._link = link
        self._following = self.track.subscribe(self._follow)

    def detach(self) -> None:
        """Read no more: the run is over, and with it every reader."""
        if self._following is not None:
            self._following.dispose()
            self._following = None
        self._end()
        self._link = None
        for reader in list(self._readers):
            reader.end()
        self._readers.clear()

    def close(self) -> None:
        """End what is left, the listeners included."""
        self._is_closed = True
        self.detach()
        for _, closed in self._listeners:
            closed()
        self._listeners.clear()


class Senses:
    """What is heard and seen of one participant, on the link of each run.

    Args:
        snapshots: The session's.
        track_of: Finds the track of a source in a snapshot.
    """

    def __init__(
        self,
        snapshots: Store[SessionSnapshot],
        track_of: Callable[[SessionSnapshot, str], object | None],
    ) -> None:
        self.voice: Reception[AudioFrame] = Reception(
            snapshots.select(lambda now: track_of(now, "microphone")),
            lambda link, track, feed: link.media.hear(track, feed),
            SOUND_BUFFER,
        )
        self.sight: Reception[VideoFrame] = Reception(
            snapshots.select(lambda now: track_of(now, "camera")), _watch, 1
        )
        self.screen: Reception[VideoFrame] = Reception(
            snapshots.select(lambda now: track_of(now, "screen_share")), _watch, 1
        )

    def attach(self, link: Link, tell: Sink) -> None:
        """Begin with a link."""
        for one in (self.voice, self.sight, self.screen):
            one.attach(link, tell)

    def detach(self) -> None:
        """Hear and see nothing more: the run is over."""
        for one in (self.voice, self.sight, self.screen):
            one.detach()

    def close(self) -> None:
        """End what is left."""
        for one in (self.voice, self.sight, self.screen):
            one.close()


def _watch(link: Link, track: object, feed: Watch) -> Callable[[], None]:
    return link.media.watch(track, feed)
