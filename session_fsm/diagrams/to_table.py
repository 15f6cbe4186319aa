"""Markdown tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from session_fsm.diagrams.model import MARK

if TYPE_CHECKING:
    from collections.abc import Iterable

    from session_fsm.diagrams.coupling import Coupling
    from session_fsm.diagrams.model import Diagram, Overview, Row


def markdown_table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Return a table; a ``|`` in a cell is escaped."""
    lines = [_line(head), _line(("---",) * len(head)), *(_line(row) for row in rows)]
    return "\n".join([*lines, ""])


def chart_table(drawing: Diagram) -> str:
    """Return the transitions of one chart; the current state stands above, when there is one."""
    rows = (
        (_trigger(row), ", ".join(row.sources), row.dest, row.guard or "") for row in drawing.rows
    )
    text = markdown_table(("trigger", "from", "to", "when"), rows)
    return text if drawing.current is None else f"{drawing.name}: **{drawing.current}**\n\n{text}"


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
    escaped = (cell.replace("|", "\\|") for cell in cells)
    return f"| {' | '.join(escaped)} |"


def _trigger(row: Row) -> str:
    if row.last_source is None:
        return f"`{row.trigger}`"
    return f"{MARK} `{row.trigger}` (from {row.last_source})"
