"""The part of the agent and of other participants that is heard and seen."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from session_fsm.media.frames import AudioFrame, VideoFrame
    from session_fsm.media.meter import Meter
    from session_fsm.media.remote import FrameReader, Senses
    from stores import OnUnhandled, Store

T = TypeVar("T")


class RemoteMedia:
    """A participant's voice, picture and screen; the agent's own, else its avatar worker's."""

    def __init__(self, senses: Senses, on_unhandled: OnUnhandled | None = None) -> None:
        self._senses = senses
        self._on_unhandled = on_unhandled

    @property
    def microphone_track(self) -> Store[object | None]:
        """The ``livekit.rtc.RemoteTrack`` that is heard, while it is subscribed."""
        return self._senses.voice.track

    @property
    def camera_track(self) -> Store[object | None]:
        """The ``livekit.rtc.RemoteTrack`` that is seen, while it is subscribed."""
        return self._senses.sight.track

    @property
    def screen_share_track(self) -> Store[object | None]:
        """The ``livekit.rtc.RemoteTrack`` of the screen, while it is subscribed."""
        return self._senses.screen.track

    def audio(self, buffer: int = 100) -> FrameReader[AudioFrame]:
        """Return what is said from now on, until the run ends.

        It goes on over another track, over another agent or the same participant come back, and
        after the link was restored.

        Args:
            buffer: How many frames of 10 ms are kept for a consumer that is late.

        Returns:
            An async iterator of frames of 48 kHz and one channel; its ``dropped`` counts those
            that came too fast.

        Raises:
            ValueError: The buffer is below 1.
        """
        return self._senses.voice.reader(buffer)

    def video(self) -> FrameReader[VideoFrame]:
        """Return the pictures of the camera from now on, until the run ends: always the newest one.

        Returns:
            An async iterator of frames in RGBA; its ``dropped`` counts those that came too fast.
        """
        return self._senses.sight.reader()

    def screen_share(self) -> FrameReader[VideoFrame]:
        """Return the pictures of the screen from now on; see ``video``."""
        return self._senses.screen.reader()

    @cached_property
    def level(self) -> Store[float]:
        """How loud the voice is, from 0 to 1, every 32 ms, as LiveKit's ``useTrackVolume``.

        It is measured from the first time on that this is asked for.
        """
        from session_fsm.media import meters  # noqa: PLC0415 - numpy is loaded for nobody else

        return self._fed(meters.level(self._on_unhandled))

    def bands(
        self, count: int = 5, low_hz: float = 2_344.0, high_hz: float = 4_688.0
    ) -> Store[tuple[float, ...]]:
        """Return a store of how loud each band is, from 0 to 1, every 32 ms.

        As LiveKit's ``useMultibandTrackVolume``, whose Agents UI looks at the bins 100 to 200 of
        2048 samples: at 48 kHz these are the frequencies that are the default here.

        Args:
            count: How many bands of equal width.
            low_hz: Where the first begins, in Hz.
            high_hz: Where the last ends, in Hz.

        Raises:
            ValueError: There is no band, or no frequency between the two.
        """
        from session_fsm.media import meters  # noqa: PLC0415 - numpy is loaded for nobody else

        return self._fed(meters.bands(count, low_hz, high_hz, self._on_unhandled))

    def waveform(self, bars: int = 120) -> Store[tuple[float, ...]]:
        """Return a store of the shape of the last milliseconds, every 32 ms.

        As LiveKit's ``useAudioWaveform``: the height of each bar, 0 while nothing is heard.

        Raises:
            ValueError: There is no bar.
        """
        from session_fsm.media import meters  # noqa: PLC0415 - numpy is loaded for nobody else

        return self._fed(meters.waveform(bars, self._on_unhandled))

    def _fed(self, meter: Meter[T]) -> Store[T]:
        self._senses.voice.listen(meter.hear, meter.end)
        return meter
