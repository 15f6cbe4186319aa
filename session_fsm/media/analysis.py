"""Levels, bands and waveforms, as LiveKit's web components compute them.

The browser's part is the AnalyserNode of the Web Audio API (W3C, section 1.8): a Blackman window
(a = 0.16) over the last samples, a Fourier transform, smoothing over time, decibels. What is made
of it is what `components-react` 3.0.0 makes of it in ``useTrackVolume``,
``useMultibandTrackVolume`` and ``useAudioWaveform``.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]

MIN_DECIBELS: Final = -100.0
MAX_DECIBELS: Final = -80.0
"""What livekit-client 2.23.0 gives its AnalyserNodes: everything louder counts as full."""
BAND_FLOOR: Final = -100.0
BAND_CEILING: Final = -10.0
LOUDEST: Final = 32_768.0


class Analyser:
    """An AnalyserNode.

    Args:
        fft_size: How many samples are looked at: a power of two.
        smoothing: From 0, not at all, to just below 1.
    """

    def __init__(self, fft_size: int = 2048, smoothing: float = 0.8) -> None:
        self.fft_size = fft_size
        self._smoothing = smoothing
        n = np.arange(fft_size)
        turn = 2 * np.pi * n / fft_size
        self._window: Floats = 0.42 - 0.5 * np.cos(turn) + 0.08 * np.cos(2 * turn)
        self._last: Floats = np.zeros(fft_size)
        self._smooth: Floats = np.zeros(fft_size // 2)

    def push(self, samples: NDArray[np.int16]) -> None:
        """Take samples of one channel."""
        new = samples[-self.fft_size :] / LOUDEST
        self._last = np.concatenate((self._last[len(new) :], new))

    @property
    def samples(self) -> Floats:
        """The last samples, from -1 to 1."""
        return self._last

    def decibels(self) -> Floats:
        """Return the spectrum, in dB; each call is one step of the smoothing.

        Returns:
            ``fft_size / 2`` bins from 0 Hz to half the sample rate; -inf where there is nothing.
        """
        spectrum: Any = np.fft.rfft(self._last * self._window)[: self.fft_size // 2]
        loudness = np.abs(spectrum) / self.fft_size
        self._smooth = self._smoothing * self._smooth + (1 - self._smoothing) * loudness
        with np.errstate(divide="ignore"):
            decibels: Floats = 20 * np.log10(self._smooth)
        return decibels

    def bytes(self) -> Floats:
        """Return the spectrum as whole numbers from 0 to 255; a step of the smoothing, too."""
        scaled = 255 / (MAX_DECIBELS - MIN_DECIBELS) * (self.decibels() - MIN_DECIBELS)
        return np.floor(np.clip(scaled, 0, 255))


def volume(analyser: Analyser) -> float:
    """Return the level from 0 to 1 that ``useTrackVolume`` shows."""
    return float(np.sqrt(np.mean((analyser.bytes() / 255) ** 2)))


def bands(analyser: Analyser, count: int, first: int, last: int) -> tuple[float, ...]:
    """Return the loudness of each band from 0 to 1, as ``useMultibandTrackVolume`` shows it.

    Args:
        analyser: What was heard.
        count: How many bands.
        first: The first bin that counts.
        last: The first bin that does not count any more.
    """
    heard = analyser.decibels()[first:last]
    scaled = np.sqrt(1 + np.clip(heard, BAND_FLOOR, BAND_CEILING) / 100)
    scaled[np.isneginf(heard)] = 0
    edges = [len(scaled) * place // count for place in range(count + 1)]
    pairs = pairwise(edges)
    return tuple(float(np.mean(scaled[a:b])) if b > a else 0.0 for a, b in pairs)


def waveform(analyser: Analyser, bars: int) -> tuple[float, ...]:
    """Return the height of each bar, from 0 on, as ``useAudioWaveform`` shows it."""
    size = analyser.fft_size // bars
    blocks = np.abs(analyser.samples[: size * bars]).reshape(bars, size).mean(axis=1)
    return tuple(float(bar) for bar in np.sqrt(blocks) * 5)
