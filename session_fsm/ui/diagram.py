"""The charts as they move: where each stands, how it got there, and what happened so far."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

from session_fsm.charts import CHARTS
from session_fsm.ui.model import ViewModel

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from session_fsm.snapshot import SessionSnapshot
    from session_fsm.transition import Transition
    from session_fsm.view import SessionView
    from stores import Store

KEPT: Final = 200
"""How many edges the history keeps unless told otherwise."""


@attrs.frozen
class Edge:
    """An edge that a chart took.

    Attributes:
        machine: The chart's name.
        trigger: What made it move.
        source: The state before.
        dest: The state after.
        seconds: Since the start of the run that it belongs to.
        epoch: The number of that run.
    """

    machine: str
    trigger: str
    source: str
    dest: str
    seconds: float
    epoch: int


@attrs.frozen
class ChartNow:
    """Where a chart stands.

    Attributes:
        state: The present state.
        last: The edge that it took last, or None.
    """

    state: str
    last: Edge | None = None


@attrs.frozen
class _Drawn:
    charts: Mapping[str, ChartNow]
    history: tuple[Edge, ...] = ()


class DiagramModel(ViewModel):
    """The state and the last edge of each chart, and the edges of all of them in their order.

    It begins with the last edge of each chart. Where it is made in the middle of a run whose start
    it has not seen, the seconds count from the oldest edge of that run that is known.

    Args:
        view: A session, or the replay of one.
        keep: How many edges the history keeps.

    Attributes:
        charts: Name of a chart -> where it stands.
        history: The last edges, the oldest first.

    Raises:
        ValueError: ``keep`` is below 1.
    """

    def __init__(self, view: SessionView, keep: int = KEPT) -> None:
        if keep < 1:
            raise ValueError(f"keep must be 1 or more, not {keep}")
        super().__init__(view)
        self._keep = keep
        self._began: tuple[int, datetime] | None = None
        self._jumps: int = view.jumps.value
        self._drawn = self._store(self._anew())
        self.charts: Final = self._drawn.select(lambda drawn: drawn.charts)
        self.history: Final = self._drawn.select(lambda drawn: drawn.history)
        self._follow(view.snapshots, self._look)
        self._follow(view.transitions, self._move)

    def __repr__(self) -> str:
        states = (f"{name} {chart.state}" for name, chart in self.charts.value.items())
        return f"<DiagramModel: {', '.join(states)}>"

    def chart(self, name: str) -> Store[ChartNow]:
        """Return where one chart stands.

        Raises:
            ValueError: There is no such chart.
        """
        if name not in self.charts.value:
            raise ValueError(f"there is no chart {name!r}, only {', '.join(self.charts.value)}")
        return self._drawn.select(lambda drawn: drawn.charts[name])

    def _look(self, _: SessionSnapshot) -> None:
        if self._view.jumps.value != self._jumps:
            self._jumps = self._view.jumps.value
            self._began = None
            self._drawn.set(self._anew())

    def _move(self, transition: Transition) -> None:
        edge = self._edge(transition)
        now = _states(self._view.snapshot)
        machine, keep = edge.machine, self._keep

        def moved(drawn: _Drawn) -> _Drawn:
            charts = {
                name: ChartNow(state, edge if name == machine else drawn.charts[name].last)
                for name, state in now.items()
            }
            return _Drawn(charts, (*drawn.history, edge)[-keep:])

        self._drawn.update(moved)

    def _anew(self) -> _Drawn:
        known = self._view.last_transitions.values()
        history = [self._edge(one) for one in sorted(known, key=_moment)]
        last = {edge.machine: edge for edge in history}
        states = _states(self._view.snapshot)
        charts = {name: ChartNow(state, last.get(name)) for name, state in states.items()}
        return _Drawn(charts, tuple(history[-self._keep :]))

    def _edge(self, one: Transition) -> Edge:
        if self._began is None or self._began[0] != one.epoch:
            self._began = (one.epoch, one.at)
        seconds = (one.at - self._began[1]).total_seconds()
        return Edge(one.machine, one.trigger, one.source, one.dest, seconds, one.epoch)


def _states(now: SessionSnapshot) -> dict[str, str]:
    """Return the state of every chart, in the order of the charts."""
    states: Iterable[str] = (
        now.state,
        now.connection_state,
        now.agent.state,
        now.media.microphone.state,
        now.media.camera.state,
        now.media.screen_share.state,
    )
    names = [chart.name for chart in CHARTS]
    return {name: str(state) for name, state in zip(names, states, strict=True)}


def _moment(transition: Transition) -> tuple[int, datetime]:
    return transition.seq, transition.at
