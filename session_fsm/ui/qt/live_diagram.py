"""The charts as they move."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from session_fsm.ui.qt.state_lane import StateLane
from session_fsm.ui.qt.transition_list import TransitionList

if TYPE_CHECKING:
    from collections.abc import Sequence

    from session_fsm.ui.diagram import DiagramModel

CHARTS: Final = ("session", "connection", "agent")
GAP: Final = 8
"""Pixels between two charts."""


class LiveDiagram(QWidget):
    """Where the charts stand, and the last transitions, the newest first.

    Args:
        model: What to show.
        charts: Names of the charts.
        parent: The widget around it.

    Raises:
        ValueError: There is no such chart.
    """

    def __init__(
        self,
        model: DiagramModel,
        charts: Sequence[str] = CHARTS,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        for name in charts:
            title = QLabel(name)
            title.setForegroundRole(QPalette.ColorRole.WindowText)
            layout.addWidget(title)
            layout.addWidget(StateLane(model, name))
            layout.addSpacing(GAP)
        layout.addWidget(TransitionList(model, charts), 1)
