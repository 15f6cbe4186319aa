"""Every row of every table counts: drop one or lead it elsewhere, and the behaviour differs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import pytest

from model.checks import NEVER_TAKEN, first_difference, fresh_reducer, telling_steps
from session_fsm import charts
from session_fsm.charts import (
    AGENT,
    CHARTS,
    COUPLING,
    MEDIA,
    MEDIA_COUPLING,
    READY,
    REPORTS,
    Chart,
    Edge,
)
from session_fsm.states import AgentState, ConnectionState, MediaState, SessionState

if TYPE_CHECKING:
    from collections.abc import Iterator

ENUMS = {"session": SessionState, "connection": ConnectionState, "agent": AgentState}
BY_NAME: dict[str, Chart[Any]] = {chart.name: chart for chart in CHARTS}


@attrs.frozen
class Change:
    """One table with one row changed."""

    what: str
    table: str
    value: Any
    edge: Edge | None = None


def after(word: str, words: tuple[str, ...]) -> str:
    return words[(words.index(word) + 1) % len(words)]


def rebuilt(chart: Chart[Any], edges: list[Edge]) -> Chart[Any]:
    rows = (tuple(word for word in edge if word is not None) for edge in edges)
    return Chart(chart.name, ENUMS.get(chart.name, MediaState), chart.initial, *rows)


def table_with(chart: Chart[Any]) -> tuple[str, Any]:
    if chart.name in MEDIA:
        return "MEDIA", {**MEDIA, chart.name: chart}
    return chart.name.upper(), chart


def changed_charts() -> Iterator[Change]:
    for chart in BY_NAME.values():
        edges = list(chart.transitions)
        for place, edge in enumerate(edges):
            row = f"{chart.name}: {edge.trigger} from {edge.source} to {edge.dest}"
            rest = edges[:place], edges[place + 1 :]
            dropped = rebuilt(chart, [*rest[0], *rest[1]])
            yield Change(f"{row}, dropped", *table_with(dropped), edge)
            dest = after(edge.dest, chart.states)
            led_away = edge._replace(
                dest=after(dest, chart.states) if dest == edge.source else dest
            )
            elsewhere = rebuilt(chart, [*rest[0], led_away, *rest[1]])
            yield Change(f"{row}, led away", *table_with(elsewhere), edge)
            if edge.guard is not None:
                bare = edge._replace(guard=None)
                moved = rebuilt(chart, [bare, *rest[0], *rest[1]])
                yield Change(f"{row}, unguarded and first", *table_with(moved))


def changed_coupling() -> Iterator[Change]:
    for cause, pairs in COUPLING.items():
        for place, (machine, trigger) in enumerate(pairs):
            row = f"{cause.name}: {machine} {trigger}"
            rest = pairs[:place], pairs[place + 1 :]
            triggers = tuple(dict.fromkeys(edge.trigger for edge in BY_NAME[machine].transitions))
            other = (machine, after(trigger, triggers))
            yield Change(f"{row}, dropped", "COUPLING", {**COUPLING, cause: rest[0] + rest[1]})
            led_away = rest[0] + (other,) + rest[1]
            yield Change(f"{row}, led away", "COUPLING", {**COUPLING, cause: led_away})
        if len(pairs) > 1:
            turned = {**COUPLING, cause: pairs[::-1]}
            yield Change(f"{cause.name}, in another order", "COUPLING", turned)


def changed_rest() -> Iterator[Change]:
    for word, cause in REPORTS.items():
        fewer = {key: value for key, value in REPORTS.items() if key != word}
        yield Change(f"report {word}, dropped", "REPORTS", fewer)
        causes = tuple(REPORTS.values())
        other = next(one for one in causes if one is after(cause, causes))
        yield Change(f"report {word}, led away", "REPORTS", {**REPORTS, word: other})
    triggers = tuple(MEDIA_COUPLING.values())
    for cause, trigger in MEDIA_COUPLING.items():
        led_away = {**MEDIA_COUPLING, cause: after(trigger, triggers)}
        yield Change(f"{cause.name}, led away", "MEDIA_COUPLING", led_away)
    state, agents, trigger = READY
    yield Change("ready, dropped", "READY", (state, frozenset(), trigger))
    for word in sorted(agents):
        yield Change(f"ready when {word}, dropped", "READY", (state, agents - {word}, trigger))
    for word in sorted(set(AgentState) - agents):
        yield Change(f"ready when {word}, too", "READY", (state, agents | {word}, trigger))
    for other in ("hang_up", "fail"):
        yield Change(f"ready, led to {other}", "READY", (state, agents, ("session", other)))
    for elsewhere in set(SessionState) - {state}:
        yield Change(f"ready in {elsewhere}", "READY", (elsewhere, agents, trigger))


# An agent that is finished is never met by a session that dispatches: no one could tell.
INVISIBLE = {"ready when disconnected, too", "ready when failed, too"}
CHANGES = [
    change
    for change in (*changed_charts(), *changed_coupling(), *changed_rest())
    if change.what not in INVISIBLE
]


def test_the_tables_as_they_are_do_what_the_rules_say() -> None:
    assert first_difference(fresh_reducer().step) is None
    assert len(telling_steps()) > len(AGENT.transitions)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.what)
def test_a_changed_row_is_noticed(change: Change, monkeypatch: pytest.MonkeyPatch) -> None:
    edge = change.edge
    if edge is not None and ("agent", *edge[:3]) in NEVER_TAKEN:
        assert change.value.fire(AgentState(edge.source), edge.trigger) != edge.dest
        return
    monkeypatch.setattr(charts, change.table, change.value)
    assert first_difference(fresh_reducer().step) is not None
