"""The buttons of a session."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QPushButton, QWidget

from session_fsm.ui.controls import NAMES
from session_fsm.ui.qt.flow_layout import FlowLayout
from session_fsm.ui.qt.submit import Submit, hand_over, to_this_loop
from stores.qt import bind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from session_fsm.ui.control_bar import ControlBarModel
    from session_fsm.ui.controls import Control, ControlName

LETTERS: Final[Mapping[ControlName, str]] = {
    "start": "t",
    "microphone": "m",
    "camera": "a",
    "screen_share": "h",
    "chat": "o",
    "end": "e",
}
"""Together with Alt it presses the control; it is in each of the control's labels."""


class ControlButton(QPushButton):
    """One control.

    Args:
        name: Which.
        parent: The widget around it.
    """

    wanted = Signal(str)

    def __init__(self, name: ControlName, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAutoDefault(False)
        self._name: ControlName = name
        self.clicked.connect(self._want)

    def show_control(self, control: Control) -> None:
        """Show what it does, and whether it can be pressed."""
        self.setText(_with_mnemonic(control.label, LETTERS[self._name]))
        self.setAccessibleName(control.label)
        self.setToolTip(f"<p>{escape(control.note)}</p>" if control.note else "")
        # A button that is disabled loses the focus; further presses are ignored anyway.
        self.setEnabled(control.is_enabled or (control.is_pending and self.hasFocus()))
        self.setVisible(control.is_visible)

    def _want(self) -> None:
        self.wanted.emit(self._name)


class ControlBar(QWidget):
    """Start, end, microphone, camera, screen and chat, as far as the session has them.

    Args:
        model: What to show, and to press.
        submit: How to have it pressed on the thread of the model.
        parent: The widget around it.

    Attributes:
        pressed: Emitted with the name of a control when it is pressed.
    """

    pressed = Signal(str)

    def __init__(
        self,
        model: ControlBarModel,
        submit: Submit = to_this_loop,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._model, self._submit = model, submit
        layout = FlowLayout(self)
        for name in NAMES:
            button = ControlButton(name, self)
            layout.addWidget(button)
            button.wanted.connect(self.press)
            bind(model.control(name), button, button.show_control)

    def press(self, name: ControlName) -> None:
        """Press a control, and do not wait until it is done."""
        hand_over(self._submit, self._model.press(name))
        self.pressed.emit(name)

    def press_first(self, *names: ControlName) -> None:
        """Press the first of these controls that can be pressed."""
        controls = self._model.controls.value
        for name in names:
            if controls[name].is_visible and controls[name].is_enabled:
                self.press(name)
                return


def _with_mnemonic(label: str, letter: str) -> str:
    place = label.casefold().find(letter)
    return label if place < 0 else f"{label[:place]}&{label[place:]}"
