"""A chart as it moves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from session_fsm.ui.textual.state_lane import StateLane
from stores.textual import bind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

    from session_fsm.ui.diagram import DiagramModel, Edge

CHARTS: Final = ("session", "connection", "agent")
INDENT: Final = " " * 6


class LiveDiagram(Vertical):
    """Where the charts stand, and the last transitions, the newest first.

    Args:
        model: What to show.
        charts: Names of the charts.
    """

    DEFAULT_CSS = """
    LiveDiagram { height: 1fr; }
    LiveDiagram .title { color: $text-muted; }
    LiveDiagram #history { height: 1fr; margin-top: 1; }
    """

    def __init__(self, model: DiagramModel, charts: Sequence[str] = CHARTS) -> None:
        super().__init__()
        self._model = model
        self._charts = tuple(charts)

    def compose(self) -> ComposeResult:
        """Lay out the lanes, and the list."""
        for name in self._charts:
            yield Static(name, classes="title")
            yield StateLane(self._model, name)
        yield Static(id="history")

    def on_mount(self) -> None:
        """Begin to look."""
        bind(self._model.history, self, self._list)

    def on_resize(self) -> None:
        """List as many as there is room for."""
        self._list(self._model.history.value)

    def _list(self, history: Sequence[Edge]) -> None:
        room = self.query_one("#history", Static)
        mine = [edge for edge in reversed(history) if edge.machine in self._charts]
        room.update(
            Content("\n").join([_entry(edge) for edge in mine[: room.size.height // 2 + 1]])
        )


def _entry(edge: Edge) -> Content:
    return Content.assemble(
        (f"{edge.seconds:5.1f} ", "$text-muted"),
        (edge.trigger, "bold"),
        (f"\n{INDENT}{edge.source} → {edge.dest}", "$text-muted"),
    )
