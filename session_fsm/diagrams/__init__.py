"""The charts as pictures: Mermaid, Graphviz' DOT, SVG and Markdown tables.

    >>> from session_fsm.charts import CONNECTION
    >>> from session_fsm.diagrams import mermaid
    >>> print(mermaid(CONNECTION).splitlines()[0])
    stateDiagram-v2

A running session can be drawn, too: ``mermaid(session)`` shows its charts with the current
states and the last transitions marked, ``mermaid(session, machine="agent")`` one of them.
``coupling()`` is what drives the charts together.

In every drawing a state has the id that ``node_id(machine, state)`` returns: user interfaces find
the elements of an SVG by it.
"""

from __future__ import annotations

from session_fsm.diagrams import to_dot, to_mermaid, to_table
from session_fsm.diagrams.coupling import Coupling as Coupling
from session_fsm.diagrams.coupling import coupling as coupling
from session_fsm.diagrams.drawable import Drawable as Drawable
from session_fsm.diagrams.drawable import picture as _picture
from session_fsm.diagrams.model import Diagram as Diagram
from session_fsm.diagrams.model import Overview as Overview
from session_fsm.diagrams.model import diagram as diagram
from session_fsm.diagrams.model import node_id as node_id
from session_fsm.diagrams.to_svg import GraphvizError as GraphvizError
from session_fsm.diagrams.to_svg import svg_of

__all__ = [
    "Coupling",
    "Diagram",
    "Drawable",
    "GraphvizError",
    "Overview",
    "coupling",
    "diagram",
    "dot",
    "mermaid",
    "node_id",
    "svg",
    "table",
]


def mermaid(what: Drawable, *, machine: str | None = None) -> str:
    """Return Mermaid text that GitHub renders.

    Args:
        what: A chart, a running session, or ``coupling()``.
        machine: ``"session"``, ``"connection"``, ``"agent"``, ``"microphone"``, ``"camera"`` or
            ``"screen_share"``: that chart of a session only.
    """
    match _picture(what, machine):
        case Diagram() as drawing:
            return to_mermaid.chart_text(drawing)
        case Overview() as drawings:
            return to_mermaid.overview_text(drawings)
        case Coupling() as causes:
            return to_mermaid.coupling_text(causes)


def dot(what: Drawable, *, machine: str | None = None) -> str:
    """Return Graphviz' DOT text; arguments as for `mermaid`."""
    match _picture(what, machine):
        case Diagram() as drawing:
            return to_dot.chart_dot(drawing)
        case Overview() as drawings:
            return to_dot.overview_dot(drawings)
        case Coupling() as causes:
            return to_dot.coupling_dot(causes)


def table(what: Drawable, *, machine: str | None = None) -> str:
    """Return a Markdown table of the transitions; arguments as for `mermaid`."""
    match _picture(what, machine):
        case Diagram() as drawing:
            return to_table.chart_table(drawing)
        case Overview() as drawings:
            return to_table.overview_table(drawings)
        case Coupling() as causes:
            return to_table.coupling_table(causes)


def svg(what: Drawable, *, machine: str | None = None) -> str:
    """Return an SVG picture that shows in browsers and in Qt; arguments as for `mermaid`.

    Raises:
        GraphvizError: Graphviz is not installed, or failed.
    """
    return svg_of(dot(what, machine=machine))
