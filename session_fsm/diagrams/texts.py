"""One function for each language; what is drawn is whatever `picture` makes a picture of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from session_fsm.diagrams import to_dot, to_mermaid, to_table
from session_fsm.diagrams.coupling import Coupling
from session_fsm.diagrams.drawable import picture
from session_fsm.diagrams.model import Diagram, Overview
from session_fsm.diagrams.to_svg import svg_of

if TYPE_CHECKING:
    from session_fsm.diagrams.drawable import Drawable


def mermaid(what: Drawable, *, machine: str | None = None, model: object = None) -> str:
    """Return Mermaid text that GitHub renders.

    Args:
        what: A chart, a running session, a replay, any machine of `transitions`, ``coupling()``,
            or what ``diagram()`` returned.
        machine: ``"session"``, ``"connection"``, ``"agent"``, ``"microphone"``, ``"camera"`` or
            ``"screen_share"``: that chart of a session only.
        model: The model of a machine of `transitions` whose state is marked; by default the
            machine's model, if it has exactly one.

    Raises:
        TypeError: It cannot be drawn, or an argument is for something else.
        ValueError: There is no machine of this name.
    """
    match picture(what, machine, model):
        case Diagram() as drawing:
            return to_mermaid.chart_text(drawing)
        case Overview() as drawings:
            return to_mermaid.overview_text(drawings)
        case Coupling() as causes:
            return to_mermaid.coupling_text(causes)


def dot(what: Drawable, *, machine: str | None = None, model: object = None) -> str:
    """Return Graphviz' DOT text; arguments and errors as for `mermaid`."""
    match picture(what, machine, model):
        case Diagram() as drawing:
            return to_dot.chart_dot(drawing)
        case Overview() as drawings:
            return to_dot.overview_dot(drawings)
        case Coupling() as causes:
            return to_dot.coupling_dot(causes)


def table(what: Drawable, *, machine: str | None = None, model: object = None) -> str:
    """Return a Markdown table of the transitions; arguments and errors as for `mermaid`."""
    match picture(what, machine, model):
        case Diagram() as drawing:
            return to_table.chart_table(drawing)
        case Overview() as drawings:
            return to_table.overview_table(drawings)
        case Coupling() as causes:
            return to_table.coupling_table(causes)


def svg(what: Drawable, *, machine: str | None = None, model: object = None) -> str:
    """Return an SVG picture that shows in browsers and in Qt; arguments as for `mermaid`.

    Raises:
        GraphvizError: Graphviz is not installed, or failed.
        TypeError: It cannot be drawn, or an argument is for something else.
        ValueError: There is no machine of this name.
    """
    return svg_of(dot(what, machine=machine, model=model))
