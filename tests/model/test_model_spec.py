"""The reducer equals the rules that were written down independently, in every state it reaches."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import attrs
import pytest

from model.checks import NEVER_TAKEN, arrows_of, broken_rules
from model.spec import expected
from model.view import view_of
from model.worlds import JOURNEY, WORLDS, World, everything, explored, reaches, states_of
from session_fsm.charts import CHARTS
from session_fsm.errors import KINDS
from session_fsm.events import (
    BufferFact,
    ChannelFact,
    EncryptionFact,
    End,
    FromRun,
    LinkFact,
    MediaFact,
    ParticipantFact,
    RunFact,
    Start,
)
from session_fsm.reducer import step

if TYPE_CHECKING:
    from session_fsm.events import Fact
    from session_fsm.snapshot import SessionSnapshot

IN_EVERY_WORLD = pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.name)


@IN_EVERY_WORLD
def test_every_event_in_every_state_leads_where_the_rules_say(world: World) -> None:
    for source, event, _ in explored(world).steps:
        after, effects = step(source, event, agent_name=world.wanted)
        wanted, arrows = expected(view_of(source), event, world.wanted)
        assert view_of(after) == wanted, event
        assert arrows_of(effects) == arrows, event


@IN_EVERY_WORLD
def test_the_invariants_hold_in_every_state(world: World) -> None:
    for snapshot in states_of(world):
        assert broken_rules(snapshot) == [], view_of(snapshot)


@IN_EVERY_WORLD
def test_every_failure_is_of_a_kind_that_the_table_explains(world: World) -> None:
    for snapshot in states_of(world):
        if (failure := snapshot.failure) is not None:
            rows = [KINDS.get(base.__name__, {}) for base in type(failure).__mro__]
            assert any(failure.kind in row for row in rows), repr(failure)
            assert str(failure).endswith(".")


@IN_EVERY_WORLD
def test_idle_can_be_reached_from_everywhere(world: World) -> None:
    back = reaches(world, lambda view: view.session == "idle")
    assert back == set(explored(world).states)


def without_seq(snapshot: SessionSnapshot) -> dict[str, object]:
    return {**attrs.asdict(snapshot, recurse=False), "seq": None}


@IN_EVERY_WORLD
def test_an_event_that_changes_nothing_returns_the_very_same_snapshot_and_no_effects(
    world: World,
) -> None:
    for source, event, _ in explored(world).steps:
        after, effects = step(source, event, agent_name=world.wanted)
        if after is source:
            assert effects == (), event
        else:
            assert after.seq == source.seq + 1, event
            assert without_seq(after) != without_seq(source), event


def test_no_fact_of_another_run_changes_anything() -> None:
    told = [event.fact for event in JOURNEY.events(states_of(JOURNEY)[0]) if hasattr(event, "fact")]
    for snapshot in states_of(JOURNEY):
        for epoch in (snapshot.epoch - 1, snapshot.epoch + 1):
            for fact in told:
                after, effects = step(snapshot, FromRun(epoch, fact))
                assert after is snapshot
                assert effects == ()


FACTS = (
    RunFact,
    LinkFact,
    ParticipantFact,
    EncryptionFact,
    ChannelFact,
    BufferFact,
    MediaFact,
)


def test_the_worlds_hold_every_event() -> None:
    facts: set[type[Fact]] = set()
    commands: set[type[object]] = set()
    for taken in everything():
        if isinstance(taken.event, FromRun):
            facts.add(type(taken.event.fact))
        else:
            commands.add(type(taken.event))
    all_facts = {fact for kinds in FACTS for fact in get_args(kinds)}
    assert facts == all_facts
    assert commands == {Start, End}


def test_every_arrow_of_every_chart_is_taken_somewhere_and_every_state_is_reached() -> None:
    taken: set[tuple[str, str, str, str]] = set()
    for world, source, event in everything():
        _, effects = step(source, event, agent_name=world.wanted)
        taken.update(arrows_of(effects))
    assert taken.isdisjoint(NEVER_TAKEN)
    assert taken.union(NEVER_TAKEN) == {
        (chart.name, edge.trigger, edge.source, edge.dest)
        for chart in CHARTS
        for edge in chart.transitions
    }
    assert {(machine, trigger) for machine, trigger, *_ in taken} == {
        (chart.name, edge.trigger) for chart in CHARTS for edge in chart.transitions
    }
    views = [view_of(one) for world in WORLDS for one in states_of(world)]
    for place, chart in enumerate(CHARTS):
        assert {(view.triple + view.media)[place] for view in views} == set(chart.states)
