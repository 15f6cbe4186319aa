"""The part of the port that sound and pictures go through, both ways."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

    from session_fsm.media.frames import AudioFrame, VideoFrame

    OnMuted: TypeAlias = Callable[[bool], None]
    Hear: TypeAlias = Callable[[AudioFrame], None]
    Watch: TypeAlias = Callable[[VideoFrame], None]


class OwnMediaPort(Protocol):
    """A track that this participant publishes."""

    @property
    def track(self) -> object:
        """The transport's own object."""
        ...

    @property
    def sid(self) -> str:
        """The server's id; another one after a link that was built anew."""
        ...

    def heard_from(self, subscribed_at: float, ready_at: float) -> float:
        """Return when the first sound was sent that an agent heard, as nearly as can be told.

        Args:
            subscribed_at: When somebody subscribed, by the loop's clock.
            ready_at: When the agent said that it is ready.
        """
        ...

    async def subscribed(self) -> None:
        """Wait until somebody has subscribed to it."""
        ...

    async def write(self, frame: AudioFrame | VideoFrame) -> None:
        """Send a frame; waits while the transport has enough of them.

        A track of sound takes frames of any rate and number of channels.
        """
        ...

    def set_muted(self, muted: bool) -> None:  # noqa: FBT001 - the fact itself
        """Have the others know that nothing is sent, or that it is sent again; never raises."""
        ...

    async def unpublish(self) -> None:
        """Take the track back, and let go of what feeds it."""
        ...

    async def close(self) -> None:
        """Let go of what feeds it: the room is left, or gone."""
        ...


class MediaPort(Protocol):
    """The tracks of one link."""

    async def publish_audio(
        self, source: str, on_muted: OnMuted, *, pre_connect: bool = False
    ) -> OwnMediaPort:
        """Publish a track of sound.

        Args:
            source: ``"microphone"``.
            on_muted: Called when the server has muted the track, or unmuted it.
            pre_connect: Announce a buffer of what was said before.

        Raises:
            MediaError: The room does not take it.
        """
        ...

    async def publish_video(
        self, source: str, size: tuple[int, int], on_muted: OnMuted
    ) -> OwnMediaPort:
        """Publish a track of pictures.

        Args:
            source: ``"camera"`` or ``"screen_share"``.
            size: Width and height of the pictures, in pixels; later ones may be of another size.
            on_muted: Called when the server has muted the track, or unmuted it.

        Raises:
            MediaError: The room does not take it.
        """
        ...

    def hear(self, track: object, hear: Hear) -> Callable[[], None]:
        """Hand over what is heard on somebody's track, 48 kHz, one channel, 10 ms each.

        Returns:
            What ends it.
        """
        ...

    def watch(self, track: object, watch: Watch) -> Callable[[], None]:
        """Hand over the pictures of somebody's track, RGBA; those that come too fast are left out.

        Returns:
            What ends it.
        """
        ...
