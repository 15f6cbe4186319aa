"""A whole session in one widget."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.widgets import Input

from session_fsm.session import Session
from session_fsm.ui.controls import RUNNING
from session_fsm.ui.models import Models
from session_fsm.ui.textual.bar_visualizer import BarVisualizer
from session_fsm.ui.textual.chat_transcript import ChatTranscript
from session_fsm.ui.textual.control_bar import ControlBar
from session_fsm.ui.textual.live_diagram import LiveDiagram
from session_fsm.ui.textual.status_line import StatusLine
from stores.textual import bind

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType
    from textual.events import Resize

    from session_fsm.media.defaults import Sendable
    from session_fsm.ui.control_bar import ControlBarModel
    from session_fsm.ui.controls import ControlName
    from session_fsm.view import SessionView

KEYS: Final[tuple[tuple[str, ControlName, str], ...]] = (
    ("f4", "start", "Start"),
    ("f4", "end", "End"),
    ("f5", "microphone", "Microphone"),
    ("f6", "camera", "Camera"),
    ("f7", "screen_share", "Screen"),
)
"""Key, the control that it presses while that can be pressed, and what the footer calls it."""
WIDE: Final = 100
"""From this width on, the charts are beside the conversation."""
TALL: Final = 18
"""Below this height there are no bars."""
PLACEHOLDER: Final = "Write to the agent"


class AgentSessionView(Vertical):
    """What goes on, the agent's voice as bars, the conversation, the controls, and the charts.

    It starts nothing by itself, and ends nothing when it goes: the session is the program's. For a
    replay there is nothing to press and nothing to write.

    Args:
        view: A session of this app's loop, or the replay of one.
        microphone: What the control sends, as `ControlBarModel` takes it; None: no control.
        camera: The same for the camera.
        screen_share: The same for the screen.
    """

    DEFAULT_CSS = """
    AgentSessionView { height: 1fr; }
    AgentSessionView #top { height: auto; }
    AgentSessionView #top StatusLine { width: 1fr; }
    AgentSessionView.-low #top BarVisualizer { display: none; }
    AgentSessionView #middle { height: 1fr; }
    AgentSessionView ChatTranscript { width: 1fr; border: round $foreground 30%; }
    AgentSessionView ChatTranscript:focus { border: round $accent; }
    AgentSessionView LiveDiagram { width: 40; padding: 1; }
    AgentSessionView.-narrow LiveDiagram { display: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(key, f"press('{name}')", label, priority=True) for key, name, label in KEYS
    ]

    def __init__(
        self,
        view: SessionView,
        *,
        microphone: Sendable | None = None,
        camera: Sendable | None = None,
        screen_share: Sendable | None = None,
    ) -> None:
        super().__init__()
        self._view = view
        self._can_act = isinstance(view, Session)
        self._models = Models.of(
            view, microphone=microphone, camera=camera, screen_share=screen_share
        )

    @property
    def controls(self) -> ControlBarModel:
        """What the buttons show."""
        return self._models.controls

    def compose(self) -> ComposeResult:
        """Lay out the parts."""
        with Horizontal(id="top"):
            yield StatusLine(self._models.status)
            yield BarVisualizer(self._models.visualizer)
        with Horizontal(id="middle"):
            yield ChatTranscript(self._models.transcript)
            yield LiveDiagram(self._models.diagram)
        yield Input(placeholder=PLACEHOLDER)
        yield ControlBar(self.controls)

    def on_mount(self) -> None:
        """Begin to look."""
        bind(self.controls.controls, self, lambda _: self.refresh_bindings())
        bind(self.controls.failure, self, self._tell_failure)
        line = self.query_one(Input)
        line.display = self._can_act
        self.query_one(ControlBar).display = self._can_act
        if self._can_act:
            line.focus()

    def on_unmount(self) -> None:
        """Let go of the session."""
        self._models.close()

    def on_resize(self, event: Resize) -> None:
        """Leave out what there is no room for."""
        self.set_class(event.size.width < WIDE, "-narrow")
        self.set_class(event.size.height < TALL, "-low")

    # What the user does -------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Say which keys have a meaning now; the footer shows these."""
        if action != "press":
            return True
        control = self.controls.controls.value[parameters[0]]  # type: ignore[index] # pyright: ignore[reportArgumentType]
        return control.is_visible and control.is_enabled

    def action_press(self, name: ControlName) -> None:
        """Press a control."""
        self.query_one(ControlBar).press(name)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Send what was typed; it stays there as long as there is nobody to send it to."""
        event.stop()
        text = event.value
        if self._view.snapshot.state in RUNNING:
            event.input.clear()
        self.run_worker(self.controls.send(text))

    # What is shown ------------------------------------------------------------------------------

    def _tell_failure(self, failure: Exception | None) -> None:
        if failure is not None:
            self.notify(str(failure), severity="error", markup=False)
