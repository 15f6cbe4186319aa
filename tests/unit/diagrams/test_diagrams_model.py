"""What is drawn is exactly what the charts say."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import pytest

from session_fsm.charts import AGENT, CHARTS, COUPLING, MEDIA, MEDIA_COUPLING, SESSION, Chart
from session_fsm.diagrams import coupling, diagram, node_id
from session_fsm.diagrams.model import transitions_of
from session_fsm.transition import Transition


def moved(machine: str, trigger: str, source: str, dest: str) -> Transition:
    return Transition(machine, trigger, source, dest, 1, 1, datetime.now(UTC))


@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: chart.name)
def test_diagrams_every_transition_can_be_read_back_once(chart: Chart[Any]) -> None:
    shown = list(transitions_of(diagram(chart)))
    assert len(shown) == len(set(shown))
    assert set(shown) == {tuple(edge) for edge in chart.transitions}


def test_diagrams_triggers_between_the_same_states_share_an_arrow() -> None:
    drawing = diagram(SESSION)
    ends = [(arrow.source, arrow.dest) for arrow in drawing.arrows]
    assert len(ends) == len(set(ends))
    (arrow,) = (one for one in drawing.arrows if (one.source, one.dest) == ("active", "ending"))
    assert [label.trigger for label in arrow.labels] == ["hang_up", "end", "fail"]


def test_diagrams_the_agent_chart_needs_two_groups_and_few_arrows() -> None:
    drawing = diagram(AGENT)
    assert [group.words[0] for group in drawing.groups] == ["any state but", "any state but"]
    assert " ".join(drawing.groups[1].words[1:]) == "disconnected and failed"
    assert len(drawing.arrows) < 20
    assert len(AGENT.transitions) > 50


def test_diagrams_a_group_without_a_shorter_complement_names_its_states() -> None:
    letters = StrEnum("Letters", {letter: letter for letter in "abcdefghijkl"})
    chart = Chart("letters", letters, "a", ("jump", "a b c d e", "l"))
    (group,) = diagram(chart).groups
    assert group.words == ("a, b, c, d or e",)
    assert set(transitions_of(diagram(chart))) == set(chart.transitions)


def test_diagrams_the_last_transition_is_marked_on_one_label_only() -> None:
    last = moved("session", "end", "active", "ending")
    drawing = diagram(SESSION, current="ending", last=last)
    marked = [
        (arrow.source, label.trigger)
        for arrow in drawing.arrows
        for label in arrow.labels
        if label.is_last
    ]
    assert marked == [("active", "end")]
    assert (drawing.current, drawing.previous) == ("ending", "active")


def test_diagrams_the_last_transition_is_marked_on_the_arrow_of_a_group() -> None:
    last = moved("agent", "finish", "speaking", "disconnected")
    drawing = diagram(AGENT, current="disconnected", last=last)
    (arrow,) = (arrow for arrow in drawing.arrows if arrow.is_last)
    (group,) = (group for group in drawing.groups if group.name == arrow.source)
    assert "speaking" in group.states
    assert drawing.previous == "speaking"


def test_diagrams_a_last_transition_that_led_elsewhere_is_not_marked() -> None:
    last = moved("session", "start", "idle", "fetching-token")
    drawing = diagram(SESSION, current="connecting", last=last)
    assert not any(arrow.is_last for arrow in drawing.arrows)
    assert drawing.previous is None


def test_diagrams_ids_are_words() -> None:
    assert node_id("session", "fetching-token") == "session_fetching_token"


def test_diagrams_the_coupling_has_every_cause_and_the_level_rule() -> None:
    drawn = coupling()
    fires = {cause.words: cause.fires for cause in drawn.causes}
    for cause, fired in COUPLING.items():
        of_all = [pair for pair in fired if pair[0] not in MEDIA]
        together = {("media", trigger) for name, trigger in fired if name in MEDIA}
        assert fires[cause.value] == (*of_all, *together)
    for cause, trigger in MEDIA_COUPLING.items():
        assert fires[cause.value] == (("media", trigger),)
    (level,) = (cause for cause in drawn.causes if cause.is_level)
    assert level.fires == (("session", "agent_ready"),)
    assert "listening, thinking or speaking" in level.words
    assert drawn.triggers("connection").count("disconnected") == 1
