"""Whether a text can be read on its background."""

from __future__ import annotations


def contrast(one: tuple[int, ...], other: tuple[int, ...]) -> float:
    """Return WCAG 2's contrast of two colours, red, green and blue from 0 to 255: from 1 to 21."""
    low, high = sorted((_luminance(*one), _luminance(*other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(red: int, green: int, blue: int) -> float:
    return 0.2126 * _linear(red) + 0.7152 * _linear(green) + 0.0722 * _linear(blue)


def _linear(level: int) -> float:
    share = level / 255
    return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4
