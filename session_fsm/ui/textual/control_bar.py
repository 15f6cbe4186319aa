"""The buttons of a session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual.containers import Horizontal
from textual.widgets import Button

from session_fsm.ui.controls import NAMES
from session_fsm.ui.printable import printable
from stores.textual import bind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from textual.app import ComposeResult

    from session_fsm.ui.control_bar import ControlBarModel
    from session_fsm.ui.controls import Control, ControlName

VARIANTS: Final[Mapping[str, str]] = {"start": "success", "end": "error"}


class ControlButton(Button):
    """One control."""

    def __init__(self, name: ControlName) -> None:
        super().__init__(id=name, compact=True, variant=VARIANTS.get(name, "default"))  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
        self.control: Final[ControlName] = name

    def show(self, control: Control) -> None:
        """Show what it does, and whether it can be pressed."""
        self.display = control.is_visible
        self.disabled = not control.is_enabled
        self.label = f" {control.label} "
        self.tooltip = printable(control.note) or None
        self.set_class(control.is_on, "-on")
        self.set_class(control.is_pending, "-pending")


class ControlBar(Horizontal):
    """Start, end, microphone, camera, screen and chat, as far as the session has them.

    Args:
        model: What to show, and to press.
    """

    DEFAULT_CSS = """
    ControlBar { height: 1; padding: 0 1; }
    ControlBar ControlButton { margin-right: 1; min-width: 6; }
    ControlBar ControlButton.-on { text-style: bold underline; }
    ControlBar ControlButton.-pending { text-style: italic; }
    """

    def __init__(self, model: ControlBarModel) -> None:
        super().__init__()
        self._model = model

    def compose(self) -> ComposeResult:
        """Lay out the buttons."""
        for name in NAMES:
            yield ControlButton(name)

    def on_mount(self) -> None:
        """Begin to look."""
        for button in self.query(ControlButton):
            bind(self._model.control(button.control), button, button.show)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Do it."""
        event.stop()
        if isinstance(event.button, ControlButton):
            self.press(event.button.control)

    def press(self, name: ControlName) -> None:
        """Press a control, and do not wait until it is done."""
        self.run_worker(self._model.press(name))
