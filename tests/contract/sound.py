"""Sound for tests: files to speak from, and what can be said of a recording."""

import array
import math
import wave
from pathlib import Path

import numpy as np

QUIET = 60
"""Amplitude below which there is no speech; the agent's tone has 1000 and more."""


def tone_file(
    path: Path, seconds: float, frequency: float = 300.0, rate: int = 24_000, channels: int = 1
) -> Path:
    wave_form = (
        int(8_000 * math.sin(2 * math.pi * frequency * n / rate))
        for n in range(int(seconds * rate))
    )
    samples = array.array("h", (one for sample in wave_form for one in [sample] * channels))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.tobytes())
    return path


class Recording:
    """A WAV file, and its longest stretch of sound."""

    def __init__(self, path: Path) -> None:
        with wave.open(str(path), "rb") as file:
            self.rate = file.getframerate()
            data = file.readframes(file.getnframes())
        self.samples = np.frombuffer(data, np.int16).astype(float)
        self.seconds = len(self.samples) / self.rate

    def spoken(self) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
        """From the first loud sample to the last."""
        loud = np.flatnonzero(np.abs(self.samples) > QUIET * 4)
        return self.samples[loud[0] : loud[-1] + 1] if len(loud) else self.samples[:0]

    def pitch(self) -> float:
        """The loudest frequency, in Hz."""
        spoken = self.spoken()
        spectrum = np.abs(np.fft.rfft(spoken * np.hanning(len(spoken))))
        return float(np.argmax(spectrum) * self.rate / len(spoken))

    def longest_gap(self) -> float:
        """The longest silence within what was spoken, in seconds."""
        loud = np.flatnonzero(np.abs(self.spoken()) > QUIET)
        return float(np.diff(loud).max() / self.rate) if len(loud) > 1 else math.inf
