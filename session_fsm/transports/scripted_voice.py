"""A scripted agent's voice and ear: a tone for each word, and how long it was spoken to."""

from __future__ import annotations

import array
import asyncio
from itertools import islice
from math import ceil
from typing import TYPE_CHECKING, Final

from session_fsm.media.synthetic import SAMPLE_RATE, tone

if TYPE_CHECKING:
    from session_fsm.media.frames import AudioFrame
    from session_fsm.transports.loopback.media import LoopbackMediaTrack

FRAME_SECONDS: Final = 0.01
"""What is heard comes in frames of this length, as from LiveKit."""
PITCH: Final = 440.0
"""Hz of what it says."""
PEAK: Final = 3_000
LOUD: Final = 500
"""Mean amplitude from which a frame is speech."""
QUIET_SECONDS: Final = 0.3
"""So long a silence ends what was said."""


async def say(track: LoopbackMediaTrack | None, seconds: float) -> None:
    """Let so much time pass, and fill it with a tone where somebody listens."""
    if track is None or not track.is_listened_to:
        await asyncio.sleep(seconds)
        return
    frames = tone(PITCH, PEAK, SAMPLE_RATE, FRAME_SECONDS)
    for frame in islice(frames, ceil(round(seconds / FRAME_SECONDS, 6))):
        track.push(frame)
        await asyncio.sleep(FRAME_SECONDS)


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
