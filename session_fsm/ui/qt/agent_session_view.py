"""A whole session in one widget."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from session_fsm.session import Session
from session_fsm.ui.controls import RUNNING
from session_fsm.ui.models import Models
from session_fsm.ui.qt.bar_visualizer import BarVisualizer
from session_fsm.ui.qt.chat_transcript import ChatTranscript
from session_fsm.ui.qt.control_bar import ControlBar
from session_fsm.ui.qt.failure_line import FailureLine
from session_fsm.ui.qt.live_diagram import LiveDiagram
from session_fsm.ui.qt.status_line import StatusLine
from session_fsm.ui.qt.submit import Submit, call, hand_over, to_this_loop
from session_fsm.view import SessionView

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PySide6.QtGui import QResizeEvent

    from session_fsm.media.defaults import Sendable
    from session_fsm.thread import SessionThread
    from session_fsm.ui.control_bar import ControlBarModel
    from session_fsm.ui.controls import ControlName

KEYS: Final[tuple[tuple[str, tuple[ControlName, ...]], ...]] = (
    ("F4", ("start", "end")),
    ("F5", ("microphone",)),
    ("F6", ("camera",)),
    ("F7", ("screen_share",)),
)
"""Key, and the controls of which it presses the first that can be pressed."""
WIDE: Final = 640
"""Pixels; from this width on, the charts are beside the conversation."""
TALL: Final = 320
"""Pixels; below this height there are no bars."""
CONVERSATION, CHARTS = 5, 3
"""How they share the width."""
PLACEHOLDER: Final = "Write to the agent"


class AgentSessionView(QWidget):
    """What goes on, the agent's voice as bars, the conversation, the controls, and the charts.

    It starts nothing by itself, and ends nothing when it goes: the session is the program's.

    Args:
        session: A session, or the replay of one, that lives on an asyncio loop of this thread, such
            as qasync's; or a `SessionThread`.
        microphone: What the control sends, as `ControlBarModel` takes it; None: no control.
        camera: The same for the camera.
        screen_share: The same for the screen.
        parent: The widget around it.

    Raises:
        SessionStateError: The `SessionThread` is closed.
        TypeError: What is to be sent is no input.
    """

    def __init__(
        self,
        session: SessionView | SessionThread,
        *,
        microphone: Sendable | None = None,
        camera: Sendable | None = None,
        screen_share: Sendable | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        given = {"microphone": microphone, "camera": camera, "screen_share": screen_share}
        self._submit: Submit
        if isinstance(session, SessionView):
            self._view, self._submit = session, to_this_loop
            self._models = Models.of(session, **given)
        else:
            self._view, self._submit = session.session, session.submit
            self._models = session.run(_made(session.session, given))
        self.destroyed.connect(partial(call, self._submit, self._models.close))
        self._lay_out()
        self._listen()

    @property
    def controls(self) -> ControlBarModel:
        """What the buttons show."""
        return self._models.controls

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return a size at which all parts can be seen."""
        return QSize(900, 600)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Leave out what there is no room for."""
        super().resizeEvent(event)
        width, height = event.size().width(), event.size().height()
        self._bars.setVisible(height >= TALL)
        self._diagram.setVisible(width >= WIDE)

    # What the user does -------------------------------------------------------------------------

    def send(self) -> None:
        """Send what was typed; it stays there as long as there is nobody to send it to."""
        text = self._input.text()
        if self._view.snapshot.state in RUNNING:
            self._input.clear()
        hand_over(self._submit, self._models.controls.send(text))

    def _pressed(self, name: str) -> None:
        if name == "start":
            self._input.setFocus()

    # The parts ----------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        """Make the parts in the order in which Tab goes from one to the next."""
        models = self._models
        self._input, self._button = QLineEdit(self), QPushButton("Se&nd", self)
        self._bar = ControlBar(models.controls, self._submit, self)
        transcript = ChatTranscript(models.transcript, self._submit, self)
        self._bars = BarVisualizer(models.visualizer, self)
        self._diagram = LiveDiagram(models.diagram, parent=self)
        layout = QVBoxLayout(self)
        layout.addLayout(_row((StatusLine(models.status, self), 1), (self._bars, 0)))
        layout.addWidget(FailureLine(models.controls, self._view, self))
        layout.addLayout(_row((transcript, CONVERSATION), (self._diagram, CHARTS)), 1)
        layout.addLayout(_row((self._input, 1), (self._button, 0)))
        layout.addWidget(self._bar)
        self._input.setPlaceholderText(PLACEHOLDER)
        self._input.setAccessibleName(PLACEHOLDER)
        self._button.setAutoDefault(False)
        self._input.setVisible(isinstance(self._view, Session))
        self._button.setVisible(isinstance(self._view, Session))
        # Or a window could not be opened as small as it may become.
        self._bars.hide()
        self._diagram.hide()

    def _listen(self) -> None:
        self._input.returnPressed.connect(self.send)
        self._button.clicked.connect(self.send)
        self._bar.pressed.connect(self._pressed)
        for key, names in KEYS:
            shortcut = QShortcut(QKeySequence(key), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(partial(self._bar.press_first, *names))


async def _made(session: Session, given: Mapping[str, Sendable | None]) -> Models:
    return Models.of(session, **given)


def _row(*parts: tuple[QWidget, int]) -> QHBoxLayout:
    row = QHBoxLayout()
    for widget, stretch in parts:
        row.addWidget(widget, stretch)
    return row
