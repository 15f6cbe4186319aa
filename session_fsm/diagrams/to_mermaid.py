"""Mermaid text, as plain as all renderers take it: no front matter, no styles but ``classDef``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from session_fsm.diagrams.ids import machine_id
from session_fsm.diagrams.words import for_mermaid

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from session_fsm.diagrams.coupling import Coupling
    from session_fsm.diagrams.model import Arrow, Diagram, Label, Overview

INDENT: Final = "    "
STYLES: Final = {
    "current": "fill:#1f6feb,color:#ffffff,stroke:#0b3d91,stroke-width:2px",
    "previous": "stroke:#1f6feb,stroke-width:2px,stroke-dasharray:6 4",
    "any": "stroke:#8c959f,stroke-dasharray:2 3",
}

COLOURS: Final = {
    "session": "fill:#ddf4ff,color:#24292f,stroke:#0969da",
    "connection": "fill:#dafbe1,color:#24292f,stroke:#1a7f37",
    "agent": "fill:#fbefff,color:#24292f,stroke:#8250df",
    "media": "fill:#fff1e5,color:#24292f,stroke:#bc4c00",
    "level": "fill:#fff8c5,color:#24292f,stroke:#9a6700",
}
"""Charts, and causes that are looked at after every step."""
LONG: Final = 14
"""Characters of a name from which on it is broken where an arrow goes back beside it: Mermaid
draws their labels over each other."""


def chart_text(drawing: Diagram) -> str:
    """Return one chart as a ``stateDiagram-v2``."""
    return _text("stateDiagram-v2", [*_styles((drawing,)), *_chart(drawing), *_marks((drawing,))])


def overview_text(overview: Overview) -> str:
    """Return several charts as one ``stateDiagram-v2`` with a composite state for each."""
    lines = list(_styles(overview.charts))
    for drawing in overview.charts:
        inner = (INDENT + line for line in _chart(drawing))
        lines += [f"state {machine_id(drawing.name)} {{", *inner, "}"]
    return _text("stateDiagram-v2", [*lines, *_marks(overview.charts)])


def coupling_text(coupling: Coupling) -> str:
    """Return the coupling as a ``flowchart``: causes at the left, what they fire at the right."""
    lines = [f"classDef {name} {COLOURS[name]}" for name in (*coupling.machines, "level")]
    for number, cause in enumerate(coupling.causes, 1):
        words = "<br/>".join(filter(None, (cause.words, cause.note)))
        lines.append(f'cause_{number}["{words}"]' + (":::level" if cause.is_level else ""))
        for place, (machine, trigger) in enumerate(cause.fires, 1):
            order = f"|{place}|" if len(cause.fires) > 1 else ""
            there = f'{machine}_{trigger}(["{machine}: {trigger}"]):::{machine}'
            lines.append(f"cause_{number} -->{order} {there}")
    return _text("flowchart LR", lines)


def _text(kind: str, lines: Sequence[str]) -> str:
    return "\n".join([kind, *(INDENT + line for line in lines), ""])


def _styles(drawings: tuple[Diagram, ...]) -> Iterator[str]:
    used = {style for drawing in drawings for _, style in _classes(drawing)}
    return (f"classDef {name} {style}" for name, style in STYLES.items() if name in used)


def _marks(drawings: tuple[Diagram, ...]) -> Iterator[str]:
    for drawing in drawings:
        for node, style in _classes(drawing):
            yield f"class {drawing.id(node)} {style}"


def _classes(drawing: Diagram) -> Iterator[tuple[str, str]]:
    for group in drawing.groups:
        yield group.name, "any"
    if drawing.previous is not None:
        yield drawing.previous, "previous"
    for state in drawing.active:
        yield state, "current"


def _chart(drawing: Diagram) -> Iterator[str]:
    outer = [state for state in drawing.states if state not in drawing.parents]
    for state in outer:
        yield from _state(drawing, state)
    for group in drawing.groups:
        words = "<br/>".join(map(for_mermaid, group.words))
        yield f'state "{words}" as {drawing.id(group.name)}'
    yield from _inside(drawing, None)


def _state(drawing: Diagram, state: str) -> Iterator[str]:
    head = f'state "{for_mermaid(state)}" as {drawing.id(state)}'
    if state not in drawing.inner:
        yield head
        return
    composite = drawing.inner[state]
    yield head + " {"
    for place, child in enumerate(composite.children):
        if place and composite.is_parallel:
            yield f"{INDENT}--"
        for line in _state(drawing, child):
            yield INDENT + line
        if child in composite.starts and composite.is_parallel:
            yield f"{INDENT}[*] --> {drawing.id(child)}"  # in the region of its own
    for line in _inside(drawing, state):
        yield INDENT + line
    yield "}"


def _inside(drawing: Diagram, scope: str | None) -> Iterator[str]:
    """Yield what happens within a composite, but not within one of its own; None: within none."""
    starts = drawing.starts
    if scope is not None:
        composite = drawing.inner[scope]
        starts = () if composite.is_parallel else composite.starts
    for start in starts:
        yield f"[*] --> {drawing.id(start)}"
    ways = {(arrow.source, arrow.dest) for arrow in drawing.arrows if arrow.source != arrow.dest}
    for arrow in drawing.arrows:
        if _scope(drawing, arrow) == scope:
            is_narrow = (arrow.dest, arrow.source) in ways
            labels = ", ".join(_label(label, is_narrow=is_narrow) for label in arrow.labels)
            yield f"{drawing.id(arrow.source)} --> {drawing.id(arrow.dest)}: {labels}"
    for state in drawing.finals:
        if next(drawing.around(state), None) == scope:
            yield f"{drawing.id(state)} --> [*]"


def _scope(drawing: Diagram, arrow: Arrow) -> str | None:
    """Return the innermost composite that both ends are in."""
    around = set(drawing.around(arrow.source))
    return next((one for one in drawing.around(arrow.dest) if one in around), None)


def _label(label: Label, *, is_narrow: bool) -> str:
    words = for_mermaid(label.words)
    if label.guard:
        return f"{words}<br/>[{for_mermaid(label.guard)}]"
    return words.replace("_", "_<br/>") if is_narrow and len(words) >= LONG else words
