"""Graphviz' DOT: laid out from top to bottom, every state with an id that programs can find.

Colours and fonts are attributes of the elements, because Qt reads no style sheets.
"""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING, Final

from session_fsm.diagrams.model import MARK

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from session_fsm.diagrams.coupling import Cause, Coupling
    from session_fsm.diagrams.model import Arrow, Diagram, Overview

FONT: Final = "DejaVu Sans,Verdana,sans-serif"
"""A wide one, so that there is room for whatever font is there where a picture is looked at."""
BLUE: Final = "#1f6feb"
GREY: Final = "#57606a"
GRAPH: Final = (
    f'graph [fontname="{FONT}", fontsize=12, fontcolor="{GREY}", bgcolor="#ffffff", pad=0.2,'
    " nodesep=0.45, ranksep=0.55]"
)
NODE: Final = (
    f'node [shape=box, style="rounded,filled", color="#24292f", fillcolor="#f6f8fa",'
    f' fontname="{FONT}", fontsize=12, fontcolor="#24292f", margin="0.2,0.1"]'
)
EDGE: Final = (
    f'edge [color="{GREY}", fontname="{FONT}", fontsize=10, fontcolor="#24292f", arrowsize=0.8]'
)
CURRENT: Final = f'fillcolor="{BLUE}", fontcolor="#ffffff", color="#0b3d91", penwidth=2'
PREVIOUS: Final = f'style="rounded,filled,dashed", color="{BLUE}", penwidth=2'
LAST: Final = f'color="{BLUE}", fontcolor="{BLUE}", penwidth=2'
GROUP: Final = (
    f'shape=box, style=dashed, color="#8c959f", fontcolor="{GREY}", fontsize=10, margin="0.1,0.06"'
)
CAUSE: Final = (
    'style=filled, color="#d0d7de", fillcolor="#ffffff", fontsize=11, margin="0.14,0.06", width=3.5'
)
LEVEL: Final = (
    'style=filled, color="#9a6700", fillcolor="#fff8c5", fontsize=11, margin="0.14,0.06", width=3.5'
)


def chart_dot(drawing: Diagram) -> str:
    """Return one chart."""
    return _graph(drawing.name, list(_chart(drawing)))


def overview_dot(overview: Overview) -> str:
    """Return several charts in one picture, each in a box."""
    lines: list[str] = []
    for drawing in overview.charts:
        lines += [
            f"subgraph cluster_{drawing.name} {{",
            f'    graph [label="{drawing.name}", style=rounded, color="#d0d7de", margin=16]',
            *("    " + line for line in _chart(drawing)),
            "}",
        ]
    return _graph("overview", lines)


def _graph(name: str, lines: Sequence[str]) -> str:
    return "\n".join(
        [f"digraph {name} {{", *("    " + line for line in (GRAPH, NODE, EDGE, *lines)), "}", ""]
    )


def _chart(drawing: Diagram) -> Iterator[str]:
    start = drawing.id("start")
    yield f'{start} [shape=circle, style=filled, fillcolor="#24292f", label="", width=0.16]'
    for state in drawing.states:
        name = drawing.id(state)
        look = _look(drawing, state)
        yield f'{name} [id="{name}", label="{state}"{look}]'
    for group in drawing.groups:
        name = drawing.id(group.name)
        words = _lines(group.words)
        yield f'{name} [id="{name}", label="{words}", {GROUP}]'
    yield f"{start} -> {drawing.id(drawing.initial)}"
    depths = _depths(drawing)
    for arrow in drawing.arrows:
        yield _arrow(drawing, arrow, depths)


def _look(drawing: Diagram, state: str) -> str:
    if state == drawing.current:
        return f", {CURRENT}"
    return f", {PREVIOUS}" if state == drawing.previous else ""


def _arrow(drawing: Diagram, arrow: Arrow, depths: Mapping[str, float]) -> str:
    """Return an arrow; one that leads back is written the other way round, for the layout."""
    words = _lines(
        f" {line} "
        for label in arrow.labels
        for line in (
            f"{MARK} {label.trigger}" if label.is_last else label.trigger,
            *([f"[{label.guard}]"] if label.guard else []),
        )
    )
    spine = ", weight=3" if depths[arrow.dest] - depths[arrow.source] == 1 else ""
    ends = [drawing.id(arrow.source), drawing.id(arrow.dest)]
    back = ""
    if depths[arrow.source] > depths[arrow.dest]:
        ends.reverse()
        back = ", dir=back"
    look = f", {LAST}" if arrow.is_last else ""
    return f'{ends[0]} -> {ends[1]} [label="{words}"{spine}{back}{look}]'


def _depths(drawing: Diagram) -> dict[str, float]:
    """Return how far down everything belongs: states in their order, a group above its first."""
    depths: dict[str, float] = {state: place for place, state in enumerate(drawing.states)}
    for group in drawing.groups:
        depths[group.name] = depths[group.states[0]] - 0.5
    return depths


def _lines(lines: Iterable[str]) -> str:
    return "\\n".join(lines)


def coupling_dot(coupling: Coupling) -> str:
    """Return the coupling: causes in the middle, the first chart at their left, the others right.

    An arrow to the left is written the other way round, for the layout.
    """
    left, *right = coupling.machines
    lines = ["graph [rankdir=LR, nodesep=0.14, ranksep=0.9, newrank=true]"]
    lines += [_cause(number, cause) for number, cause in enumerate(coupling.causes, 1)]
    for machine in coupling.machines:
        lines += _triggers(machine, coupling.triggers(machine))
    for machines in ([left], right):
        names = (f"{machine}_{it}" for machine in machines for it in coupling.triggers(machine))
        lines.append(f"{{ rank=same; {'; '.join(names)} }}")
    causes = (f"cause_{number}" for number, _ in enumerate(coupling.causes, 1))
    lines.append(f"{{ rank=same; {'; '.join(causes)} }}")
    for number, cause in enumerate(coupling.causes, 1):
        for place, (machine, trigger) in enumerate(cause.fires, 1):
            order = f" {place} " if len(cause.fires) > 1 else ""
            here, there = f"cause_{number}", f"{machine}_{trigger}"
            if machine == left:
                lines.append(f'{there} -> {here}:w [dir=back, headlabel="{order}"]')
            else:
                lines.append(f'{here}:e -> {there} [taillabel="{order}"]')
    return _graph("coupling", lines)


def _triggers(machine: str, triggers: tuple[str, ...]) -> Iterator[str]:
    yield f"subgraph cluster_{machine} {{"
    yield f'    graph [label="{machine}", style=rounded, color="#d0d7de", margin=14]'
    for trigger in triggers:
        yield f'    {machine}_{trigger} [id="{machine}_{trigger}", label="{trigger}"]'
    yield "}"


def _cause(number: int, cause: Cause) -> str:
    name = f"cause_{number}"
    words = _lines([*wrap(cause.words, 40), *([cause.note] if cause.note else [])])
    return f'{name} [id="{name}", label="{words}", {LEVEL if cause.is_level else CAUSE}]'
