"""What the agent does, as bars."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual.content import Content
from textual.widget import Widget

from stores.textual import bind

if TYPE_CHECKING:
    from textual.geometry import Size

    from session_fsm.ui.visualizer import VisualizerFrame, VisualizerModel

BLOCKS: Final = " ▁▂▃▄▅▆▇█"
STEPS: Final = len(BLOCKS) - 1


class BarVisualizer(Widget):
    """Bars that are as high as the agent is loud, and blink while it is not.

    Args:
        model: What to draw.
    """

    DEFAULT_CSS = "BarVisualizer { height: 3; width: auto; min-width: 14; padding: 0 1; }"

    def __init__(self, model: VisualizerModel) -> None:
        super().__init__()
        self._model = model
        self._frame = model.frame.value

    def on_mount(self) -> None:
        """Begin to look: from now on it moves."""
        bind(self._model.frame, self, self._show)

    def _show(self, frame: VisualizerFrame) -> None:
        self._frame = frame
        self.refresh()

    def render(self) -> Content:
        """Draw the bars from the top line to the bottom one."""
        rows = max(self.size.height, 1)
        lines = [self._line(row, rows) for row in reversed(range(rows))]
        return Content("\n").join(lines)

    def get_content_width(self, container: Size, viewport: Size) -> int:
        """Return how many cells the bars need: two each, and one between."""
        del container, viewport
        return 3 * len(self._frame.heights) - 1

    def _line(self, row: int, rows: int) -> Content:
        """Return what is seen of all bars in one line; the lowest is 0."""
        bars = (
            (
                BLOCKS[_filled(height, row, rows)] * 2,
                "$accent" if place in self._frame.highlighted else "$foreground 40%",
            )
            for place, height in enumerate(self._frame.heights)
        )
        return Content(" ").join([Content.styled(text, style) for text, style in bars])


def _filled(height: float, row: int, rows: int) -> int:
    """Return how much of a cell is filled, in eighths; a bar is never quite gone."""
    whole = max(round(min(height, 1.0) * rows * STEPS), 1)
    return min(max(whole - row * STEPS, 0), STEPS)
