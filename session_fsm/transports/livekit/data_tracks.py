"""Data tracks on a `livekit.rtc.Room`."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from livekit import rtc
from livekit.rtc.data_track import PushFrameError

from session_fsm.errors import StreamError
from session_fsm.redact import redact, redacted_cause
from session_fsm.transports.data_tracks import DataFrame

if TYPE_CHECKING:
    from collections.abc import Callable

    from session_fsm.transports.data_tracks import Feed, Published, Unpublished
    from session_fsm.transports.livekit.seat import Seat

logger = logging.getLogger("session_fsm")


class LiveKitDataTracks:
    """The data tracks of one room."""

    def __init__(self, seat: Seat) -> None:
        self._seat = seat
        self._own: list[LiveKitOwnTrack] = []
        self._handlers: dict[Any, Callable[..., None]] = {}
        self._there: dict[str, Unpublished] = {}

    async def publish(self, name: str) -> LiveKitOwnTrack:
        """Publish a track."""
        own = LiveKitOwnTrack(name, await self._publish(name), self._own)
        self._own.append(own)
        return own

    async def _publish(self, name: str) -> rtc.LocalDataTrack:
        try:
            return await self._seat.room.local_participant.publish_data_track(name=name)
        except Exception as error:  # noqa: BLE001 - the SDK raises its own and plain ones
            said = redact(str(getattr(error, "message", error))) or type(error).__name__
            failure = StreamError(
                f"The data track {name!r} could not be published: {said}.", kind="transport"
            )
            failure.__cause__ = redacted_cause(error)
        raise failure

    def listen(self, published: Published, unpublished: Unpublished) -> None:
        """Tell the tracks of others; the SDK tells those that are there before, too."""

        def tell(track: rtc.RemoteDataTrack) -> None:
            self._there[track.info.sid] = unpublished
            published(LiveKitRemoteTrack(track))

        def gone(sid: str) -> None:
            self._there.pop(sid, None)
            unpublished(sid)

        self._handlers["data_track_published"] = tell
        self._handlers["data_track_unpublished"] = gone
        self.follow(self._seat.room)

    def follow(self, room: rtc.Room) -> None:
        """Hear of the tracks of this Room."""
        for event, handler in self._handlers.items():
            room.on(event, handler)  # pyright: ignore[reportUnknownMemberType]

    def leave(self, room: rtc.Room) -> None:
        """Hear no more of this Room, and have its tracks be gone."""
        for event, handler in self._handlers.items():
            room.off(event, handler)  # pyright: ignore[reportUnknownMemberType]
        there, self._there = self._there, {}
        for sid, unpublished in there.items():
            unpublished(sid)

    async def moved(self) -> None:
        """Publish in the present Room what was published in the one before."""
        for own in tuple(self._own):
            try:
                own.track = await self._publish(own.name)
            except StreamError as error:
                logger.warning("after encryption was turned on or off: %s", error)


class LiveKitOwnTrack:
    """A track of our own."""

    def __init__(
        self, name: str, track: rtc.LocalDataTrack, everything: list[LiveKitOwnTrack]
    ) -> None:
        self.name: Final = name
        self.track = track
        self._all = everything

    def push(self, frame: DataFrame) -> bool:
        """Send a frame; False where the buffer is full or the track is gone."""
        try:
            self.track.try_push(rtc.DataTrackFrame(frame.payload, frame.timestamp))
        except PushFrameError:
            return False
        return True

    async def unpublish(self) -> None:
        """Take the track back."""
        if self in self._all:
            self._all.remove(self)
        await self.track.unpublish()


class LiveKitRemoteTrack:
    """A track of somebody else."""

    def __init__(self, track: rtc.RemoteDataTrack) -> None:
        self._track = track
        self.sid = track.info.sid
        self.name = track.info.name
        self.publisher = track.publisher_identity

    def subscribe(self, feed: Feed, ended: Callable[[], None]) -> Callable[[], None]:
        """Read in a task of its own: the SDK's reader waits for ever where nothing comes."""
        stream = self._track.subscribe()

        async def read() -> None:
            try:
                async for frame in stream:
                    feed(DataFrame(frame.payload, frame.user_timestamp))
            except Exception as error:  # noqa: BLE001 - the SDK raises its own and plain ones
                logger.debug("data track %r broke off: %r", self.name, error)
            finally:
                with suppress(AssertionError):  # the native library has dropped it before
                    stream.close()
            ended()

        task = asyncio.get_running_loop().create_task(read())

        def stop() -> None:
            task.cancel()

        return stop
