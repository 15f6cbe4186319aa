"""What the agent does, as bars."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPalette
from PySide6.QtWidgets import QSizePolicy, QWidget

from session_fsm.ui.qt import colours
from stores.qt import bind

if TYPE_CHECKING:
    from PySide6.QtGui import QHideEvent, QPaintEvent, QShowEvent
    from reactivex.abc import DisposableBase

    from session_fsm.ui.visualizer import VisualizerFrame, VisualizerModel

WIDTH, GAP, HEIGHT = 10, 6, 44
"""Pixels of a bar, between two of them, and of the highest."""
FAINT: Final = 0.35


class BarVisualizer(QWidget):
    """Bars that are as high as the agent is loud, and blink while it is not.

    Args:
        model: What to draw.
        parent: The widget around it.
    """

    def __init__(self, model: VisualizerModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("The agent's voice")
        self._model = model
        self._frame = model.frame.value
        self._looking: DisposableBase | None = None

    @property
    def frame(self) -> VisualizerFrame:
        """What is drawn."""
        return self._frame

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return how much room the bars need."""
        return QSize((WIDTH + GAP) * len(self._frame.heights) + GAP, HEIGHT + 2 * GAP)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Begin to look: from now on it moves."""
        super().showEvent(event)
        if self._looking is None:
            self._looking = bind(self._model.frame, self, self._show)

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802 - Qt's name
        """Look away: nothing is measured for a picture that nobody sees."""
        super().hideEvent(event)
        looking, self._looking = self._looking, None
        if looking is not None:
            looking.dispose()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw the bars around the middle line."""
        del event
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            lit = self.palette().color(QPalette.ColorRole.Highlight)
            faint = colours.faint(self.palette(), FAINT)
            for place, height in enumerate(self._frame.heights):
                painter.setBrush(lit if place in self._frame.highlighted else faint)
                length = WIDTH + min(height, 1.0) * (HEIGHT - WIDTH)
                left, top = GAP + place * (WIDTH + GAP), (self.height() - length) / 2
                painter.drawRoundedRect(QRectF(left, top, WIDTH, length), WIDTH / 2, WIDTH / 2)

    def _show(self, frame: VisualizerFrame) -> None:
        self._frame = frame
        self.update()
