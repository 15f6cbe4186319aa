"""Windows of Qt for tests, on both kinds of loops that a session can have."""

from __future__ import annotations

import asyncio
import functools
import inspect
import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
import qasync
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton, QWidget

from session_fsm.thread import SessionThread
from session_fsm.ui.qt import AgentSessionView, ChatTranscript, StatusLine

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from session_fsm import Session

PATIENCE = 60.0
"""Seconds."""
LOOPS: list[qasync.QEventLoop] = []
"""All there were. What a closed one was to do later is still a timer of Qt until it is due; if the
garbage collector finds the loop on the thread of another session, that timer ends the process."""


def application() -> QApplication:
    """The one of this process, without a screen."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    app.setStyle("Fusion")
    app.setQuitOnLastWindowClosed(False)
    return app


class Ui:
    """A person before a window: types, clicks, looks, and waits for what should be seen."""

    def __init__(self) -> None:
        self.app = application()
        self.view: AgentSessionView

    async def open(
        self, session: Session, size: tuple[int, int] = (900, 600), **options: Any
    ) -> None:
        raise NotImplementedError

    async def open_again(self) -> None:
        """Another window of the same session."""
        raise NotImplementedError

    async def until(self, reached: Callable[[], bool]) -> None:
        raise NotImplementedError

    async def do(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Run it on the session's loop."""
        raise NotImplementedError

    async def close(self) -> None:
        raise NotImplementedError

    def run(self, talk: Coroutine[Any, Any, None]) -> None:
        raise NotImplementedError

    async def show(self, view: AgentSessionView, size: tuple[int, int]) -> None:
        self.view = view
        view.resize(*size)
        view.show()
        view.activateWindow()
        await self.until(view.isActiveWindow)

    def drop(self) -> None:
        self.view.deleteLater()
        QCoreApplication.sendPostedEvents(self.view, QEvent.Type.DeferredDelete)

    # Looking ------------------------------------------------------------------------------------

    def part(self, kind: type[Any], name: str | None = None) -> Any:
        return self.view.findChild(kind, name)

    @property
    def status(self) -> str:
        return str(self.part(StatusLine).accessibleDescription())

    @property
    def transcript(self) -> ChatTranscript:
        return self.part(ChatTranscript)  # type: ignore[no-any-return]

    @property
    def input(self) -> QLineEdit:
        return self.part(QLineEdit)  # type: ignore[no-any-return]

    @property
    def rows(self) -> list[str]:
        """All rows."""
        model = self.transcript.model()
        return [model.index(place, 0).data() for place in range(model.rowCount())]

    @property
    def seen(self) -> list[str]:
        """The rows of which there is something in view."""
        shown, model = self.transcript, self.transcript.model()
        places = map(shown.indexAt, (shown.viewport().rect().topLeft(), self._bottom))
        first, last = (one.row() for one in places)
        last = last if last >= 0 else model.rowCount() - 1
        return [model.index(place, 0).data() for place in range(first, last + 1)]

    @property
    def _bottom(self) -> Any:
        return self.transcript.viewport().rect().bottomLeft()

    @property
    def buttons(self) -> list[str]:
        """What can be pressed in the control bar."""
        now = self.view.controls.controls.value
        found = [self.button(name) for name, one in now.items() if one.is_enabled]
        return [one.accessibleName() for one in found if one.isVisible() and one.isEnabled()]

    def button(self, name: str) -> QPushButton:
        return self.part(QPushButton, name)  # type: ignore[no-any-return]

    # Doing --------------------------------------------------------------------------------------

    def click(self, widget: QWidget) -> None:
        QTest.mouseClick(widget, Qt.MouseButton.LeftButton)

    def key(self, key: Qt.Key, modifiers: Any = Qt.KeyboardModifier.NoModifier) -> None:
        """Press a key where the focus is."""
        focused = QApplication.focusWidget()
        assert focused is not None
        QTest.keyClick(focused, key, modifiers)

    def type(self, text: str) -> None:
        """Type where the focus is, and press Enter."""
        focused = QApplication.focusWidget()
        assert focused is not None
        QTest.keyClicks(focused, text)
        QTest.keyClick(focused, Qt.Key.Key_Return)


class OnQasync(Ui):
    """The session lives on the loop of the window."""

    async def open(
        self, session: Session, size: tuple[int, int] = (900, 600), **options: Any
    ) -> None:
        self.session = session
        await self.show(AgentSessionView(session, **options), size)

    async def open_again(self) -> None:
        await self.show(AgentSessionView(self.session), (900, 600))

    async def until(self, reached: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not reached():  # noqa: ASYNC110 - a person looks now and then
                await asyncio.sleep(0.005)

    async def do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return await work

    async def close(self) -> None:
        await self.session.close()

    def run(self, talk: Coroutine[Any, Any, None]) -> None:
        with qasync.QEventLoop(self.app) as loop:
            LOOPS.append(loop)
            loop.run_until_complete(talk)


class OnThread(Ui):
    """The session has a thread of its own, and the window has no asyncio loop."""

    async def open(
        self, session: Session, size: tuple[int, int] = (900, 600), **options: Any
    ) -> None:
        self.thread = SessionThread(session)
        await self.show(AgentSessionView(self.thread, **options), size)

    async def open_again(self) -> None:
        await self.show(AgentSessionView(self.thread), (900, 600))

    async def until(self, reached: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not reached():
            assert time.monotonic() < deadline, "it takes too long"
            QTest.qWait(5)

    async def do(self, work: Coroutine[Any, Any, Any]) -> Any:
        future = self.thread.submit(work)
        await self.until(future.done)
        return future.result()

    async def close(self) -> None:
        self.thread.close()

    def run(self, talk: Coroutine[Any, Any, None]) -> None:
        with suppress(StopIteration):
            talk.send(None)
            pytest.fail("it awaits what only an asyncio loop has")


def both_ways(test: Callable[..., Awaitable[None]]) -> Any:
    """Run the test with a session on qasync's loop, and with one on a thread of its own."""

    @functools.wraps(test)
    def run(topology: type[Ui], **others: Any) -> None:
        ui = topology()

        async def talk() -> None:
            try:
                await test(ui, **others)
            finally:
                if hasattr(ui, "view"):
                    await ui.close()
                    ui.drop()

        ui.run(talk())

    wanted = [one for name, one in inspect.signature(test).parameters.items() if name != "ui"]
    own = inspect.Parameter("topology", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    run.__signature__ = inspect.Signature([own, *wanted])  # type: ignore[attr-defined]
    del run.__wrapped__  # type: ignore[attr-defined]
    ways = pytest.mark.parametrize("topology", [OnQasync, OnThread], ids=["qasync", "thread"])
    return ways(run)
