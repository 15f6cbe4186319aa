"""How high the rows are, though most of them were never laid out."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence

Pixels: TypeAlias = NDArray[np.int64]


class RowHeights:
    """The heights of rows, and where each begins: microseconds for ten thousand of them."""

    def __init__(self) -> None:
        self._heights: Pixels = np.empty(0, np.int64)
        self._ends: Pixels | None = None

    def __len__(self) -> int:
        return len(self._heights)

    def __getitem__(self, index: int) -> int:
        return int(self._heights[index])

    def __setitem__(self, index: int, height: int) -> None:
        if self._heights[index] != height:
            self._heights[index] = height
            self._ends = None

    def replace(self, heights: Sequence[int] | Pixels) -> None:
        """Forget all, and take these."""
        self._heights = np.array(heights, np.int64)
        self._ends = None

    def insert(self, index: int, height: int) -> None:
        """Make room for a row."""
        self._heights = np.insert(self._heights, index, height)
        self._ends = None

    def remove(self, index: int) -> None:
        """Take a row out."""
        self._heights = np.delete(self._heights, index)
        self._ends = None

    @property
    def total(self) -> int:
        """All of them together."""
        ends = self._summed()
        return int(ends[-1]) if len(ends) else 0

    def top(self, index: int) -> int:
        """Return where a row begins."""
        return int(self._summed()[index - 1]) if index else 0

    def at(self, y: int) -> int:
        """Return the row that is there; ``len()`` of them below the last one."""
        return int(np.searchsorted(self._summed(), y, side="right"))

    def _summed(self) -> Pixels:
        if self._ends is None:
            self._ends = np.cumsum(self._heights)
        return self._ends
