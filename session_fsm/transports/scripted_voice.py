"""A scripted agent's voice and ear: a sound for each word, and how long it was spoken to."""

from __future__ import annotations

import array
import asyncio
from functools import cache
from itertools import cycle, islice
from math import ceil
from typing import TYPE_CHECKING, Final

from session_fsm.media.frames import AudioFrame
from session_fsm.media.synthetic import SAMPLE_RATE

if TYPE_CHECKING:
    from session_fsm.transports.loopback.media import LoopbackMediaTrack

FRAME_SECONDS: Final = 0.01
"""What is heard comes in frames of this length, as from LiveKit."""
PITCH: Final = 440
"""Hz of what it says; its overtones are those of a reed, so that a visualizer has what to show."""
OVERTONES: Final = 11
VOLUME: Final = 6_000
"""Peak of the fundamental."""
SYLLABLES: Final = 4
"""A second; the voice swells and fades with each."""
LOUD: Final = 500
"""Mean amplitude from which a frame is speech."""
QUIET_SECONDS: Final = 0.3
"""So long a silence ends what was said."""


async def say(track: LoopbackMediaTrack | None, seconds: float) -> None:
    """Let so much time pass, and fill it with the voice where somebody listens."""
    if track is None or not track.is_listened_to:
        await asyncio.sleep(seconds)
        return
    frames = ceil(round(seconds / FRAME_SECONDS, 6))
    for frame in islice(cycle(_syllable()), frames):
        track.push(frame)
        await asyncio.sleep(FRAME_SECONDS)


@cache
def _syllable() -> tuple[AudioFrame, ...]:
    """Return the frames of one syllable; it ends in the phase in which it began."""
    import numpy as np  # noqa: PLC0415 - only who is listened to needs it

    size = round(SAMPLE_RATE * FRAME_SECONDS)
    at = 2 * np.pi * np.arange(SAMPLE_RATE // SYLLABLES) / SAMPLE_RATE
    overtones = np.arange(1, OVERTONES + 1)[:, np.newaxis]
    wave = np.sum(np.sin(PITCH * overtones * at) / overtones, axis=0)
    swell = 0.6 + 0.4 * np.cos(SYLLABLES * at)
    samples = array.array("h", [round(VOLUME * one) for one in (swell * wave).tolist()])
    starts = range(0, len(samples), size)
    return tuple([AudioFrame(samples[n : n + size].tobytes(), SAMPLE_RATE) for n in starts])


class Ear:
    """Tells how long somebody spoke, as soon as there was a silence.

    Attributes:
        seconds: How much sound it was given in all, silence included.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self._loud = 0.0
        self._quiet = 0.0

    def hear(self, frame: AudioFrame) -> str | None:
        """Take a frame, and return what was said where it just came to its end."""
        self.seconds += frame.duration
        samples = array.array("h", frame.data)[::8]
        if samples and sum(map(abs, samples)) / len(samples) >= LOUD:
            self._loud += frame.duration
            self._quiet = 0.0
            return None
        if not self._loud:
            return None
        self._quiet += frame.duration
        if self._quiet < QUIET_SECONDS:
            return None
        said = f"heard {self._loud:.1f}s"
        self._loud = self._quiet = 0.0
        return said
