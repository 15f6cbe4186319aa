"""Qt."""

from __future__ import annotations

import os
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication, QListWidget

from adapters.toolkits import Toolkit
from stores.qt import bind

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class QtToolkit(Toolkit):
    """Qt's own loop, and labels as owners."""

    bind = staticmethod(bind)

    def __init__(self, app: Any) -> None:
        self.app = app
        self.windows: list[Any] = []

    async def owner(self) -> Any:
        widget = QListWidget()
        self.windows.append(widget)
        return widget

    async def destroy(self, owner: Any) -> None:
        self.windows.remove(owner)
        owner.deleteLater()
        QCoreApplication.sendPostedEvents(owner, QEvent.Type.DeferredDelete)

    def touch(self, owner: Any, text: str) -> None:
        owner.addItem(text)

    def touched(self, owner: Any) -> list[str]:
        return [owner.item(row).text() for row in range(owner.count())]

    async def turn(self) -> None:
        self.app.processEvents()


@asynccontextmanager
async def running() -> AsyncIterator[Toolkit]:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

    toolkit = QtToolkit(QApplication.instance() or QApplication([]))
    yield toolkit
    for window in list(toolkit.windows):
        await toolkit.destroy(window)
