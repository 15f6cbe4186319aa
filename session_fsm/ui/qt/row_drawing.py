"""One row of a transcript, laid out and drawn."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Final

import attrs
import numpy as np
from PySide6.QtCore import QPointF, QRect, Qt
from PySide6.QtGui import (
    QFont,
    QFontMetrics,
    QPalette,
    QTextCharFormat,
    QTextLayout,
    QTextOption,
)

from session_fsm.ui.qt import colours
from session_fsm.ui.status import Severity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QColor, QPainter

    from session_fsm.ui.qt.row_heights import Pixels
    from session_fsm.ui.rows import TranscriptRow

SIDE, ABOVE, BELOW = 10, 5, 5
"""Pixels around a row."""
NEW_LINE: Final = "\u2028"
CURSOR: Final = " ▌"
"""Stands behind a text that will go on."""
ATTACHMENT: Final = "+ "
KEPT: Final = 500
"""So many rows are kept as they were laid out."""


@attrs.frozen(eq=False)
class LaidOut:
    """A row that can be drawn.

    Attributes:
        row: What was laid out.
        text: All but the name.
        height: Of all, in pixels.
    """

    row: TranscriptRow
    text: QTextLayout
    height: int


class RowDrawing:
    """Lays rows out for one width, font and palette, and draws them.

    Args:
        font: Of the texts; names are bold.
        palette: For the colours.
        width: Of a whole row, in pixels.
    """

    def __init__(self, font: QFont, palette: QPalette, width: int) -> None:
        self._font, self._palette = font, palette
        self._width = max(width - 2 * SIDE, 1)
        self._bold = QFont(font)
        self._bold.setBold(True)
        self._line = QFontMetrics(self._bold).height()
        self._known: dict[str, LaidOut] = {}
        self._option = QTextOption()
        self._option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)

    def laid_out(self, row: TranscriptRow) -> LaidOut:
        """Return a row as it can be drawn; it is kept as long as it does not change."""
        known = self._known.get(row.id)
        if known is None or known.row is not row:
            if len(self._known) >= KEPT:
                self._known.clear()
            known = self._known[row.id] = self._lay_out(row)
        return known

    def estimates(self, rows: Sequence[TranscriptRow]) -> Pixels:
        """Return about how high rows are, in pixels: laying all of them out would take seconds."""
        letters = np.array([len(row.text) for row in rows], np.int64)
        breaks = np.array([row.text.count("\n") + len(row.attachments) for row in rows], np.int64)
        a_line = max(self._width // QFontMetrics(self._font).averageCharWidth(), 1)
        lines = np.maximum(-(-letters // a_line), 1) + breaks
        return ABOVE + self._line + lines * self._line + BELOW

    def paint(self, painter: QPainter, laid: LaidOut, top: int, *, is_selected: bool) -> None:
        """Draw a row."""
        row, room = laid.row, QRect(SIDE, top + ABOVE, self._width, self._line)
        if is_selected:
            whole = QRect(0, top, self._width + 2 * SIDE, laid.height)
            painter.fillRect(whole, colours.tint(self._palette, 0.25))
        painter.setFont(self._bold)
        painter.setPen(colours.of(colours.SIDES[row.side], self._palette))
        metrics = painter.fontMetrics()
        name = metrics.elidedText(row.sender, Qt.TextElideMode.ElideRight, self._width)
        painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.TextFlag.TextSingleLine, name)
        painter.setFont(self._font)
        painter.setPen(self._palette.color(QPalette.ColorRole.Text))
        laid.text.draw(painter, QPointF(SIDE, top + ABOVE + self._line))

    def _lay_out(self, row: TranscriptRow) -> LaidOut:
        text, formats = self._formatted(row)
        layout = QTextLayout(text, self._font)
        layout.setTextOption(self._option)
        layout.setCacheEnabled(True)
        layout.setFormats(formats)
        height = 0.0
        layout.beginLayout()
        while (line := layout.createLine()).isValid():
            line.setLineWidth(self._width)
            line.setPosition(QPointF(0, height))
            height += line.height()
        layout.endLayout()
        return LaidOut(row, layout, ABOVE + self._line + ceil(max(height, self._line)) + BELOW)

    def _formatted(self, row: TranscriptRow) -> tuple[str, list[QTextLayout.FormatRange]]:
        """Return all that is below the name, and which parts of it look different."""
        muted = colours.muted(self._palette)
        failed = colours.of(colours.SEVERITIES[Severity.ERROR], self._palette)
        is_aside = row.is_thinking or row.restored
        cursor = "" if row.is_final or row.is_thinking else CURSOR
        note = f"{'  ' if row.text else ''}{row.note}" if row.note else ""
        parts: list[tuple[str, QColor | None]] = [
            (NEW_LINE.join(row.text.splitlines()), muted if is_aside else None),
            (cursor, muted),
            (note, failed if row.note.startswith(("not", "un")) else muted),
            *((f"{NEW_LINE}{ATTACHMENT}{one}", muted) for one in row.attachments),
        ]
        text, formats = "", list[QTextLayout.FormatRange]()
        for part, colour in parts:
            if part and colour is not None:
                formats.append(_colouring(text, part, colour, is_italic=is_aside))
            text += part
        return text, formats


def _colouring(
    before: str, part: str, colour: QColor, *, is_italic: bool
) -> QTextLayout.FormatRange:
    how = QTextCharFormat()
    how.setForeground(colour)
    how.setFontItalic(is_italic)
    one = QTextLayout.FormatRange()
    one.start, one.length, one.format = _units(before), _units(part), how  # pyright: ignore[reportAttributeAccessIssue]
    return one


def _units(text: str) -> int:
    """Return how long Qt says that a text is: in units of UTF-16."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
