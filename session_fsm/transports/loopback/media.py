"""Sound and pictures on a loopback: what is published is handed to whoever listens."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Final

from session_fsm.errors import MediaError
from session_fsm.events import TrackChanged
from session_fsm.media.frames import AudioFrame, VideoFrame
from session_fsm.media.pace import Brake
from session_fsm.roster import Tracks

if TYPE_CHECKING:
    from collections.abc import Callable

    from session_fsm.transports.loopback.link import LoopbackLink
    from session_fsm.transports.media import Hear, OnMuted, Watch

QUEUE: Final = 0.1
"""Seconds of sound that may be on their way before a writer has to wait."""

_sids = count(1)


class LoopbackMediaTrack:
    """A track of sound or pictures in a room.

    Attributes:
        sid: The server's id.
        is_muted: Nothing is sent on it.
    """

    def __init__(self) -> None:
        self.sid = f"TR_{next(_sids)}"
        self.is_muted = False
        self._listeners: dict[object, Callable[[AudioFrame | VideoFrame], None]] = {}

    @property
    def is_listened_to(self) -> bool:
        """Whether anybody takes what is pushed."""
        return bool(self._listeners)

    def push(self, frame: AudioFrame | VideoFrame) -> None:
        """Hand a frame to everybody who listens."""
        for listener in list(self._listeners.values()):
            listener(frame)

    def listen(self, listener: Callable[[AudioFrame | VideoFrame], None]) -> Callable[[], None]:
        """Hand over every frame from now on, until what is returned is called."""
        key = object()
        self._listeners[key] = listener

        def stop() -> None:
            self._listeners.pop(key, None)

        return stop


class LoopbackOwnMedia:
    """A track that the user publishes; it takes sound as fast as it is heard."""

    def __init__(self, link: LoopbackLink, source: str, on_muted: OnMuted) -> None:
        self.track: Final = LoopbackMediaTrack()
        self.source = source
        self.on_muted = on_muted
        self._link = link
        self._brake = Brake(QUEUE)

    @property
    def sid(self) -> str:
        """The server's id."""
        return self.track.sid

    def heard_from(self, subscribed_at: float, ready_at: float) -> float:
        """Return when the agent was ready: nothing takes any time."""
        del subscribed_at
        return ready_at

    async def subscribed(self) -> None:
        """Everybody is, at once."""

    async def write(self, frame: AudioFrame | VideoFrame) -> None:
        """Send a frame; over a link that is down it is lost."""
        room = self._link.joined
        if room is not None and self._link.is_up and not self.track.is_muted:
            if room.agent_reads(self._link.encryption.cipher):
                room.agent.listen(room, self._link.identity, self.source, frame)
            self.track.push(frame)
        if isinstance(frame, AudioFrame):
            await self._brake.hold(frame.duration)

    def set_muted(self, muted: bool) -> None:  # noqa: FBT001 - the fact itself
        """Tell the others, who see it at once."""
        self.track.is_muted = muted

    async def unpublish(self) -> None:
        """Take the track back."""
        await self.close()

    async def close(self) -> None:
        """Be gone."""
        self._link.media.forget(self)


class LoopbackMedia:
    """The tracks of one link."""

    def __init__(self, link: LoopbackLink) -> None:
        self._link = link
        self._own: list[LoopbackOwnMedia] = []

    @property
    def published(self) -> tuple[LoopbackOwnMedia, ...]:
        """What this link publishes."""
        return tuple(self._own)

    @property
    def tracks(self) -> Tracks:
        """The tracks of this link, as the others see them."""
        return Tracks(**{one.source: one.track for one in self._own})

    def forget(self, own: LoopbackOwnMedia) -> None:
        """Publish this no longer."""
        if own in self._own:
            self._own.remove(own)
            self._tell(own.source, None)

    def _tell(self, source: str, track: LoopbackMediaTrack | None) -> None:
        self._link.participant.publishes(frozenset(one.track.sid for one in self._own))
        if self._link.joined is not None:
            identity = self._link.identity
            self._link.joined.tell_others(identity, TrackChanged(identity, source, track))

    async def publish_audio(
        self, source: str, on_muted: OnMuted, *, pre_connect: bool = False
    ) -> LoopbackOwnMedia:
        """Publish a track of sound."""
        own = await self._publish(source, on_muted)
        if pre_connect and self._link.joined is not None:
            self._link.joined.agent.expect(self._link.joined, self._link.identity)
        return own

    async def publish_video(
        self, source: str, size: tuple[int, int], on_muted: OnMuted
    ) -> LoopbackOwnMedia:
        """Publish a track of pictures."""
        del size
        return await self._publish(source, on_muted)

    async def _publish(self, source: str, on_muted: OnMuted) -> LoopbackOwnMedia:
        await self._link.carried()
        if self._link.joined is None:
            raise MediaError(
                f"The {source.replace('_', ' ')} could not be published: the room was left.",
                kind="other",
            )
        own = LoopbackOwnMedia(self._link, source, on_muted)
        self._own.append(own)
        self._tell(source, own.track)
        return own

    def _reads(self) -> bool:
        room = self._link.joined
        return (
            self._link.is_up and room is not None and self._link.encryption.reads(room.agent_cipher)
        )

    def hear(self, track: object, hear: Hear) -> Callable[[], None]:
        """Hand over what is heard on a track."""

        def listener(frame: AudioFrame | VideoFrame) -> None:
            if isinstance(frame, AudioFrame) and self._reads():
                hear(frame)

        return _track(track).listen(listener)

    def watch(self, track: object, watch: Watch) -> Callable[[], None]:
        """Hand over the pictures of a track."""

        def listener(frame: AudioFrame | VideoFrame) -> None:
            if isinstance(frame, VideoFrame) and self._reads():
                watch(frame)

        return _track(track).listen(listener)


def _track(track: object) -> LoopbackMediaTrack:
    if not isinstance(track, LoopbackMediaTrack):
        raise TypeError(f"a track must be the loopback's, not {type(track).__name__}")
    return track
