"""Graphviz' DOT: laid out from top to bottom, every state with an id that programs can find.

Colours and fonts are attributes of the elements, because not every Qt reads style sheets.
"""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING, Final

from session_fsm.diagrams.ids import machine_id
from session_fsm.diagrams.words import for_dot

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
BOX: Final = 'style=rounded, color="#d0d7de", margin=16'
DOT: Final = 'shape=circle, style=filled, fillcolor="#24292f", label="", width=0.16'
NOTHING: Final = "shape=point, style=invis, width=0.05"
COMPOSITE: Final = 'style="rounded,filled", color="#8c959f", fillcolor="#ffffff", margin=16'
PARALLEL: Final = 'style="rounded,filled,dashed", color="#8c959f", fillcolor="#ffffff", margin=16'
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
    nested = ["graph [compound=true]"] if drawing.composites else []
    return _graph(machine_id(drawing.name), [*nested, *_chart(drawing)])


def overview_dot(overview: Overview) -> str:
    """Return several charts in one picture, each in a box."""
    lines: list[str] = []
    for drawing in overview.charts:
        lines += [
            f"subgraph cluster_{machine_id(drawing.name)} {{",
            f'    graph [label="{for_dot(drawing.name)}", {BOX}]',
            *("    " + line for line in _chart(drawing)),
            "}",
        ]
    return _graph("overview", lines)


def _graph(name: str, lines: Sequence[str]) -> str:
    return "\n".join(
        [f'digraph "{name}" {{', *("    " + line for line in (GRAPH, NODE, EDGE, *lines)), "}", ""]
    )


def _chart(drawing: Diagram) -> Iterator[str]:
    if drawing.starts:
        yield f"{_start(drawing)} [{DOT}]"
    for state in drawing.states:
        if state not in drawing.parents:
            yield from _state(drawing, state)
    for group in drawing.groups:
        name = drawing.id(group.name)
        words = _lines(map(for_dot, group.words))
        yield f'{name} [id="{name}", label="{words}", {GROUP}]'
    for state in drawing.starts:
        yield _entry(drawing, _start(drawing), state, None)
    depths = _depths(drawing)
    for arrow in drawing.arrows:
        yield _arrow(drawing, arrow, depths)


def _start(drawing: Diagram) -> str:
    name = drawing.id("start")
    return f"{name}__" if "start" in drawing.states else name


def _state(drawing: Diagram, state: str) -> Iterator[str]:
    name, look = drawing.id(state), _look(drawing, state)
    if state not in drawing.inner:
        final = ", peripheries=2" if state in drawing.finals else ""
        yield f'{name} [id="{name}", label="{for_dot(state)}"{final}{look}]'
        return
    composite = drawing.inner[state]
    yield f"subgraph cluster_{name} {{"
    box = PARALLEL if composite.is_parallel else COMPOSITE
    yield f'    graph [id="{name}", label="{for_dot(state)}", {box}{look}]'
    yield f"    {_anchor(name)} [{DOT if composite.starts else NOTHING}]"
    for child in composite.children:
        for line in _state(drawing, child):
            yield "    " + line
    for child in composite.starts:
        yield "    " + _entry(drawing, _anchor(name), child, state)
    yield "}"


def _anchor(name: str) -> str:
    """Return the node in a composite that its arrows are tied to; no state has such an id."""
    return f"{name}__"


def _node(drawing: Diagram, end: str) -> str:
    """Return the node that an arrow is tied to at this end."""
    name = drawing.id(end)
    return _anchor(name) if end in drawing.inner else name


def _cut(drawing: Diagram, side: str, end: str, other: str | None) -> str:
    """Cut an arrow at the border of the composite that it ends at, unless it comes from within."""
    if end not in drawing.inner or end == other or (other and end in drawing.around(other)):
        return ""
    return f", {side}=cluster_{drawing.id(end)}"


def _entry(drawing: Diagram, dot: str, state: str, around: str | None) -> str:
    cut = _cut(drawing, "lhead", state, around).removeprefix(", ")
    return f"{dot} -> {_node(drawing, state)}" + (f" [{cut}]" if cut else "")


def _look(drawing: Diagram, state: str) -> str:
    if state in drawing.active:
        return f", {CURRENT}"
    return f", {PREVIOUS}" if state == drawing.previous else ""


def _arrow(drawing: Diagram, arrow: Arrow, depths: Mapping[str, float]) -> str:
    """Return an arrow; one that leads back is written the other way round, for the layout."""
    words = _lines(
        f" {line} "
        for label in arrow.labels
        for line in (for_dot(label.words), *([f"[{for_dot(label.guard)}]"] if label.guard else []))
    )
    spine = ", weight=3" if depths[arrow.dest] - depths[arrow.source] == 1 else ""
    ends = [arrow.source, arrow.dest]
    back = ""
    if depths[arrow.source] > depths[arrow.dest]:
        ends.reverse()
        back = ", dir=back"
    look = f", {LAST}" if arrow.is_last else ""
    tail, head = ends
    cuts = _cut(drawing, "ltail", tail, head) + _cut(drawing, "lhead", head, tail)
    return (
        f"{_node(drawing, tail)} -> {_node(drawing, head)} "
        f'[id="{drawing.arrow_id(arrow)}", label="{words}"{spine}{back}{cuts}{look}]'
    )


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
