"""All states of a chart, in lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPalette, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from session_fsm.charts import CHARTS
from session_fsm.ui.qt import colours
from stores.qt import bind

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent

    from session_fsm.ui.diagram import ChartNow, DiagramModel

STATES: Final = {chart.name: chart.states for chart in CHARTS}
INSIDE, GAP = 6, 4
"""Pixels between a name and its border, and between two borders."""
BORDER: Final = 1.5


class StateLane(QWidget):
    """The states of one chart: the present one is lit, the one before has a border as bright.

    Args:
        model: What to show.
        chart: The chart's name.
        parent: The widget around it.

    Raises:
        ValueError: There is no such chart.
    """

    def __init__(self, model: DiagramModel, chart: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        store = model.chart(chart)
        self._chart = chart
        self._states = STATES[chart]
        self._now = store.value
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        bind(store, self, self._show)

    @property
    def now(self) -> ChartNow:
        """What is lit."""
        return self._now

    def heightForWidth(self, width: int) -> int:  # noqa: N802 - Qt's name
        """Return how high all lines are together."""
        return round(self._boxes(width)[-1].bottom()) + 1

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return how much room all states need in one line."""
        last = self._boxes(1 << 16)[-1]
        return QSize(round(last.right()) + 1, round(last.bottom()) + 1)

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return how much room the longest name needs."""
        boxes = self._boxes(1)
        return QSize(round(max(box.width() for box in boxes)), round(boxes[0].height()) + 1)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw the states."""
        del event
        before = self._now.last.source if self._now.last is not None else None
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            for state, box in zip(self._states, self._boxes(self.width()), strict=True):
                self._paint(painter, state, box, is_before=state == before)

    def _paint(self, painter: QPainter, state: str, box: QRectF, *, is_before: bool) -> None:
        palette = self.palette()
        lit, text = palette.color(QPalette.ColorRole.Highlight), colours.muted(palette)
        is_now = state == self._now.state
        painter.setBrush(lit if is_now else Qt.BrushStyle.NoBrush)
        border = lit if is_now or is_before else colours.faint(palette, 0.25)
        painter.setPen(QPen(border, BORDER))
        inner = box.adjusted(BORDER / 2, BORDER / 2, -BORDER / 2, -BORDER / 2)
        painter.drawRoundedRect(inner, INSIDE, INSIDE)
        painter.setPen(palette.color(QPalette.ColorRole.HighlightedText) if is_now else text)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, state)

    def _boxes(self, width: int) -> list[QRectF]:
        """Return where each state is: side by side, and in a new line where there is no room."""
        metrics = self.fontMetrics()
        height = metrics.height() + INSIDE
        boxes: list[QRectF] = []
        left = top = 0.0
        for state in self._states:
            wide = metrics.horizontalAdvance(state) + 2 * INSIDE
            if left and left + wide > width:
                left, top = 0.0, top + height + GAP
            boxes.append(QRectF(left, top, wide, height))
            left += wide + GAP
        return boxes

    def _show(self, now: ChartNow) -> None:
        self._now = now
        self.setAccessibleName(f"{self._chart}: {now.state}")
        self.update()
