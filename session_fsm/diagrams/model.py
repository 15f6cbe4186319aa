"""What there is to draw, before it is known in which language: plain frozen data.

One arrow of a drawing may stand for many transitions of a machine. Those between the same two
states become one arrow with several labels. A trigger that leads to one state from many becomes one
arrow that starts at a *group*: a small node that says in words which states it stands for. Nothing
is left out: the machine can be read back from its drawing (`transitions_of`), with one rule: a
group never stands for the state that the arrow leads to.
"""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from itertools import count
from textwrap import wrap
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

import attrs

from session_fsm.diagrams.ids import edge_id, node_id
from session_fsm.diagrams.words import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

GROUPED_FROM: Final = 5
"""So many sources of one trigger are drawn as a group; fewer are drawn one by one."""
WIDTH: Final = 36
"""So many characters in one line of a group."""
MARK: Final = "\N{RIGHT-POINTING DOUBLE ANGLE QUOTATION MARK}"
"""Stands before the last transition."""
INTERNAL: Final = "(internal)"
"""Stands behind a trigger that leaves the state as it is, without leaving and entering it."""


class Moved(Protocol):
    """A transition that was taken: ours, or an ``Edge(trigger, source, dest)``."""

    @property
    def trigger(self) -> str:
        """The trigger that was fired."""
        ...

    @property
    def source(self) -> str:
        """The state before."""
        ...

    @property
    def dest(self) -> str:
        """The state after."""
        ...


class Step(NamedTuple):
    """One transition of a machine.

    Attributes:
        trigger: The trigger.
        source: Where it is possible.
        dest: Where it leads to.
        guard: What must hold besides, or None.
        is_internal: Source and destination are the same, and it is neither left nor entered.
    """

    trigger: str
    source: str
    dest: str
    guard: str | None = None
    is_internal: bool = False


@attrs.frozen
class Composite:
    """A state with states within it.

    Attributes:
        state: Its name.
        children: Those directly within it.
        starts: Those of them that are entered with it.
    """

    state: str
    children: tuple[str, ...]
    starts: tuple[str, ...] = ()

    @property
    def is_parallel(self) -> bool:
        """Whether it is in several of its states at once."""
        return len(self.starts) > 1


@attrs.frozen
class Row:
    """All transitions of one trigger to one state.

    Attributes:
        trigger: The trigger.
        sources: Where it is possible.
        dest: Where it leads to.
        guard: What must hold besides, or None.
        last_source: Where the last transition came from, if it was this.
        is_internal: See `Step`.
    """

    trigger: str
    sources: tuple[str, ...]
    dest: str
    guard: str | None = None
    last_source: str | None = None
    is_internal: bool = False


