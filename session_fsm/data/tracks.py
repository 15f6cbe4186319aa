"""Data tracks: frames that may be lost, from this participant and from others."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Final

from session_fsm.arguments import checked_text
from session_fsm.data.waiting import Life, is_linked, look_at
from session_fsm.errors import StreamError
from session_fsm.transports.data_tracks import DataFrame
from stores import WritableStore

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from session_fsm.snapshot import SessionSnapshot
    from session_fsm.transports.base import Link, Sink
    from session_fsm.transports.data_tracks import OwnTrackPort, RemoteTrackPort
    from stores import OnUnhandled, Store

PUBLISH_TIMEOUT: Final = 10.0
"""Seconds for a track to be published, also while the link is being restored."""
RUN_ENDED: Final = "The session ended before the data track {!r} was published."
TOO_LATE: Final = "The data track {!r} could not be published within {:g} seconds."


class LocalDataTrack:
    """A data track of this participant, until it is taken back or the run ends.

    Attributes:
        name: What others find it by.
        dropped: How many frames were not sent: they came too fast, or the track was gone.
    """

    def __init__(self, name: str, port: OwnTrackPort) -> None:
        self.name = name
        self.dropped = 0
        self._port: OwnTrackPort | None = port

    def __repr__(self) -> str:
        return f"<LocalDataTrack {self.name!r}, {self.dropped} dropped>"

    def push(self, payload: bytes, timestamp: int | None = None) -> None:
        """Send a frame, or count it as dropped; never waits.

        Args:
            payload: The bytes.
            timestamp: For the receiver, in any unit; 0 or above.

        Raises:
            TypeError: The payload is no bytes.
        """
        if not isinstance(payload, bytes | bytearray | memoryview):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"payload must be bytes, not {type(payload).__name__}.")
        if self._port is None or not self._port.push(DataFrame(bytes(payload), timestamp)):
            self.dropped += 1

    async def unpublish(self) -> None:
        """Take the track back; nothing happens where it is gone."""
        port, self._port = self._port, None
        if port is not None:
            await port.unpublish()

    def end(self) -> None:
        """The run is over."""
        self._port = None


class RemoteDataTrack:
    """A data track of somebody else in the room.

    Attributes:
        sid: The server's id; another one after a link that was built anew.
        name: As its publisher gave it.
        publisher: The publisher's identity.
    """

    def __init__(self, port: RemoteTrackPort) -> None:
        self.sid = port.sid
        self.name = port.name
        self.publisher = port.publisher
        self._port = port
        self._is_gone = False
        self._kicks: set[asyncio.Event] = set()

    def __repr__(self) -> str:
        return f"<RemoteDataTrack {self.name!r} of {self.publisher!r}>"

    async def frames(self, buffer: int = 64) -> AsyncGenerator[DataFrame, None]:
        """Iterate over the frames from now on, until the track, the link or the run is gone.

        Args:
            buffer: How many frames are kept for a slow consumer, the newest ones.
        """
        kept: deque[DataFrame] = deque(maxlen=buffer)
        kick = asyncio.Event()
        has_ended = False

        def feed(frame: DataFrame) -> None:
            kept.append(frame)
            kick.set()

        def end() -> None:
            nonlocal has_ended
            has_ended = True
            kick.set()

        if self._is_gone:
            return
        stop = self._port.subscribe(feed, end)
        self._kicks.add(kick)
        try:
            while True:
                while kept:
                    yield kept.popleft()
                if has_ended or self._is_gone:
                    return
                kick.clear()
                await kick.wait()
        finally:
            self._kicks.discard(kick)
            stop()

    def end(self) -> None:
        """The track is gone: whoever iterates gets what is kept, and the end."""
        self._is_gone = True
        for kick in self._kicks:
            kick.set()


class DataTracks:
    """The data tracks of a session, in one run after the other."""

    def __init__(
        self, snapshots: Store[SessionSnapshot], on_unhandled: OnUnhandled | None = None
    ) -> None:
        self._snapshots = snapshots
        self.remote: Final = WritableStore[tuple[RemoteDataTrack, ...]](
            (), on_unhandled=on_unhandled
        )
        self._own: list[LocalDataTrack] = []
        self._link: Link | None = None
        self._over: asyncio.Future[None] | None = None
        self._undone: set[asyncio.Task[None]] = set()

    async def publish(self, name: str) -> LocalDataTrack:
        """Publish a track; see ``Session.publish_data_track``."""
        checked_text("name", name)
        life = Life(self._snapshots, PUBLISH_TIMEOUT)
        now = await life.ready(is_linked)
        if life.is_over(now) or self._link is None or self._over is None:
            raise StreamError(RUN_ENDED.format(name), kind="run-ended")
        if not is_linked(now):
            raise StreamError(TOO_LATE.format(name, PUBLISH_TIMEOUT), kind="transport")
        work = asyncio.get_running_loop().create_task(self._link.data_tracks.publish(name))
        work.add_done_callback(look_at)
        try:
            await life.any_of(work, self._over)
        except asyncio.CancelledError:
            work.add_done_callback(self._take_back)
            raise
        if not work.done():
            work.add_done_callback(self._take_back)
            if life.is_over(self._snapshots.value):
                raise StreamError(RUN_ENDED.format(name), kind="run-ended")
            raise StreamError(TOO_LATE.format(name, PUBLISH_TIMEOUT), kind="transport")
        track = LocalDataTrack(name, work.result())
        self._own.append(track)
        return track

    def _take_back(self, work: asyncio.Task[OwnTrackPort]) -> None:
        """Unpublish what nobody waits for any more."""
        if not work.cancelled() and work.exception() is None:
            task = asyncio.get_running_loop().create_task(work.result().unpublish())
            self._undone.add(task)
            task.add_done_callback(self._undone.discard)

    # The run ------------------------------------------------------------------------------------

    def attach(self, link: Link, tell: Sink) -> None:
        """Listen for tracks of others."""
        del tell
        self._link = link
        self._over = asyncio.get_running_loop().create_future()

        def published(port: RemoteTrackPort) -> None:
            if self._link is link:
                self.remote.update(lambda tracks: (*tracks, RemoteDataTrack(port)))

        def unpublished(sid: str) -> None:
            if self._link is link:
                for one in [one for one in self.remote.value if one.sid == sid]:
                    one.end()
                self.remote.update(lambda tracks: tuple(t for t in tracks if t.sid != sid))

        link.data_tracks.listen(published, unpublished)

    def detach(self) -> None:
        """End all tracks."""
        self._link = None
        if self._over is not None and not self._over.done():
            self._over.set_result(None)
        for own in self._own:
            own.end()
        self._own.clear()
        for one in self.remote.value:
            one.end()
        self.remote.set(())

    def close(self) -> None:
        """Complete the store."""
        self.remote.close()
