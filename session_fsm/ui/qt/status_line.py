"""The one sentence, and the one thing to do."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from session_fsm.ui.qt import colours
from stores.qt import bind

if TYPE_CHECKING:
    from session_fsm.ui.status import Status, StatusModel


class StatusLine(QLabel):
    """What is the case, and what to do about it; more as a tooltip.

    Args:
        model: What to show.
        parent: The widget around it.
    """

    def __init__(self, model: StatusModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setWordWrap(True)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.MinimumExpanding)
        self.setAccessibleName("Status")
        self._status = model.status.value
        bind(model.status, self, self._show)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Take on the colours of another theme."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange:
            self._show(self._status)

    def _show(self, status: Status) -> None:
        self._status = status
        colour = colours.of(colours.SEVERITIES[status.severity], self.palette()).name()
        sentence, action = escape(status.sentence), escape(status.action)
        self.setText(f"<b style='color:{colour}'>{sentence}</b>&nbsp; {action}")
        self.setToolTip(f"<p>{escape(status.detail)}</p>" if status.detail else "")
        self.setAccessibleDescription(f"{status.sentence} {status.action}")
