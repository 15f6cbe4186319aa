"""Data tracks on a `livekit.rtc.Room`."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING

from livekit import rtc
from livekit.rtc.data_track import PushFrameError

from session_fsm.errors import StreamError
from session_fsm.redact import redact, redacted_cause
from session_fsm.transports.data_tracks import DataFrame

if TYPE_CHECKING:
    from collections.abc import Callable

    from session_fsm.transports.data_tracks import Feed, Published, Unpublished

logger = logging.getLogger("session_fsm")


class LiveKitDataTracks:
    """The data tracks of one room."""

    def __init__(self, room: rtc.Room) -> None:
        self._room = room

    async def publish(self, name: str) -> LiveKitOwnTrack:
        """Publish a track."""
        try:
            track = await self._room.local_participant.publish_data_track(name=name)
        except Exception as error:  # noqa: BLE001 - the SDK raises its own and plain ones
            said = redact(str(getattr(error, "message", error))) or type(error).__name__
            failure = StreamError(
                f"The data track {name!r} could not be published: {said}.", kind="transport"
            )
            failure.__cause__ = redacted_cause(error)
        else:
            return LiveKitOwnTrack(track)
        raise failure

    def listen(self, published: Published, unpublished: Unpublished) -> None:
        """Tell the tracks of others; the SDK tells those that are there before, too."""

        def tell(track: rtc.RemoteDataTrack) -> None:
            published(LiveKitRemoteTrack(track))

        def gone(sid: str) -> None:
            unpublished(sid)

        self._room.on("data_track_published", tell)  # pyright: ignore[reportUnknownMemberType]
        self._room.on("data_track_unpublished", gone)  # pyright: ignore[reportUnknownMemberType]


class LiveKitOwnTrack:
    """A track of our own."""

    def __init__(self, track: rtc.LocalDataTrack) -> None:
        self._track = track

    def push(self, frame: DataFrame) -> bool:
        """Send a frame; False where the buffer is full or the track is gone."""
        try:
            self._track.try_push(rtc.DataTrackFrame(frame.payload, frame.timestamp))
        except PushFrameError:
            return False
        return True

    async def unpublish(self) -> None:
        """Take the track back."""
        await self._track.unpublish()


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
