"""What there is to draw, before it is known in which language: plain frozen data.

One arrow of a drawing may stand for many transitions of a chart. Those between the same two states
become one arrow with several labels. A trigger that leads to one state from many becomes one arrow
that starts at a *group*: a small node that says in words which states it stands for. Nothing is
left out: the chart can be read back from its drawing (`transitions_of`), with one rule: a group
never stands for the state that the arrow leads to.
"""

from __future__ import annotations

from collections import Counter
from textwrap import wrap
from typing import TYPE_CHECKING, Any, Final

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from session_fsm.charts import Chart
    from session_fsm.transition import Transition

GROUPED_FROM: Final = 5
"""So many sources of one trigger are drawn as a group; fewer are drawn one by one."""
WIDTH: Final = 36
"""So many characters in one line of a group."""
MARK: Final = "\N{RIGHT-POINTING DOUBLE ANGLE QUOTATION MARK}"
"""Stands before the last transition of a running session."""


@attrs.frozen
class Row:
    """All transitions of one trigger to one state.

    Attributes:
        trigger: The trigger.
        sources: Where it is possible.
        dest: Where it leads to.
        guard: What must hold besides, or None.
        last_source: Where the last transition of the running session came from, if it was this.
    """

    trigger: str
    sources: tuple[str, ...]
    dest: str
    guard: str | None = None
    last_source: str | None = None


@attrs.frozen
class Group:
    """A node that stands for several states.

    Attributes:
        name: ``"any_1"``, ``"any_2"``, …
        states: The states that it stands for.
        words: The same for people, in lines.
    """

    name: str
    states: tuple[str, ...]
    words: tuple[str, ...]


@attrs.frozen
class Label:
    """One trigger of an arrow."""

    trigger: str
    guard: str | None
    is_last: bool


@attrs.frozen
class Arrow:
    """An arrow from a state or a group to a state.

    Attributes:
        source: A state, or the name of a group.
        dest: A state.
        labels: Its triggers, in the order of the chart.
    """

    source: str
    dest: str
    labels: tuple[Label, ...]

    @property
    def is_last(self) -> bool:
        """Whether the last transition of the running session went along here."""
        return any(label.is_last for label in self.labels)


@attrs.frozen
class Diagram:
    """One chart, ready to be drawn.

    Attributes:
        name: The chart's name.
        states: All states, as users see them.
        initial: The state that it begins in.
        rows: All transitions, for tables.
        groups: The nodes that stand for several states.
        arrows: All transitions, for pictures.
        current: The state that a running session is in, or None.
        previous: The state that it was in before, or None.
    """

    name: str
    states: tuple[str, ...]
    initial: str
    rows: tuple[Row, ...]
    groups: tuple[Group, ...]
    arrows: tuple[Arrow, ...]
    current: str | None = None
    previous: str | None = None

    def id(self, node: str) -> str:
        """Return the id of one of its states or groups; see `node_id`."""
        return node_id(self.name, node)


@attrs.frozen
class Overview:
    """Several charts side by side."""

    charts: tuple[Diagram, ...]


def node_id(machine: str, state: str) -> str:
    """Return the id that a state has in every drawing, ``"session_fetching_token"``."""
    return f"{machine}_{state}".replace("-", "_")


def diagram(
    chart: Chart[Any], *, current: str | None = None, last: Transition | None = None
) -> Diagram:
    """Return the drawing of a chart.

    Args:
        chart: What to draw.
        current: The state to be marked.
        last: The transition to be marked, unless it does not lead to the current state.
    """
    if last is not None and last.dest != current:
        last = None
    rows = _rows(chart, last)
    members = _members(rows)
    groups = {
        states: _group(f"any_{number}", states, chart.states)
        for number, states in enumerate(dict.fromkeys(members.values()), 1)
    }
    arrows: dict[tuple[str, str], list[Label]] = {}
    for row in rows:
        grouped = row in members
        for source in (groups[members[row]].name,) if grouped else row.sources:
            is_last = row.last_source is not None and (grouped or row.last_source == source)
            label = Label(row.trigger, row.guard, is_last)
            arrows.setdefault((source, row.dest), []).append(label)
    return Diagram(
        chart.name,
        chart.states,
        chart.initial,
        rows,
        tuple(groups.values()),
        tuple(Arrow(source, dest, tuple(labels)) for (source, dest), labels in arrows.items()),
        current,
        last.source if last is not None else None,
    )


def transitions_of(drawing: Diagram) -> Iterator[tuple[str, str, str, str | None]]:
    """Yield every trigger, source, dest and guard that the arrows show."""
    groups = {group.name: group.states for group in drawing.groups}
    for arrow in drawing.arrows:
        for source in groups.get(arrow.source, (arrow.source,)):
            if source != arrow.dest:
                for label in arrow.labels:
                    yield label.trigger, source, arrow.dest, label.guard


def _rows(chart: Chart[Any], last: Transition | None) -> tuple[Row, ...]:
    sources: dict[tuple[str, str, str | None], list[str]] = {}
    for trigger, source, dest, guard in chart.transitions:
        sources.setdefault((trigger, dest, guard), []).append(source)
    came = (last.trigger, last.source, last.dest) if last is not None else None
    return tuple(
        Row(
            trigger,
            tuple(all_of_it),
            dest,
            guard,
            next((source for source in all_of_it if (trigger, source, dest) == came), None),
        )
        for (trigger, dest, guard), all_of_it in sources.items()
    )


def _members(rows: tuple[Row, ...]) -> dict[Row, frozenset[str]]:
    """Return for each row that starts at a group which states the group has.

    The state that a row leads to may be in its group or not: that makes no difference to the
    meaning. Of the two the one that serves more rows is taken, so that there are few groups.
    """
    options = {
        row: (frozenset(row.sources), frozenset((*row.sources, row.dest)))
        for row in rows
        if len(row.sources) >= GROUPED_FROM
    }
    serves = Counter(option for two in options.values() for option in two)
    return {row: max(two, key=lambda option: serves[option]) for row, two in options.items()}


def _group(name: str, members: frozenset[str], states: tuple[str, ...]) -> Group:
    inside = tuple(state for state in states if state in members)
    outside = tuple(state for state in states if state not in members)
    if 0 < len(outside) < len(inside):
        words = "any state but", *_wrapped(outside, "and")
    else:
        words = tuple(_wrapped(inside, "or"))
    return Group(name, inside, words)


def _wrapped(words: Sequence[str], last: str) -> list[str]:
    return wrap(listed(words, last), WIDTH, break_on_hyphens=False)


def listed(words: Sequence[str], last: str) -> str:
    """Return the words as one reads them out: ``a, b or c``."""
    return f" {last} ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))
