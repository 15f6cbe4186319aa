"""What a press, or a text, has failed with."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from session_fsm.ui.qt import colours
from session_fsm.ui.status import Severity, explain
from stores.qt import bind

if TYPE_CHECKING:
    from session_fsm.ui.control_bar import ControlBarModel
    from session_fsm.view import SessionView


class FailureLine(QLabel):
    """Not there unless something has failed that the status does not tell.

    Args:
        model: Whose failures to show.
        view: Its session.
        parent: The widget around it.
    """

    def __init__(
        self, model: ControlBarModel, view: SessionView, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._view = view
        self._failure: Exception | None = None
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setWordWrap(True)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        bind(model.failure, self, self._show)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Take on the colours of another theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._show(self._failure)

    def _show(self, failure: Exception | None) -> None:
        self._failure = failure
        self.setVisible(failure is not None and failure is not self._view.failure.value)
        if failure is None:
            self.clear()
            return
        words = explain(failure)
        colour = colours.of(colours.SEVERITIES[Severity.ERROR], self.palette()).name()
        action = escape(words.action)
        self.setText(f"<span style='color:{colour}'>{escape(words.sentence)}</span>&nbsp; {action}")
        self.setToolTip(f"<p>{escape(words.detail)}</p>")