@attrs.frozen
class Group:
    """A node that stands for several states.

    Attributes:
        name: ``"any-1"``, ``"any-2"``, …; no state has the same.
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
    is_internal: bool = False

    @property
    def words(self) -> str:
        """The trigger with its marks."""
        return " ".join([*([MARK] * self.is_last), self.trigger, *([INTERNAL] * self.is_internal)])


@attrs.frozen
class Arrow:
    """An arrow from a state or a group to a state.

    Attributes:
        source: A state, or the name of a group.
        dest: A state.
        labels: Its triggers, in the order of the machine.
    """

    source: str
    dest: str
    labels: tuple[Label, ...]

    @property
    def is_last(self) -> bool:
        """Whether the last transition went along here."""
        return any(label.is_last for label in self.labels)


@attrs.frozen(slots=False)
class Diagram:
    """One machine, ready to be drawn.

    Attributes:
        name: The machine's name.
        states: All states, as users see them; a state stands before those within it.
        starts: The states that it begins in: one, several in a parallel machine, or none.
        rows: All transitions, for tables.
        groups: The nodes that stand for several states.
        arrows: All transitions, for pictures.
        active: The states that it is in: one, several in a parallel machine, or none.
        previous: The state that it was in before, or None.
        composites: The states that have others within them.
        finals: The states that nothing is expected after.
    """

    name: str
    states: tuple[str, ...]
    starts: tuple[str, ...]
    rows: tuple[Row, ...]
    groups: tuple[Group, ...]
    arrows: tuple[Arrow, ...]
    active: tuple[str, ...] = ()
    previous: str | None = None
    composites: tuple[Composite, ...] = ()
    finals: tuple[str, ...] = ()

    @property
    def initial(self) -> str | None:
        """The state that it begins in, the first where there are several, or None."""
        return self.starts[0] if self.starts else None

    @property
    def current(self) -> str | None:
        """The state that it is in, the first where there are several, or None."""
        return self.active[0] if self.active else None

    @cached_property
    def parents(self) -> Mapping[str, Composite]:
        """State -> the composite that it is directly in."""
        return {child: one for one in self.composites for child in one.children}

    @cached_property
    def inner(self) -> Mapping[str, Composite]:
        """State -> what is within it, for those that have something within."""
        return {one.state: one for one in self.composites}

    def around(self, state: str) -> Iterator[str]:
        """Yield the composites that the state is in, from the inside out."""
        while state in self.parents:
            state = self.parents[state].state
            yield state

    def id(self, node: str) -> str:
        """Return the id of one of its states or groups; see `node_id`."""
        return node_id(self.name, node)

    def edge(self, source: str, dest: str, trigger: str | None = None) -> str | None:
        """Return the id of the arrow that shows a transition; None where there is none.

        Args:
            source: The state before.
            dest: The state after.
            trigger: Tells arrows apart: one of a state, and one of a group that it belongs to.
        """
        groups = {group.name: group.states for group in self.groups}
        for arrow in self.arrows:
            if (
                arrow.dest == dest
                and (arrow.source == source or source in groups.get(arrow.source, ()))
                and (trigger is None or any(label.trigger == trigger for label in arrow.labels))
                and (source != dest or arrow.source == source)
            ):
                return self.arrow_id(arrow)
        return None

    def arrow_id(self, arrow: Arrow) -> str:
        """Return the id of one of its arrows; see `edge_id`."""
        return edge_id(self.name, arrow.source, arrow.dest)

    def unmarked(self) -> Diagram:
        """Return the same without current state and last transition."""
        return attrs.evolve(
            self,
            active=(),
            previous=None,
            rows=tuple(attrs.evolve(row, last_source=None) for row in self.rows),
            arrows=tuple(
                attrs.evolve(
                    arrow,
                    labels=tuple(attrs.evolve(label, is_last=False) for label in arrow.labels),
                )
                for arrow in self.arrows
            ),
        )


@attrs.frozen
class Overview:
    """Several charts side by side."""

    charts: tuple[Diagram, ...]

    def unmarked(self) -> Overview:
        """Return the same without current states and last transitions."""
        return Overview(tuple(chart.unmarked() for chart in self.charts))


def drawn(
    name: str,
    states: Sequence[str],
    starts: Sequence[str],
    steps: Iterable[Step],
    *,
    composites: Iterable[Composite] = (),
    finals: Iterable[str] = (),
    current: Iterable[str] = (),
    last: Moved | None = None,
) -> Diagram:
    """Return the drawing of a machine that has these states and transitions.

    Args:
        name: The machine's name.
        states: All states, each before those within it.
        starts: Those that it begins in.
        steps: All transitions.
        composites: Which states have others within them.
        finals: The final states.
        current: The states to be marked.
        last: The transition to be marked, unless it does not lead to a current state.
    """
    bare = Diagram(
        name,
        tuple(states),
        tuple(starts),
        (),
        (),
        (),
        active=tuple(current),
        composites=tuple(composites),
        finals=tuple(finals),
    )
    there = {around for one in bare.active for around in (one, *bare.around(one))}
    if last is not None and last.dest not in there:
        last = None
    rows = _rows(steps, last)
    members = _members(rows)
    groups = _groups(members.values(), bare.states)
    arrows: dict[tuple[str, str], list[Label]] = {}
    for row in rows:
        for start, sources in _starts(row, groups[members[row]] if row in members else None):
            label = Label(row.trigger, row.guard, row.last_source in sources, row.is_internal)
            arrows.setdefault((start, row.dest), []).append(label)
    return attrs.evolve(
        bare,
        rows=rows,
        groups=tuple(groups.values()),
        arrows=tuple(
            Arrow(source, dest, tuple(labels)) for (source, dest), labels in arrows.items()
        ),
        previous=last.source if last is not None else None,
    )


def transitions_of(drawing: Diagram) -> Iterator[tuple[str, str, str, str | None]]:
    """Yield every trigger, source, dest and guard that the arrows show."""
    groups = {group.name: group.states for group in drawing.groups}
    for arrow in drawing.arrows:
        for source in groups.get(arrow.source, (arrow.source,)):
            if source != arrow.dest or arrow.source == source:
                for label in arrow.labels:
                    yield label.trigger, source, arrow.dest, label.guard


def _rows(steps: Iterable[Step], last: Moved | None) -> tuple[Row, ...]:
    sources: dict[tuple[str, str, str | None, bool], dict[str, None]] = {}
    for trigger, source, dest, guard, is_internal in steps:
        sources.setdefault((trigger, dest, guard, is_internal), {})[source] = None
    came = (last.trigger, last.source, last.dest) if last is not None else None
    return tuple(
        Row(
            trigger,
            tuple(all_of_it),
            dest,
            guard,
            next((source for source in all_of_it if (trigger, source, dest) == came), None),
            is_internal,
        )
        for (trigger, dest, guard, is_internal), all_of_it in sources.items()
    )


def _members(rows: tuple[Row, ...]) -> dict[Row, frozenset[str]]:
    """Return for each row that starts at a group which states the group has.

    The state that a row leads to may be in its group or not: that makes no difference to the
    meaning. Of the two the one that serves more rows is taken, so that there are few groups.
    """
    options: dict[Row, tuple[frozenset[str], frozenset[str]]] = {}
    for row in rows:
        others = frozenset(row.sources) - {row.dest}
        if len(others) >= GROUPED_FROM:
            options[row] = others, others | {row.dest}
    serves = Counter(option for two in options.values() for option in two)
    return {row: max(two, key=lambda option: serves[option]) for row, two in options.items()}


def _starts(row: Row, group: Group | None) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield where the arrows of a row start, and which states each stands for."""
    if group is None:
        yield from ((source, (source,)) for source in row.sources)
        return
    yield group.name, tuple(source for source in row.sources if source != row.dest)
    if row.dest in row.sources:
        yield row.dest, (row.dest,)


def _groups(
    members: Iterable[frozenset[str]], states: tuple[str, ...]
) -> dict[frozenset[str], Group]:
    names = (name for name in map("any-{}".format, count(1)) if name not in states)
    return {one: _group(next(names), one, states) for one in dict.fromkeys(members)}


def _group(name: str, members: frozenset[str], states: tuple[str, ...]) -> Group:
    inside = tuple(state for state in states if state in members)
    outside = tuple(state for state in states if state not in members)
    if 0 < len(outside) < len(inside):
        words = "any state but", *_wrapped(outside, "and")
    else:
        words = tuple(_wrapped(inside, "or"))
    return Group(name, inside, words)


def _wrapped(words: Sequence[str], last: str) -> list[str]:
    spoken = listed([shown(word) for word in words], last)
    return wrap(spoken, WIDTH, break_on_hyphens=False, break_long_words=False)


def listed(words: Sequence[str], last: str) -> str:
    """Return the words as one reads them out: ``a, b or c``."""
    return f" {last} ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))
