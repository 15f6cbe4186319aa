"""All states of a chart, in a line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual.content import Content
from textual.widgets import Static

from session_fsm.charts import CHARTS
from stores.textual import bind

if TYPE_CHECKING:
    from session_fsm.ui.diagram import ChartNow, DiagramModel

STATES: Final = {chart.name: chart.states for chart in CHARTS}
NOW: Final = "bold $text on $accent"
LEFT: Final = "$foreground underline"
OTHER: Final = "$foreground 65%"


class StateLane(Static):
    """The states of one chart: the present one stands out, the one before is underlined.

    Args:
        model: What to show.
        chart: The chart's name.

    Raises:
        ValueError: There is no such chart.
    """

    DEFAULT_CSS = "StateLane { height: auto; }"

    def __init__(self, model: DiagramModel, chart: str) -> None:
        super().__init__()
        self._now = model.chart(chart)
        self._states = STATES[chart]

    def on_mount(self) -> None:
        """Begin to look."""
        bind(self._now, self, self._show)

    def _show(self, now: ChartNow) -> None:
        before = now.last.source if now.last is not None else None
        cells = [
            Content.styled(f" {state} ", NOW)
            if state == now.state
            else Content.assemble(" ", (state, LEFT if state == before else OTHER), " ")
            for state in self._states
        ]
        self.update(Content(" ").join(cells))
