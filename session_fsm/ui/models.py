"""All view models of one session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import attrs

from session_fsm.ui.control_bar import ControlBarModel
from session_fsm.ui.diagram import DiagramModel
from session_fsm.ui.status import StatusModel
from session_fsm.ui.transcript import TranscriptModel
from session_fsm.ui.visualizer import VisualizerModel

if TYPE_CHECKING:
    from session_fsm.media.defaults import Sendable
    from session_fsm.view import SessionView


@attrs.frozen
class Models:
    """What the parts of a view show."""

    controls: ControlBarModel
    status: StatusModel
    transcript: TranscriptModel
    visualizer: VisualizerModel
    diagram: DiagramModel

    @classmethod
    def of(cls, view: SessionView, **given: Sendable | None) -> Self:
        """Make them, on the thread of the session.

        Args:
            view: A session, or the replay of one.
            given: What can be sent, as `ControlBarModel` takes it.
        """
        return cls(
            ControlBarModel(view, chat=False, **given),
            StatusModel(view),
            TranscriptModel(view),
            VisualizerModel(view),
            DiagramModel(view),
        )

    def close(self) -> None:
        """Let go of the session, on its thread."""
        for model in (
            self.controls,
            self.status,
            self.transcript,
            self.visualizer,
            self.diagram,
        ):
            model.close()
