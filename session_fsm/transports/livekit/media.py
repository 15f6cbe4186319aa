"""Sound and pictures on a `livekit.rtc.Room`.

Measured with livekit 1.2.1: a source's queue is latency (1 s by default), an unpaced producer fills
it; ``publish_track`` on a room that is gone waits for ever; a room that the server has ended leaks
the sources of its tracks, so they are closed here.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from livekit import rtc

from session_fsm.errors import MediaError
from session_fsm.media.frames import SAMPLE_BYTES, AudioFrame, VideoFrame, pieces
from session_fsm.redact import redact, redacted_cause
from session_fsm.transports.livekit.tasks import error_of

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping

    from session_fsm.transports.livekit.seat import Seat
    from session_fsm.transports.media import Hear, OnMuted, Watch

SAMPLE_RATE: Final = 48_000
QUEUE_MS: Final = 100
"""How much of what is sent may wait in the source: more of it is latency."""
PIECE: Final = SAMPLE_RATE // 50
"""Samples that are handed over at once: a long frame must not hold up the mute."""
HEARD_FRAMES: Final = 100
"""How many frames the SDK keeps for a reader that is late; the oldest are dropped."""
LATENCY: Final = 0.04
"""Seconds from the microphone to an agent that has just subscribed; measured 0.01 to 0.08."""
LATE_LATENCY: Final = 0.14
"""The same to one that subscribed long before it listened; measured 0.09 to 0.24, once 0.3."""
AT_ONCE: Final = 0.5
"""Seconds between subscribing and being ready, from which on it is one of those."""
PUBLISH_TIMEOUT: Final = 10.0
CLOSE_TIMEOUT: Final = 2.0
REFUSED: Final = "The {} could not be published: {}."

SOURCES: Final[Mapping[str, rtc.TrackSource.ValueType]] = {
    "microphone": rtc.TrackSource.SOURCE_MICROPHONE,
    "camera": rtc.TrackSource.SOURCE_CAMERA,
    "screen_share": rtc.TrackSource.SOURCE_SCREENSHARE,
}
FORMATS: Final[Mapping[str, rtc.VideoBufferType.ValueType]] = {
    "rgba": rtc.VideoBufferType.RGBA,
    "rgb24": rtc.VideoBufferType.RGB24,
    "i420": rtc.VideoBufferType.I420,
}

logger = logging.getLogger("session_fsm")


class LiveKitMedia:
    """The tracks of one room."""

    def __init__(self, seat: Seat) -> None:
        self._seat = seat
        self._own: list[LiveKitOwnMedia] = []
        self.on_published: Callable[[], None] = _nothing
        self._tasks: set[asyncio.Task[None]] = set()

    async def publish_audio(
        self, source: str, on_muted: OnMuted, *, pre_connect: bool = False
    ) -> LiveKitOwnMedia:
        """Publish a track of sound."""
        sound = rtc.AudioSource(SAMPLE_RATE, 1, queue_size_ms=QUEUE_MS)
        options = rtc.TrackPublishOptions(source=SOURCES[source], preconnect_buffer=pre_connect)
        return await self._published(source, AudioFeed(sound), options, on_muted)

    async def publish_video(
        self, source: str, size: tuple[int, int], on_muted: OnMuted
    ) -> LiveKitOwnMedia:
        """Publish a track of pictures."""
        pictures = rtc.VideoSource(*size, is_screencast=source == "screen_share")
        options = rtc.TrackPublishOptions(source=SOURCES[source])
        return await self._published(source, VideoFeed(pictures), options, on_muted)

    async def _published(
        self,
        name: str,
        feed: AudioFeed | VideoFeed,
        options: rtc.TrackPublishOptions,
        on_muted: OnMuted,
    ) -> LiveKitOwnMedia:
        track = feed.track(name)
        published = await self._publish(name, track, feed.source, options)
        own = LiveKitOwnMedia(
            self._seat.room,
            published,
            track,
            feed,
            options=options,
            on_muted=on_muted,
            everything=self._own,
        )
        self._own.append(own)
        self.on_published()
        return own

    async def take_back(self) -> None:
        """Publish nothing in the Room that is about to be left.

        Whoever hears a track when it loses sight of its publisher hears what is still on its way
        without deciphering it: 0.1 s of noise, measured.
        """
        room = self._seat.room
        for own in tuple(self._own):
            with suppress(Exception):  # it ends with the Room in any case
                async with asyncio.timeout(CLOSE_TIMEOUT):
                    await room.local_participant.unpublish_track(own.sid)

    async def moved(self, republished: Callable[[str, object], None]) -> None:
        """Publish in the present Room what was published in the one before."""
        for own in tuple(self._own):
            track = own.feed.track(own.name)
            try:
                published = await self._publish(own.name, track, None, own.options)
            except MediaError as error:
                logger.warning("after encryption was turned on or off: %s", error)
                continue
            if own in self._own:
                own.move(self._seat.room, published, track)
                republished(own.name, track)
            else:  # it was turned off meanwhile
                with suppress(Exception):
                    await self._seat.room.local_participant.unpublish_track(published.sid)
        self.on_published()

    async def _publish(
        self,
        name: str,
        track: rtc.LocalTrack,
        source: rtc.AudioSource | rtc.VideoSource | None,
        options: rtc.TrackPublishOptions,
    ) -> rtc.LocalTrackPublication:
        room = self._seat.room
        publishing = asyncio.get_running_loop().create_task(
            room.local_participant.publish_track(track, options)
        )
        said = f"no answer within {PUBLISH_TIMEOUT:g} seconds"
        cause: Exception | None = None
        try:
            await asyncio.wait({publishing}, timeout=PUBLISH_TIMEOUT)
        except asyncio.CancelledError:
            self._give_up(room, publishing, source)
            raise
        if publishing.done():
            error = publishing.exception()
            if error is None:
                return publishing.result()
            said = redact(str(getattr(error, "message", error))) or type(error).__name__
            cause = redacted_cause(error) if isinstance(error, Exception) else None
        self._give_up(room, publishing, source)
        failure = MediaError(REFUSED.format(name.replace("_", " "), said), kind="other")
        failure.__cause__ = cause
        raise failure

    def _give_up(
        self,
        room: rtc.Room,
        publishing: asyncio.Task[rtc.LocalTrackPublication],
        source: rtc.AudioSource | rtc.VideoSource | None,
    ) -> None:
        """Take a track back that may yet be published: the SDK does not stop at a cancel."""

        async def take_back() -> None:
            await asyncio.wait({publishing}, timeout=PUBLISH_TIMEOUT)
            if publishing.done() and publishing.exception() is None and room.isconnected():
                with suppress(Exception):  # the room may be left by now
                    await room.local_participant.unpublish_track(publishing.result().sid)
            publishing.cancel()
            if source is not None:
                await source.aclose()

        self._keep(take_back())

    def hear(self, track: object, hear: Hear) -> Callable[[], None]:
        """Read a track of sound in a task of its own."""
        return self._read(_listen(_track(track), hear))

    def watch(self, track: object, watch: Watch) -> Callable[[], None]:
        """Read a track of pictures in a task of its own."""
        return self._read(_look(_track(track), watch))

    def _keep(self, work: Coroutine[object, object, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _read(self, reading: Coroutine[object, object, None]) -> Callable[[], None]:
        task = self._keep(reading)

        def stop() -> None:
            task.cancel()

        return stop


def _track(track: object) -> rtc.Track:
    if not isinstance(track, rtc.Track):
        raise TypeError(f"a track must be LiveKit's, not {type(track).__name__}")
    return track


async def _listen(track: rtc.Track, hear: Hear) -> None:
    stream = rtc.AudioStream(
        track, capacity=HEARD_FRAMES, sample_rate=SAMPLE_RATE, num_channels=1, frame_size_ms=10
    )
    try:
        async for event in stream:
            hear(AudioFrame(bytes(event.frame.data), SAMPLE_RATE, 1))
    finally:
        await stream.aclose()


async def _look(track: rtc.Track, watch: Watch) -> None:
    stream = rtc.VideoStream(track, capacity=1, format=rtc.VideoBufferType.RGBA)
    try:
        async for event in stream:
            frame = event.frame
            watch(VideoFrame(bytes(frame.data), frame.width, frame.height))
    finally:
        await stream.aclose()


def _nothing() -> None:
    """Nobody wants to know."""


class AudioFeed:
    """What takes sound: of any rate and number of channels, sent as 48 kHz, one channel."""

    def __init__(self, source: rtc.AudioSource) -> None:
        self.source: Final = source
        self._capturing: asyncio.Task[None] | None = None
        self._resampler: rtc.AudioResampler | None = None
        self._rate = SAMPLE_RATE

    def track(self, name: str) -> rtc.LocalAudioTrack:
        """Return a track of what it takes; there is one for each Room."""
        return rtc.LocalAudioTrack.create_audio_track(name, self.source)

    async def write(self, frame: AudioFrame) -> None:
        """Send a frame."""
        for data in self._resampled(_mono(frame), frame.sample_rate):
            for piece in pieces(data, PIECE):
                samples = len(piece) // SAMPLE_BYTES
                await self._capture(rtc.AudioFrame(piece, SAMPLE_RATE, 1, samples))

    async def _capture(self, frame: rtc.AudioFrame) -> None:
        """Hand a frame to the SDK once it has taken the one before: it refuses two at a time.

        It is not waited for, but by the next one: a write that is cancelled, because another input
        takes over, leaves none half done, and one at its own pace never waits, which is cheaper.
        """
        before = self._capturing
        if before is not None:
            if not before.done():
                await asyncio.wait({before})
            before.result()
        self._capturing = asyncio.get_running_loop().create_task(self.source.capture_frame(frame))
        self._capturing.add_done_callback(error_of)

    def _resampled(self, data: bytes, rate: int) -> list[bytes]:
        if rate != self._rate:
            self._rate = rate
            self._resampler = None if rate == SAMPLE_RATE else rtc.AudioResampler(rate, SAMPLE_RATE)
        if self._resampler is None:
            return [data]
        return [bytes(one.data) for one in self._resampler.push(bytearray(data))]


class VideoFeed:
    """What takes pictures."""

    def __init__(self, source: rtc.VideoSource) -> None:
        self.source: Final = source

    def track(self, name: str) -> rtc.LocalVideoTrack:
        """Return a track of what it takes; there is one for each Room."""
        return rtc.LocalVideoTrack.create_video_track(name, self.source)

    async def write(self, frame: VideoFrame) -> None:
        """Send a picture, and let others run: the SDK takes it at once."""
        self.source.capture_frame(
            rtc.VideoFrame(frame.width, frame.height, FORMATS[frame.format], frame.data)
        )
        await asyncio.sleep(0)


class LiveKitOwnMedia:
    """A track of our own."""

    def __init__(
        self,
        room: rtc.Room,
        published: rtc.LocalTrackPublication,
        track: rtc.LocalAudioTrack | rtc.LocalVideoTrack,
        feed: AudioFeed | VideoFeed,
        *,
        options: rtc.TrackPublishOptions,
        on_muted: OnMuted,
        everything: list[LiveKitOwnMedia],
    ) -> None:
        self.name: Final = track.name
        self.track = track
        self.feed: Final = feed
        self.options: Final = options
        self._published = published
        self._room = room
        self._on_muted = on_muted
        self._all = everything
        self._is_muted = False
        self._echoes: deque[bool] = deque()
        self._handlers: dict[Any, Callable[..., None]] = {
            "track_muted": self._muted,
            "track_unmuted": self._unmuted,
        }
        self._follow()

    def _follow(self) -> None:
        for event, handler in self._handlers.items():
            self._room.on(event, handler)  # pyright: ignore[reportUnknownMemberType]

    def _leave(self) -> None:
        for event, handler in self._handlers.items():
            self._room.off(event, handler)  # pyright: ignore[reportUnknownMemberType]

    def move(
        self,
        room: rtc.Room,
        published: rtc.LocalTrackPublication,
        track: rtc.LocalAudioTrack | rtc.LocalVideoTrack,
    ) -> None:
        """Be this track of another Room from now on."""
        self._leave()
        self._room, self._published, self.track = room, published, track
        self._echoes.clear()
        self._follow()
        if self._is_muted:
            self.set_muted(muted=True)

    @property
    def sid(self) -> str:
        """The server's id."""
        return self._published.sid

    def heard_from(self, subscribed_at: float, ready_at: float) -> float:
        """Return when the first sound was sent that livekit-agents keeps.

        An agent that starts its session before it joins keeps what comes from when it subscribes, a
        little before or after it says that it is ready. One that joins first does so when it starts
        its session; what it hears is then older, because it has not listened all the while.
        """
        if ready_at - subscribed_at < AT_ONCE:
            return subscribed_at - LATENCY
        return ready_at - LATE_LATENCY

    async def subscribed(self) -> None:
        """Wait until somebody has subscribed to it."""
        await self._published.wait_for_subscription()

    async def write(self, frame: AudioFrame | VideoFrame) -> None:
        """Send a frame."""
        match self.feed, frame:
            case AudioFeed() as feed, AudioFrame() as sound:
                await feed.write(sound)
            case VideoFeed() as feed, VideoFrame() as picture:
                await feed.write(picture)
            case _:
                kind = type(frame).__name__
                raise TypeError(f"the {self.name} does not take a {kind}")

    def set_muted(self, muted: bool) -> None:  # noqa: FBT001 - the fact itself
        """Tell the others; the SDK tells us, too, later, and then it is no news."""
        self._echoes.append(muted)
        self._is_muted = muted
        try:
            if muted:
                self.track.mute()
            else:
                self.track.unmute()
        except Exception as error:  # noqa: BLE001 - nothing is sent in any case
            logger.debug("muting %s failed: %s", self.track.name, redact(repr(error)))

    def _muted(self, _one: rtc.Participant, publication: rtc.TrackPublication) -> None:
        self._told(publication, muted=True)

    def _unmuted(self, _one: rtc.Participant, publication: rtc.TrackPublication) -> None:
        self._told(publication, muted=False)

    def _told(self, publication: rtc.TrackPublication, *, muted: bool) -> None:
        if publication.sid != self.sid:
            return
        if self._echoes and self._echoes[0] is muted:
            self._echoes.popleft()
            return
        self._echoes.clear()
        self._is_muted = muted
        self._on_muted(muted)

    async def unpublish(self) -> None:
        """Take the track back; the source is closed in any case."""
        try:
            if self._room.isconnected():
                async with asyncio.timeout(CLOSE_TIMEOUT):
                    await self._room.local_participant.unpublish_track(self.sid)
        except Exception as error:  # noqa: BLE001 - the room goes on without it
            logger.debug("taking %s back failed: %s", self.track.name, redact(repr(error)))
        finally:
            await self.close()

    async def close(self) -> None:
        """Close the source, which the SDK leaks when the server ends the room."""
        if self in self._all:
            self._all.remove(self)
        self._leave()
        await self.feed.source.aclose()


def _mono(frame: AudioFrame) -> bytes:
    if frame.num_channels == 1:
        return frame.data
    samples = np.frombuffer(frame.data, np.int16).reshape(-1, frame.num_channels)
    data: bytes = samples.mean(axis=1).astype(np.int16).tobytes()
    return data
