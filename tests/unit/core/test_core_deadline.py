"""How long an agent is waited for, and the three sentences of those who waited in vain."""

from __future__ import annotations

import pytest

from session_fsm.effects import PauseDeadline, SetDeadline
from session_fsm.events import (
    DeadlinePassed,
    LinkLost,
    LinkRestored,
    ParticipantChanged,
    ParticipantJoined,
    ParticipantLeft,
    RoomJoined,
    Start,
    TokenReady,
)
from session_fsm.snapshot import Deadline
from unit.core.scenes import Scene, agent, attributes, joined

FIRST = Deadline()
BACK = Deadline(returning=True)
LEFT = "Agent left the room unexpectedly."


def failure(scene: Scene) -> tuple[str, str, str]:
    error = scene.now.failure
    assert error is not None
    assert scene.now.agent.failure_reasons == (str(error),)
    assert scene.arrows == ["agent fail", "session fail"]
    return type(error).__name__, error.kind, str(error)


def test_an_agent_that_never_came() -> None:
    scene = joined().take(DeadlinePassed(FIRST))
    assert scene.triple == ("ending", "connected", "failed")
    assert failure(scene) == ("AgentTimeout", "not-joined", "Agent did not join the room.")


@pytest.mark.parametrize("state", ["", "initializing", "idle", "meditating"])
def test_an_agent_that_was_never_ready(state: str) -> None:
    scene = joined(agent("a", state)).take(DeadlinePassed(FIRST))
    assert failure(scene) == (
        "AgentTimeout",
        "not-ready",
        "Agent joined the room but did not complete initializing.",
    )


def test_an_agent_that_came_and_is_gone_at_the_first_deadline() -> None:
    scene = joined(agent()).take(ParticipantLeft("a"))
    assert scene.wishes == []
    assert failure(scene.take(DeadlinePassed(FIRST))) == ("AgentLeft", "left", LEFT)


def test_an_agent_that_crashed_has_a_time_to_be_back() -> None:
    scene = joined(agent("a", "listening")).take(ParticipantLeft("a"))
    assert scene.triple == ("dispatching", "connected", "connecting")
    assert scene.wishes == [SetDeadline(BACK)]
    assert failure(scene.take(DeadlinePassed(BACK))) == ("AgentLeft", "left", LEFT)


def test_an_agent_that_is_back_has_a_time_of_its_own_to_be_ready() -> None:
    scene = joined(agent("a", "listening")).take(
        ParticipantLeft("a"), ParticipantJoined(agent("b", "idle"))
    )
    again = Deadline(identity="b")
    assert scene.wishes == [SetDeadline(again)]
    before = scene.now
    assert scene.take(DeadlinePassed(BACK), DeadlinePassed(FIRST)).now is before
    assert failure(scene.take(DeadlinePassed(again)))[:2] == ("AgentTimeout", "not-ready")


def test_a_ready_agent_is_not_waited_for() -> None:
    scene = joined(agent()).take(ParticipantChanged("a", attributes=attributes("thinking")))
    assert scene.wishes == [SetDeadline(None)]
    before = scene.now
    assert scene.take(DeadlinePassed(FIRST), DeadlinePassed(BACK)).now is before


def test_one_that_takes_over_before_the_first_was_ready_gets_no_more_time() -> None:
    scene = joined(agent("a"), agent("b")).take(ParticipantLeft("a"))
    assert scene.now.agent.identity == "b"
    assert scene.wishes == []


def test_nobody_is_waited_for_where_nobody_was_dispatched() -> None:
    scene = joined(dispatches=False)
    assert scene.wishes == []
    scene.take(ParticipantJoined(agent()))
    assert scene.wishes == []
    waiting = scene.now
    assert scene.take(DeadlinePassed(FIRST)).now is waiting


def test_one_that_came_by_itself_and_crashed_is_waited_for() -> None:
    scene = joined(agent("a", "listening"), dispatches=False).take(ParticipantLeft("a"))
    assert scene.wishes == [SetDeadline(BACK)]


def test_the_clock_stands_still_while_the_link_is_down() -> None:
    scene = joined().take(LinkLost())
    assert scene.arrows == ["connection connection_lost"]
    assert scene.wishes == [PauseDeadline(paused=True)]
    down = scene.now
    assert scene.take(DeadlinePassed(FIRST)).now is down
    scene.take(LinkRestored())
    assert scene.arrows == ["connection connection_restored"]
    assert scene.wishes == [PauseDeadline(paused=False)]
    assert failure(scene.take(DeadlinePassed(FIRST)))[1] == "not-joined"


def test_a_room_that_has_its_agent_already_sets_no_deadline() -> None:
    scene = Scene().take(Start(), TokenReady(dispatches=True))
    scene.take(RoomJoined("room", "me", (agent("a", "speaking"),)))
    assert scene.wishes == []
    assert scene.arrows == [
        "connection connected",
        "session room_connected",
        "agent joined",
        "agent reported_speaking",
        "session agent_ready",
    ]
