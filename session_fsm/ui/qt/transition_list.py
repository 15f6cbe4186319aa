"""The last transitions, the newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QPainter, QPalette
from PySide6.QtWidgets import QSizePolicy, QWidget

from session_fsm.ui.qt import colours
from stores.qt import bind

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from PySide6.QtGui import QPaintEvent

    from session_fsm.ui.diagram import DiagramModel, Edge

GAP: Final = 6
"""Pixels between two transitions, and beside the seconds."""
SECONDS: Final = "0000.0"
"""The widest time that is to be expected."""


class TransitionList(QWidget):
    """When, why, from where and where to: as many transitions as there is room for.

    Args:
        model: What to show.
        charts: Names of the charts.
        parent: The widget around it.
    """

    def __init__(
        self, model: DiagramModel, charts: Collection[str], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._charts = frozenset(charts)
        self._edges: list[Edge] = []
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Transitions")
        bind(model.history, self, self._list)

    @property
    def edges(self) -> Sequence[Edge]:
        """What is listed, the newest first, as far as there is room."""
        room = -(-self.height() // self._entry)
        return self._edges[:room]

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return what four transitions need."""
        return QSize(24 * self.fontMetrics().averageCharWidth(), 4 * self._entry)

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return what one transition needs."""
        return QSize(0, self._entry)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw the list."""
        del event
        with QPainter(self) as painter:
            for number, edge in enumerate(self.edges):
                if (number + 1) * self._entry - GAP <= self.height():
                    self._paint(painter, edge, number * self._entry)

    def _paint(self, painter: QPainter, edge: Edge, top: int) -> None:
        metrics, align = self.fontMetrics(), Qt.AlignmentFlag
        line, indent = metrics.height(), metrics.horizontalAdvance(SECONDS)
        room = self.width() - indent - GAP
        painter.setPen(colours.muted(self.palette()))
        when = QRect(0, top, indent, line)
        painter.drawText(when, align.AlignRight, f"{edge.seconds:.1f}")
        way = metrics.elidedText(f"{edge.source} → {edge.dest}", Qt.TextElideMode.ElideRight, room)
        painter.drawText(QRect(indent + GAP, top + line, room, line), align.AlignLeft, way)
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        why = metrics.elidedText(edge.trigger, Qt.TextElideMode.ElideRight, room)
        painter.drawText(QRect(indent + GAP, top, room, line), align.AlignLeft, why)

    @property
    def _entry(self) -> int:
        """How high one is, in pixels."""
        return 2 * self.fontMetrics().height() + GAP

    def _list(self, history: Sequence[Edge]) -> None:
        self._edges = [edge for edge in reversed(history) if edge.machine in self._charts]
        newest = self._edges[:1]
        said = [f"{edge.machine}: {edge.source} to {edge.dest}" for edge in newest]
        self.setAccessibleDescription("".join(said))
        self.update()
