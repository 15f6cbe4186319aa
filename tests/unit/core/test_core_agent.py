"""Who the agent is, what it says, and what happens when it goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from session_fsm import EndReason
from session_fsm.effects import Warn
from session_fsm.events import (
    BufferingStarted,
    BufferingStopped,
    LinkLost,
    LinkRestored,
    ParticipantChanged,
    ParticipantJoined,
    ParticipantLeft,
    Start,
    TokenReady,
)
from unit.core.scenes import Scene, agent, attributes, joined

if TYPE_CHECKING:
    from session_fsm.roster import Participant

TAKEN_OVER = [
    "agent left",
    "session agent_lost",
    "agent joined",
    "agent reported_thinking",
    "session agent_ready",
]


def says(state: str, identity: str = "a", **more: str) -> ParticipantChanged:
    return ParticipantChanged(identity, attributes=attributes(state, **more))


def warnings(scene: Scene) -> list[str]:
    return [one.text for one in scene.asked if isinstance(one, Warn)]


# Going -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bye", [True, False], ids=["goodbye", "crash"])
def test_another_agent_takes_over_in_one_step(*, bye: bool) -> None:
    scene = joined(agent("a", "speaking"), agent("b", "thinking"))
    assert scene.now.agent.identity == "a"
    seq = scene.now.seq
    scene.take(ParticipantLeft("a", on_purpose=bye))
    assert scene.arrows == TAKEN_OVER
    assert scene.wishes == []
    assert scene.triple == ("active", "connected", "thinking")
    assert scene.now.agent.identity == "b"
    assert scene.now.seq == seq + 1


def test_a_goodbye_that_leaves_nobody_ends_the_run() -> None:
    scene = joined(agent("a", "speaking"), agent("face", speaks_for="a"))
    scene.take(ParticipantLeft("a", on_purpose=True))
    assert scene.triple == ("ending", "connected", "disconnected")
    assert scene.arrows == ["session hang_up", "agent finish"]
    assert scene.now.end_reason is EndReason.HUNG_UP
    assert scene.now.failure is None


def test_a_goodbye_before_the_agent_was_ready_ends_the_run_too() -> None:
    scene = joined(agent()).take(ParticipantLeft("a", on_purpose=True))
    assert scene.now.end_reason is EndReason.HUNG_UP


def test_the_goodbye_of_somebody_else_ends_nothing() -> None:
    scene = joined(agent("a", "speaking"), agent("b"), agent("face", speaks_for="a"))
    for other in ("b", "face"):
        scene.take(ParticipantLeft(other, on_purpose=True))
        assert scene.arrows == []
        assert scene.triple == ("active", "connected", "speaking")
    before = scene.now
    assert scene.take(ParticipantLeft("nobody", on_purpose=True)).now is before


def test_the_first_that_joined_stays_the_agent_until_it_leaves() -> None:
    scene = joined(agent("a")).take(ParticipantJoined(agent("b", "listening")))
    assert scene.triple == ("dispatching", "connected", "initializing")
    scene.take(says("speaking", "b"))
    assert scene.triple == ("dispatching", "connected", "initializing")
    scene.take(ParticipantLeft("a"))
    assert scene.triple == ("active", "connected", "speaking")


def test_of_several_successors_the_first_that_joined_takes_over() -> None:
    scene = joined(agent("a"), agent("b"), agent("c"))
    scene.take(ParticipantLeft("b"), ParticipantJoined(agent("b")), ParticipantLeft("a"))
    assert scene.now.agent.identity == "c"


def test_an_agent_that_joins_again_without_having_left_is_seen_as_it_is_now() -> None:
    scene = joined(agent("a"), agent("b")).take(ParticipantJoined(agent("a", "listening")))
    assert scene.triple == ("active", "connected", "listening")
    assert [one.identity for one in scene.now.roster] == ["b", "a"]


# Who counts --------------------------------------------------------------------------------------


def test_an_avatar_worker_is_never_the_agent() -> None:
    scene = joined(agent("face", "listening", speaks_for="a"))
    assert scene.triple == ("dispatching", "connected", "connecting")
    assert scene.now.agent.identity is None


def test_one_that_turns_out_to_be_an_avatar_is_the_agent_no_more() -> None:
    scene = joined(agent("a", "listening"))
    scene.take(says("listening", speaks_for="b"))
    assert scene.triple == ("dispatching", "connected", "connecting")
    assert scene.arrows == ["agent left", "session agent_lost"]
    scene.take(says("listening"))
    assert scene.triple == ("active", "connected", "listening")


def test_a_wanted_name_must_match_where_there_is_one() -> None:
    other, nameless = agent("x", "listening", named="other"), agent("y", "idle")
    scene = joined(other, name="wanted")
    assert scene.now.agent.identity is None
    scene.take(ParticipantJoined(nameless))
    assert scene.now.agent.identity == "y"
    scene.take(ParticipantLeft("y", on_purpose=True))
    assert scene.now.end_reason is EndReason.HUNG_UP


def test_a_name_that_comes_late_decides_anew() -> None:
    scene = joined(agent("x", "listening", named="other"), name="wanted")
    scene.take(says("listening", "x", named="wanted"))
    assert scene.arrows == ["agent joined", "agent reported_listening", "session agent_ready"]
    scene.take(says("listening", "x", named="other"))
    assert scene.triple == ("dispatching", "connected", "connecting")


def test_without_a_wish_any_name_will_do() -> None:
    assert joined(agent("x", "listening", named="other")).now.agent.identity == "x"


# What it says ------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["initializing", "idle", "listening", "thinking", "speaking"])
def test_the_agent_is_what_it_says(state: str) -> None:
    scene = joined(agent()).take(says(state))
    assert scene.now.agent.state == state
    assert scene.now.state == ("dispatching" if state in {"initializing", "idle"} else "active")


def test_an_unknown_state_changes_nothing_and_is_warned_of_once() -> None:
    scene = joined(agent("a", "listening")).take(says("meditating"))
    assert scene.now.agent.state == "listening"
    assert scene.now.agent.attributes == {"lk.agent.state": "meditating"}
    sentence = "agent 'a' reports an unknown state 'meditating': ignored"
    assert warnings(scene) == [sentence]
    scene.take(ParticipantChanged("a", name="Ann"))
    assert warnings(scene) == []
    scene.take(LinkLost(), LinkRestored((agent("a", "meditating"),)))
    assert warnings(scene) == []
    scene.take(says("dancing"))
    assert warnings(scene) == ["agent 'a' reports an unknown state 'dancing': ignored"]


def test_an_agent_that_joins_with_an_unknown_state_is_warned_of() -> None:
    scene = joined().take(ParticipantJoined(agent("a", "dancing")))
    assert scene.now.agent.state == "initializing"
    assert len(warnings(scene)) == 1
    scene.take(ParticipantJoined(agent("b", "dancing")), ParticipantLeft("a"))
    assert warnings(scene) == ["agent 'b' reports an unknown state 'dancing': ignored"]


def test_nobody_is_warned_of_somebody_who_is_not_the_agent() -> None:
    scene = joined(agent("a")).take(ParticipantJoined(agent("b", "dancing")))
    assert warnings(scene) == []
    assert warnings(scene.take(says("singing", "b"))) == []


def test_an_agent_that_takes_its_state_back_stays_as_it_was() -> None:
    scene = joined(agent("a", "speaking")).take(ParticipantChanged("a", attributes={"x": "y"}))
    assert scene.now.agent.state == "speaking"
    assert warnings(scene) == []


# Buffering ---------------------------------------------------------------------------------------


def talking(*roster: Participant) -> Scene:
    scene = Scene().take(Start(), BufferingStarted(), TokenReady(dispatches=True))
    assert scene.triple == ("connecting", "connecting", "pre-connect-buffering")
    return scene


@pytest.mark.parametrize("state", ["", "initializing", "idle"])
def test_a_user_who_talks_goes_on_when_the_agent_comes_and_goes(state: str) -> None:
    scene = joined().take(BufferingStarted(), ParticipantJoined(agent("a", state)))
    assert scene.now.agent.state == "pre-connect-buffering"
    assert scene.now.agent.identity == "a"
    scene.take(says("idle"), says("initializing"), says("dancing"), ParticipantLeft("a"))
    assert scene.triple == ("dispatching", "connected", "pre-connect-buffering")
    assert scene.now.agent.identity is None


@pytest.mark.parametrize("state", ["listening", "thinking", "speaking"])
def test_a_ready_agent_ends_the_buffering(state: str) -> None:
    scene = joined().take(BufferingStarted(), ParticipantJoined(agent("a", state)))
    assert scene.arrows == [f"agent reported_{state}", "session agent_ready"]
    ready = scene.now
    assert scene.take(BufferingStopped()).now is ready


def test_when_buffering_stops_nobody_may_be_there() -> None:
    scene = joined().take(BufferingStarted(), BufferingStopped())
    assert scene.now.agent.state == "connecting"


@pytest.mark.parametrize(
    ("state", "then"), [("", "initializing"), ("idle", "idle"), ("dancing", "initializing")]
)
def test_when_buffering_stops_the_agent_is_what_it_said(state: str, then: str) -> None:
    scene = joined().take(BufferingStarted(), ParticipantJoined(agent("a", state)))
    scene.take(BufferingStopped())
    assert scene.now.agent.state == then
    assert scene.arrows[0] == "agent buffering_stopped"
    assert warnings(scene) == []


def test_a_user_may_talk_from_the_start_on() -> None:
    scene = Scene().take(BufferingStarted())
    assert scene.now.seq == 0
    scene.take(Start(), BufferingStarted())
    assert scene.triple == ("fetching-token", "disconnected", "pre-connect-buffering")
    assert scene.now.agent.can_listen


def test_a_buffer_is_not_needed_once_the_agent_is_there() -> None:
    scene = joined(agent())
    there = scene.now
    assert scene.take(BufferingStarted()).now is there


def test_a_user_may_talk_while_a_crashed_agent_is_awaited() -> None:
    scene = joined(agent("a", "listening")).take(ParticipantLeft("a"), BufferingStarted())
    assert scene.triple == ("dispatching", "connected", "pre-connect-buffering")


def test_a_goodbye_while_the_user_talks_ends_the_run() -> None:
    scene = joined().take(BufferingStarted(), ParticipantJoined(agent()))
    scene.take(ParticipantLeft("a", on_purpose=True))
    assert scene.triple == ("ending", "connected", "disconnected")


def test_an_agent_that_is_replaced_while_the_user_talks() -> None:
    scene = joined().take(BufferingStarted(), ParticipantJoined(agent("a")))
    scene.take(ParticipantJoined(agent("b", "idle")), ParticipantLeft("a", on_purpose=True))
    assert scene.now.agent.state == "pre-connect-buffering"
    assert scene.now.agent.identity == "b"
    assert scene.arrows == []
