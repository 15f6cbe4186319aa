"""A link that is lost and comes back: its roster is the whole truth."""

from __future__ import annotations

import attrs
import pytest

from session_fsm.effects import PauseDeadline, SetDeadline
from session_fsm.events import (
    BufferingStarted,
    End,
    LinkGone,
    LinkLost,
    LinkRestored,
    ParticipantChanged,
    ParticipantJoined,
    ParticipantLeft,
    RunClosed,
    TrackChanged,
)
from session_fsm.snapshot import Deadline
from unit.core.scenes import Scene, agent, attributes, joined


def lost(state: str = "listening", *others: object) -> Scene:
    scene = joined(agent("a", state)).take(LinkLost())
    assert scene.now.connection_state == "reconnecting"
    return scene


@pytest.mark.parametrize(
    "fact",
    [
        ParticipantJoined(agent("b", "speaking")),
        ParticipantLeft("a"),
        ParticipantLeft("a", on_purpose=True),
        ParticipantChanged("a", attributes=attributes("speaking")),
        TrackChanged("a", "microphone", object()),
        LinkLost(),
    ],
    ids=lambda fact: type(fact).__name__,
)
def test_nothing_counts_while_the_link_is_down(fact: ParticipantLeft) -> None:
    scene = lost()
    down = scene.now
    assert scene.take(fact).now is down


def test_the_same_agent_is_still_there_nothing_happened() -> None:
    scene = lost().take(LinkRestored((agent("a", "listening"),)))
    assert scene.triple == ("active", "connected", "listening")
    assert scene.arrows == ["connection connection_restored"]
    assert scene.now.run.links == 1


def test_the_same_agent_says_something_else_by_now() -> None:
    scene = lost().take(LinkRestored((agent("a", "thinking"),)))
    assert scene.arrows == ["connection connection_restored", "agent reported_thinking"]


def test_the_agent_is_missing_when_the_link_is_back() -> None:
    scene = lost().take(ParticipantLeft("a", on_purpose=True), LinkRestored())
    assert scene.triple == ("dispatching", "connected", "connecting")
    assert scene.wishes == [SetDeadline(Deadline(returning=True)), PauseDeadline(paused=False)]


def test_another_agent_is_there_when_the_link_is_back() -> None:
    scene = lost().take(LinkRestored((agent("b", "speaking"),)))
    assert scene.arrows == [
        "connection connection_restored",
        "agent left",
        "session agent_lost",
        "agent joined",
        "agent reported_speaking",
        "session agent_ready",
    ]
    assert scene.now.agent.identity == "b"


def test_the_agent_stays_the_agent_in_whatever_order_it_is_told() -> None:
    scene = joined(agent("a", "listening"), agent("b")).take(LinkLost())
    scene.take(LinkRestored((agent("c"), agent("b"), agent("a", "listening"))))
    assert [one.identity for one in scene.now.roster] == ["a", "b", "c"]
    assert scene.now.agent.identity == "a"


def test_whoever_was_there_before_us_is_known_as_such() -> None:
    there = attrs.evolve(agent("a", "listening"), was_there=True)
    scene = joined(there)
    assert scene.now.agent.participant is not None
    assert scene.now.agent.participant.was_there
    scene.take(ParticipantChanged("a", attributes=attributes("thinking")))
    assert scene.now.agent.participant.was_there
    scene.take(LinkLost(), LinkRestored((agent("a", "thinking"),)))
    assert not scene.now.agent.participant.was_there


def test_a_link_is_counted_each_time_it_is_back_and_from_anew_in_the_next_run() -> None:
    scene = joined()
    for times in (1, 2):
        scene.take(LinkLost(), LinkRestored())
        assert scene.now.run.links == times
    scene.take(End(), RunClosed())
    assert scene.now.run.links == 0


def test_a_link_that_was_not_lost_cannot_be_restored() -> None:
    scene = joined(agent("a", "listening"))
    up = scene.now
    assert scene.take(LinkRestored()).now is up


def test_a_user_may_go_on_talking_while_the_link_is_down() -> None:
    scene = joined().take(BufferingStarted(), LinkLost(), LinkRestored((agent("a", "idle"),)))
    assert scene.triple == ("dispatching", "connected", "pre-connect-buffering")


@pytest.mark.parametrize("kind", ["link-lost", "room-deleted"])
def test_a_link_that_is_not_restored_ends_the_run(kind: str) -> None:
    scene = lost().take(LinkGone(kind))
    assert scene.triple == ("ending", "disconnected", "disconnected")
    assert PauseDeadline(paused=False) in scene.wishes


def test_a_run_that_ends_while_the_link_is_down() -> None:
    scene = lost().take(End())
    assert scene.triple == ("ending", "reconnecting", "disconnected")
    ending = scene.now
    assert scene.take(LinkRestored(), ParticipantJoined(agent("b"))).now is ending
    scene.take(RunClosed())
    assert scene.triple == ("idle", "disconnected", "disconnected")
