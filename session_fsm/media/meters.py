"""The three meters of a track of sound: level, bands, waveform."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from session_fsm.media import analysis
from session_fsm.media.meter import Meter

if TYPE_CHECKING:
    from session_fsm.media.frames import AudioFrame
    from stores import OnUnhandled

LEVEL_FFT = 32
BANDS_FFT = 2048


def level(on_unhandled: OnUnhandled | None = None) -> Meter[float]:
    """Return a meter of the level, from 0 to 1."""
    analyser = analysis.Analyser(LEVEL_FFT, smoothing=0.0)
    return Meter(
        0.0,
        lambda frame: analyser.push(_samples(frame)),
        lambda: analysis.volume(analyser),
        on_unhandled,
    )


def bands(
    count: int, low_hz: float, high_hz: float, on_unhandled: OnUnhandled | None = None
) -> Meter[tuple[float, ...]]:
    """Return a meter of the loudness of so many bands, each from 0 to 1.

    Raises:
        ValueError: There is no band, or no frequency between the two.
    """
    if count < 1 or not 0 <= low_hz < high_hz:
        raise ValueError("bands must be 1 or more, and 0 <= low_hz < high_hz")
    analyser = analysis.Analyser(BANDS_FFT)
    rate = 48_000

    def take(frame: AudioFrame) -> None:
        nonlocal rate
        rate = frame.sample_rate
        analyser.push(_samples(frame))

    def measure() -> tuple[float, ...]:
        bin_hz = rate / BANDS_FFT
        first, last = round(low_hz / bin_hz), round(high_hz / bin_hz)
        return analysis.bands(analyser, count, first, max(last, first + 1))

    return Meter((0.0,) * count, take, measure, on_unhandled)


def waveform(bars: int = 120, on_unhandled: OnUnhandled | None = None) -> Meter[tuple[float, ...]]:
    """Return a meter of the last sound's shape, as the heights of so many bars.

    Raises:
        ValueError: There is no bar.
    """
    if bars < 1:
        raise ValueError("bars must be 1 or more")
    size = max(32, 1 << (bars - 1).bit_length())
    analyser = analysis.Analyser(size)
    return Meter(
        (0.0,) * bars,
        lambda frame: analyser.push(_samples(frame)),
        lambda: analysis.waveform(analyser, bars),
        on_unhandled,
    )


def _samples(frame: AudioFrame) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    """Return the samples of the first channel."""
    return np.frombuffer(frame.data, np.int16)[:: frame.num_channels]
