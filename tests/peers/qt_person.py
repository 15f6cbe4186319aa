"""Runs a program with a window, and does in it what a person would: start, ask, read, close.

python qt_person.py examples/qt_window.py [its arguments]
"""

from __future__ import annotations

import runpy
import sys
from typing import TYPE_CHECKING

import PySide6.QtWidgets
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit

from session_fsm.ui.qt import AgentSessionView, ChatTranscript, StatusLine

if TYPE_CHECKING:
    from collections.abc import Generator


def person(app: QApplication) -> Generator[None]:
    while not isinstance(view := app.activeWindow(), AgentSessionView):
        yield
    QTest.keyClick(view, Qt.Key.Key_F4)
    status, line = view.findChild(StatusLine), view.findChild(QLineEdit)
    rows = view.findChild(ChatTranscript).model()
    while not status.accessibleDescription().startswith("The agent listens"):
        yield
    QTest.keyClicks(line, "hello")
    QTest.keyClick(line, Qt.Key.Key_Return)
    while "Agent: echo: hello" not in [rows.index(n, 0).data() for n in range(rows.rowCount())]:
        yield
    print(*[rows.index(n, 0).data() for n in range(rows.rowCount())], sep="\n")
    view.close()


class WithPerson(QApplication):
    """The program's application, before which somebody sits."""

    def __init__(self, arguments: list[str]) -> None:
        super().__init__(arguments)
        self._person = person(self)
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._go_on)
        self._timer.start(20)

    def _go_on(self) -> None:
        if next(self._person, self) is self:
            self._timer.stop()


if __name__ == "__main__":
    PySide6.QtWidgets.QApplication = WithPerson  # type: ignore[misc]
    del sys.argv[0]
    runpy.run_path(sys.argv[0], run_name="__main__")
