"""State machines as pictures: Mermaid, Graphviz' DOT, SVG and Markdown tables.

    >>> from session_fsm.charts import CONNECTION
    >>> from session_fsm.diagrams import mermaid
    >>> print(mermaid(CONNECTION).splitlines()[0])
    stateDiagram-v2

A running session can be drawn, too: ``mermaid(session)`` shows its charts with the current
states and the last transitions marked, ``mermaid(session, machine="agent")`` one of them. So can
any machine of `transitions`, of one's own, flat or nested, with the state of its model marked.
``coupling()`` is what drives the charts together.

``render(what, "svg")`` is the same as ``svg(what)``; ``render(what, None)`` is a `Drawing`, which
notebooks show. ``diagram()`` draws what is not to be found in a machine: other current states, and
the last transition.

In every drawing a state has the id that ``node_id(machine, state)`` returns, and an arrow that of
``edge_id(machine, source, dest)``: user interfaces find the elements of an SVG by them. ``marks()``
says which of them are lit, ``highlight()`` lights them, ``boxes()`` says where they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, TypeAlias, overload

from session_fsm.diagrams.coupling import Coupling as Coupling
from session_fsm.diagrams.coupling import coupling as coupling
from session_fsm.diagrams.drawable import Drawable as Drawable
from session_fsm.diagrams.drawable import diagram as diagram
from session_fsm.diagrams.drawing import Drawing as Drawing
from session_fsm.diagrams.ids import edge_id as edge_id
from session_fsm.diagrams.ids import node_id as node_id
from session_fsm.diagrams.live import STYLE as STYLE
from session_fsm.diagrams.live import Box as Box
from session_fsm.diagrams.live import boxes as boxes
from session_fsm.diagrams.live import highlight as highlight
from session_fsm.diagrams.live import marks as marks
from session_fsm.diagrams.model import Diagram as Diagram
from session_fsm.diagrams.model import Overview as Overview
from session_fsm.diagrams.texts import dot as dot
from session_fsm.diagrams.texts import mermaid as mermaid
from session_fsm.diagrams.texts import svg as svg
from session_fsm.diagrams.texts import table as table
from session_fsm.diagrams.to_svg import GraphvizError as GraphvizError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = [
    "STYLE",
    "Box",
    "Coupling",
    "Diagram",
    "Drawable",
    "Drawing",
    "Format",
    "GraphvizError",
    "Overview",
    "boxes",
    "coupling",
    "diagram",
    "dot",
    "edge_id",
    "highlight",
    "marks",
    "mermaid",
    "node_id",
    "render",
    "svg",
    "table",
]

Format: TypeAlias = Literal["mermaid", "dot", "svg", "table"]
FORMATS: Final[Mapping[Format, Callable[..., str]]] = {
    "mermaid": mermaid,
    "dot": dot,
    "svg": svg,
    "table": table,
}


@overload
def render(
    what: Drawable,
    format: Format = ...,
    *,
    machine: str | None = ...,
    model: object = ...,
) -> str: ...
@overload
def render(
    what: Drawable,
    format: None,
    *,
    machine: str | None = ...,
    model: object = ...,
) -> Drawing: ...
def render(
    what: Drawable,
    format: Format | None = "mermaid",  # noqa: A002 - the same
    *,
    machine: str | None = None,
    model: object = None,
) -> str | Drawing:
    """Return a picture in any language, or an object that notebooks show.

    Args:
        what: As for `mermaid`.
        format: ``"mermaid"``, ``"dot"``, ``"svg"`` or ``"table"``; None for a `Drawing`.
        machine: As for `mermaid`.
        model: As for `mermaid`.

    Raises:
        GraphvizError: An SVG is asked for, and Graphviz is not installed or failed.
        TypeError: It cannot be drawn, or an argument is for something else.
        ValueError: There is no such format, or no machine of this name.
    """
    if format is None:
        return Drawing(what, machine=machine, model=model)
    if format not in FORMATS:
        raise ValueError(f"there is no format {format!r}: it is one of {', '.join(FORMATS)}")
    return FORMATS[format](what, machine=machine, model=model)
