"""Sound without a device: a tone, and nothing at all."""

from __future__ import annotations

import array
import math
from contextlib import aclosing, asynccontextmanager
from fractions import Fraction
from functools import partial
from itertools import count, cycle
from typing import TYPE_CHECKING, Final

from session_fsm.media.frames import AudioFrame
from session_fsm.media.pace import FRAME_SECONDS, paced

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Iterator

SAMPLE_RATE: Final = 48_000
PEAK: Final = 32_767
KEPT_SECONDS: Final = 2
"""A wave that comes back to its beginning by then is computed once."""


class ToneInput:
    """A sine wave, without an end.

    Args:
        frequency: In Hz.
        volume: Its peak, from 0 to 1.
        sample_rate: In Hz.

    Raises:
        ValueError: The frequency is not above 0 and below half the sample rate, or the volume not
            from 0 to 1.
    """

    def __init__(
        self, frequency: float = 440.0, *, volume: float = 0.3, sample_rate: int = SAMPLE_RATE
    ) -> None:
        if not 0 < frequency < sample_rate / 2:
            raise ValueError(f"frequency must be above 0 and below {sample_rate / 2} Hz")
        if not 0 <= volume <= 1:
            raise ValueError(f"volume must be from 0 to 1, not {volume}")
        self.name = f"tone of {frequency:g} Hz"
        self._frames = partial(tone, frequency, volume * PEAK, sample_rate, FRAME_SECONDS)

    def __repr__(self) -> str:
        return f"<ToneInput {self.name}>"

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[AsyncIterator[AudioFrame], None]:
        """Begin with the tone."""
        async with aclosing(paced(self._frames())) as frames:
            yield frames


class SilenceInput:
    """Silence, without an end: a microphone that is there and hears nothing."""

    name = "silence"

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[AsyncIterator[AudioFrame], None]:
        """Begin with it."""
        async with aclosing(paced(silence(SAMPLE_RATE, 1))) as frames:
            yield frames


def tone(
    frequency: float, peak: float, sample_rate: int, frame_seconds: float
) -> Iterator[AudioFrame]:
    """Return the frames of a sine wave, without an end."""
    step = 2 * math.pi * frequency / sample_rate
    size = round(sample_rate * frame_seconds)

    def frame(start: int) -> AudioFrame:
        wave = (round(peak * math.sin(step * n)) for n in range(start, start + size))
        return AudioFrame(array.array("h", wave).tobytes(), sample_rate)

    period = math.lcm((Fraction(frequency) / sample_rate).denominator, size)
    if period <= KEPT_SECONDS * sample_rate:
        return cycle(map(frame, range(0, period, size)))
    return map(frame, count(0, size))


def silence(sample_rate: int, num_channels: int) -> Iterator[AudioFrame]:
    """Yield silent frames for ever."""
    frame = AudioFrame.silence(FRAME_SECONDS, sample_rate, num_channels)
    while True:
        yield frame
