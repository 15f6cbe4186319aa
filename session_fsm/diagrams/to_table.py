"""Markdown tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from session_fsm.diagrams.model import INTERNAL, MARK
from session_fsm.diagrams.words import as_code, for_markdown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from session_fsm.diagrams.coupling import Coupling
    from session_fsm.diagrams.model import Diagram, Overview, Row


def markdown_table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Return a table; a ``|`` in a cell is escaped."""
    escaped = (tuple(cell.replace("|", "\\|") for cell in row) for row in rows)
    return _table(head, escaped)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [_line(head), _line(("---",) * len(head)), *(_line(row) for row in rows)]
    return "\n".join([*lines, ""])


def chart_table(drawing: Diagram) -> str:
    """Return the transitions of one chart; the current state stands above, when there is one."""
    rows = (
        (
            _trigger(row),
            ", ".join(map(for_markdown, row.sources)),
            for_markdown(row.dest) + (f" {INTERNAL}" if row.is_internal else ""),
            for_markdown(row.guard) if row.guard else "",
        )
        for row in drawing.rows
    )
    text = _table(("trigger", "from", "to", "when"), rows)
    if not drawing.active:
        return text
    now = ", ".join(f"**{for_markdown(state)}**" for state in drawing.active)
    return f"{for_markdown(drawing.name)}: {now}\n\n{text}"


def overview_table(overview: Overview) -> str:
    """Return the tables of several charts, one after the other."""
    return "\n".join(chart_table(drawing) for drawing in overview.charts)


def coupling_table(coupling: Coupling) -> str:
    """Return every cause and what it fires."""
    rows = (
        (
            f"{cause.words} ({cause.note})" if cause.note else cause.words,
            ", then ".join(f"{machine} `{trigger}`" for machine, trigger in cause.fires),
        )
        for cause in coupling.causes
    )
    return markdown_table(("cause", "fires, in one step"), rows)


def _line(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"


def _trigger(row: Row) -> str:
    if row.last_source is None:
        return as_code(row.trigger)
    return f"{MARK} {as_code(row.trigger)} (from {for_markdown(row.last_source)})"
