"""Where the rows of a transcript are, and from which one on they are in view."""

from __future__ import annotations

from typing import TYPE_CHECKING

from session_fsm.ui.qt.row_heights import RowHeights

if TYPE_CHECKING:
    from session_fsm.ui.qt.row_drawing import RowDrawing
    from session_fsm.ui.qt.transcript_rows import TranscriptRows


class RowPlaces:
    """Lays out rows as they come into view; where all others are is an estimate.

    All numbers are pixels, from the top of the first row.

    Args:
        rows: The rows.
        drawing: How they are laid out.
    """

    def __init__(self, rows: TranscriptRows, drawing: RowDrawing) -> None:
        self._model = rows
        self._drawing = drawing
        self._heights = RowHeights()
        self._first = (0, 0)
        """The first row in view, and how much of it is above, while the end is not followed."""

    def __len__(self) -> int:
        return len(self._heights)

    @property
    def total(self) -> int:
        """How high all rows are together."""
        return self._heights.total

    def top(self, row: int) -> int:
        """Return where a row begins."""
        return self._heights.top(row)

    def height(self, row: int) -> int:
        """Return how high it is."""
        return self._heights[row]

    def at(self, y: int) -> int:
        """Return the row that is there; ``len()`` of them below the last one."""
        return self._heights.at(y)

    # What changes -------------------------------------------------------------------------------

    def estimate_all(self, drawing: RowDrawing) -> None:
        """Forget how high they were: they are drawn in another way, or are others."""
        self._drawing = drawing
        self._heights.replace(drawing.estimates(self._model.rows))

    def inserted(self, start: int, end: int) -> None:
        """Make room for new rows."""
        heights = self._drawing.estimates(self._model.rows[start : end + 1])
        for row, height in enumerate(heights, start):
            self._heights.insert(row, int(height))

    def removed(self, start: int, end: int) -> None:
        """Take rows out."""
        for row in range(end, start - 1, -1):
            self._heights.remove(row)

    def changed(self, row: int) -> None:
        """Take note that a row says something else."""
        self._heights[row] = int(self._drawing.estimates([self._model.rows[row]])[0])

    # What is in view ----------------------------------------------------------------------------

    def go_to(self, value: int) -> None:
        """Have what is there be the first in view."""
        row = min(self.at(value), max(len(self) - 1, 0))
        self.go_from(row, value - self.top(row))

    def go_by(self, value: int, pixels: int) -> None:
        """Go on from there: exactly so far, whatever the heights turn out to be."""
        row = min(self.at(value), max(len(self) - 1, 0))
        self.go_from(row, value - self.top(row) + pixels)

    def go_from(self, row: int, above: int) -> None:
        """Have the first in view be what is so much below the top of a row."""
        while above < 0 and row > 0:
            row -= 1
            above += self.measure(row)
        while row < len(self) - 1 and above >= self.measure(row):
            above -= self.measure(row)
            row += 1
        self._first = row, max(above, 0)

    def lay_out(self, room: int) -> int:
        """Lay out what is in view from the first row on, and return where that begins."""
        if not len(self):
            return 0
        first = row = min(self._first[0], len(self) - 1)
        above = min(self._first[1], self.measure(first) - 1)
        room += above
        while room > 0 and row < len(self):
            room -= self.measure(row)
            row += 1
        self._first = first, above
        return self.top(first) + above

    def lay_out_end(self, room: int) -> int:
        """Lay out the last rows, as many as can be seen, and return where that begins."""
        row, left = len(self), room
        while left > 0 and row > 0:
            row -= 1
            left -= self.measure(row)
        return self.total - room

    def measure(self, row: int) -> int:
        """Lay out a row, and return how high it is."""
        height = self._drawing.laid_out(self._model.rows[row]).height
        self._heights[row] = height
        return height
