"""A chart of one's own: what the rows say is what it does."""

from __future__ import annotations

from enum import StrEnum

import pytest

from session_fsm.charts import Chart, Edge
from session_fsm.states import AgentState


class Door(StrEnum):
    OPEN = "wide-open"
    SHUT = "shut"
    LOCKED = "locked"


@pytest.fixture
def door() -> Chart[Door]:
    return Chart(
        "door",
        Door,
        "shut",
        ("push", "shut", "wide-open"),
        ("pull", "wide-open", "shut"),
        ("lock", "wide-open shut", "locked"),
        ("unlock", "locked", "shut", "agent in the room"),
        ("unlock", "locked", "wide-open", "no agent in the room"),
    )


def test_it_shows_what_it_was_made_of(door: Chart[Door]) -> None:
    assert (door.name, door.initial) == ("door", "shut")
    assert door.states == ("wide-open", "shut", "locked")
    assert door.transitions == (
        Edge("push", "shut", "wide-open"),
        Edge("pull", "wide-open", "shut"),
        Edge("lock", "wide-open", "locked"),
        Edge("lock", "shut", "locked"),
        Edge("unlock", "locked", "shut", "agent in the room"),
        Edge("unlock", "locked", "wide-open", "no agent in the room"),
    )
    assert repr(door) == "<Chart door: 3 states, 6 transitions>"


def test_a_trigger_leads_where_its_row_says(door: Chart[Door]) -> None:
    assert door.fire(Door.SHUT, "push") is Door.OPEN
    assert door.fire(Door.OPEN, "pull") is Door.SHUT
    assert door.fire(Door.OPEN, "lock") is Door.LOCKED
    assert door.fire(Door.SHUT, "lock") is Door.LOCKED


@pytest.mark.parametrize("trigger", ["push", "pull", "lock", "unlock", "to_shut", "kick"])
def test_a_trigger_without_a_row_changes_nothing(door: Chart[Door], trigger: str) -> None:
    enabled = {("push", "shut"), ("pull", "wide-open"), ("lock", "wide-open"), ("lock", "shut")}
    enabled.add(("unlock", "locked"))
    for state in Door:
        assert door.enabled(state, trigger) is ((trigger, state.value) in enabled)
        assert (door.fire(state, trigger) is None) is ((trigger, state.value) not in enabled)


def test_guards_choose_between_rows(door: Chart[Door]) -> None:
    assert door.fire(Door.LOCKED, "unlock") is Door.OPEN
    assert door.fire(Door.LOCKED, "unlock", agent_present=False) is Door.OPEN
    assert door.fire(Door.LOCKED, "unlock", agent_present=True) is Door.SHUT


def test_a_guard_that_does_not_hold_keeps_the_state() -> None:
    chart = Chart("x", Door, "shut", ("push", "shut", "wide-open", "agent in the room"))
    assert chart.fire(Door.SHUT, "push") is None
    assert chart.fire(Door.SHUT, "push", agent_present=True) is Door.OPEN


def test_charts_do_not_share_anything(door: Chart[Door]) -> None:
    other = Chart("other", Door, "locked", ("push", "locked", "shut"))
    assert other.initial == "locked"
    assert other.fire(Door.LOCKED, "push") is Door.SHUT
    assert door.fire(Door.LOCKED, "push") is None
    assert other.fire(Door.SHUT, "push") is None


@pytest.mark.parametrize(
    "row",
    [("push", "ajar", "shut"), ("push", "shut", "ajar"), ("push", "shut", "locked", "at night")],
)
def test_a_row_of_unknown_words_is_refused(row: tuple[str, ...]) -> None:
    with pytest.raises((ValueError, KeyError)):
        Chart("door", Door, "shut", row)


def test_an_initial_state_must_be_one() -> None:
    with pytest.raises(ValueError, match="ajar"):
        Chart("door", Door, "ajar")


def test_an_enum_of_the_same_names_does_not_count() -> None:
    assert "idle" in [str(state) for state in AgentState]
    chart = Chart("agent", AgentState, "idle", ("sleep", "idle", "failed"))
    assert chart.fire(AgentState.IDLE, "sleep") is AgentState.FAILED
