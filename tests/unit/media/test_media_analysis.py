"""Levels and bands against what Chromium 156 makes of the same samples: `browser/analyser.html`."""

import json
import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from session_fsm.media.analysis import Analyser, bands, volume, waveform

TICK = 1536
SEEN: dict[str, list[dict[str, Any]]] = json.loads(
    (Path(__file__).parent / "browser" / "analyser.json").read_text()
)


def signal() -> "np.ndarray[tuple[int], np.dtype[np.int16]]":
    """The signal of the page, sample by sample."""
    noise, samples = 1, []
    for n in range(TICK * 8):
        noise = noise * 16807 % 2147483647
        wave = 6000 * math.sin(2 * math.pi * 440 * n / 48_000)
        wave += 2500 * math.sin(2 * math.pi * 3000 * n / 48_000) * (n < 6000)
        samples.append(math.floor(wave + 300 * (noise / 1073741824 - 1) + 0.5))
    return np.array(samples, np.int16)


def ticks(size: int, smoothing: float, piece: int = 480) -> Any:
    """The analyser at the moments at which the page looked, fed in pieces."""
    analyser = Analyser(size, smoothing)
    samples = signal()
    for tick in range(8):
        heard = samples[tick * TICK : (tick + 1) * TICK]
        for start in range(0, TICK, piece):
            analyser.push(heard[start : start + piece])
        yield analyser


@pytest.mark.parametrize("piece", [96, 480, 1536])
@pytest.mark.parametrize(("name", "size", "smoothing"), [("level", 32, 0.0), ("bands", 2048, 0.8)])
def test_the_spectrum_is_the_browsers(name: str, size: int, smoothing: float, piece: int) -> None:
    worst: list[float] = []
    for seen, analyser in zip(SEEN[name], ticks(size, smoothing, piece), strict=True):
        ours = analyser.decibels()
        assert ours.shape == (size // 2,)
        wanted = np.array(seen["decibels"])
        worst.append(float(np.abs(ours[: len(wanted)] - wanted).max()))
    print(f"the largest difference: {max(worst):.3f} dB")
    assert max(worst) < 0.1


@pytest.mark.parametrize(("name", "size", "smoothing"), [("level", 32, 0.0), ("bands", 2048, 0.8)])
def test_the_bytes_are_the_browsers(name: str, size: int, smoothing: float) -> None:
    for seen, analyser in zip(SEEN[name], ticks(size, smoothing), strict=True):
        ours = analyser.bytes()[: len(seen["bytes"])]
        assert np.abs(ours - np.array(seen["bytes"])).max() <= 1


def test_the_level_is_the_root_mean_square_of_the_bytes() -> None:
    for seen, analyser in zip(SEEN["level"], ticks(32, 0.0), strict=True):
        wanted = math.sqrt(sum((one / 255) ** 2 for one in seen["bytes"]) / len(seen["bytes"]))
        assert volume(analyser) == pytest.approx(wanted, abs=0.005)


def test_the_bands_are_means_of_what_the_browser_shows() -> None:
    for seen, analyser in zip(SEEN["bands"], ticks(2048, 0.8), strict=True):
        heard = seen["decibels"][10:117]
        scaled = [math.sqrt(1 - max(-100, min(-10, one)) * -1 / 100) for one in heard]
        edges = [len(scaled) * place // 5 for place in range(6)]
        wanted = [sum(scaled[a:b]) / (b - a) for a, b in pairwise(edges)]
        assert bands(analyser, 5, 10, 117) == pytest.approx(wanted, abs=0.001)


def test_silence_is_nothing() -> None:
    analyser = Analyser()
    assert np.all(np.isneginf(analyser.decibels()))
    assert volume(Analyser(32, 0.0)) == 0.0
    assert bands(analyser, 3, 0, 10) == (0.0, 0.0, 0.0)
    assert bands(analyser, 3, 0, 2) == (0.0, 0.0, 0.0)
    assert waveform(analyser, 4) == (0.0,) * 4


def test_the_waveform_is_the_mean_of_each_block() -> None:
    analyser = Analyser(32)
    analyser.push(np.array([32_767, -32_768] * 8 + [0] * 16, np.int16))
    assert waveform(analyser, 4) == pytest.approx((5, 5, 0, 0), abs=0.001)
    assert len(waveform(analyser, 5)) == 5
