"""A picture as an object: notebooks show it, and show it anew without drawing it anew."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final

from session_fsm.diagrams import texts
from session_fsm.diagrams.coupling import Coupling
from session_fsm.diagrams.drawable import picture
from session_fsm.diagrams.live import highlight
from session_fsm.diagrams.to_svg import GraphvizError

if TYPE_CHECKING:
    from collections.abc import Container

    from session_fsm.diagrams.drawable import Drawable, Picture

SVG: Final = "image/svg+xml"
MERMAID: Final = "text/vnd.mermaid"
PLAIN: Final = "text/plain"


class Drawing:
    """What is drawn, whenever it is looked at, in every language that a notebook may know.

    It always shows the present state: ``display(drawing, display_id=True).update(drawing)`` lights
    up another one. Graphviz is asked once; changes are classes in the picture that is there.

    Args:
        what: A chart, a machine of `transitions`, a session, a replay, or ``coupling()``.
        machine: That chart of a session only.
        model: The model of a machine whose state is marked.

    Raises:
        TypeError: It cannot be drawn.
        ValueError: There is no machine of this name.
    """

    def __init__(self, what: Drawable, *, machine: str | None = None, model: object = None) -> None:
        self._what = what
        self._machine = machine
        self._model = model
        self.picture()

    def __repr__(self) -> str:
        return f"Drawing({self._what!r})"

    def picture(self) -> Picture:
        """Return what there is to draw at this moment."""
        return picture(self._what, self._machine, self._model)

    @cached_property
    def _still(self) -> str:
        drawing = self.picture()
        return texts.svg(drawing if isinstance(drawing, Coupling) else drawing.unmarked())

    def svg(self) -> str:
        """Return the picture, current states lit by classes and a style.

        Raises:
            GraphvizError: Graphviz is not installed, or failed.
        """
        return highlight(self._still, self.picture())

    def _repr_svg_(self) -> str | None:
        try:
            return self.svg()
        except GraphvizError:
            return None

    def _repr_mimebundle_(
        self, include: Container[str] | None = None, exclude: Container[str] | None = None
    ) -> dict[str, str]:
        now = self.picture()
        bundle = {PLAIN: texts.table(now), MERMAID: texts.mermaid(now)}
        svg = self._repr_svg_()
        if svg is not None:
            bundle[SVG] = svg
        return {
            kind: text
            for kind, text in bundle.items()
            if (not include or kind in include) and not (exclude and kind in exclude)
        }
