"""The one sentence, and the one thing to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual.content import Content
from textual.widgets import Static

from session_fsm.ui.printable import printable
from session_fsm.ui.status import Severity
from stores.textual import bind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from session_fsm.ui.status import Status, StatusModel

COLOURS: Final[Mapping[Severity, str]] = {
    Severity.INFO: "$text-muted",
    Severity.BUSY: "$text-primary",
    Severity.READY: "$text-success",
    Severity.WARNING: "$text-warning",
    Severity.ERROR: "$text-error",
}


class StatusLine(Static):
    """What is the case, and what to do about it; more as a tooltip.

    Args:
        model: What to show.
    """

    DEFAULT_CSS = "StatusLine { height: auto; padding: 0 1; }"

    def __init__(self, model: StatusModel) -> None:
        super().__init__()
        self._model = model

    def on_mount(self) -> None:
        """Begin to look."""
        bind(self._model.status, self, self._show)

    def _show(self, status: Status) -> None:
        sentence = (printable(status.sentence), f"{COLOURS[status.severity]} bold")
        self.update(Content.assemble(sentence, f"  {printable(status.action)}"))
        self.tooltip = printable(status.detail) or None
