"""One run after the other: what each step asks for, how a run ends, what the next one keeps."""

from __future__ import annotations

import pytest

from session_fsm import AgentError, ConnectError, EndReason, TokenError
from session_fsm.effects import CloseRun, Connect, FetchToken, SetDeadline
from session_fsm.events import (
    End,
    FromRun,
    LinkGone,
    ParticipantJoined,
    ParticipantLeft,
    ProbeUnanswered,
    RoomJoined,
    RunClosed,
    RunFailed,
    Start,
    TokenReady,
)
from session_fsm.reducer import step
from session_fsm.snapshot import Deadline
from unit.core.scenes import AGAIN, Scene, agent, joined

GONE = {
    "link-lost": "The link to the server was lost and could not be restored. "
    "Check the network, then start again.",
    "removed": "This participant was removed from the room by an administrator.",
    "duplicate-identity": "Another client joined the room with the same identity. "
    "Give every client an identity of its own.",
    "server-shutdown": "The server is shutting down. Start again later.",
}


def test_a_run_from_start_to_idle_asks_for_one_thing_after_the_other() -> None:
    scene = Scene().take(Start())
    assert scene.arrows == ["session start", "agent await_agent"]
    assert scene.wishes == [FetchToken(force=False)]
    scene.take(TokenReady(dispatches=True))
    assert scene.arrows == ["session token_ready", "connection connect"]
    assert scene.wishes == [Connect()]
    scene.take(RoomJoined("room", "me"))
    assert scene.arrows == ["connection connected", "session room_connected"]
    assert scene.wishes == [SetDeadline(Deadline())]
    assert (scene.now.room_name, scene.now.local_identity) == ("room", "me")
    scene.take(ParticipantJoined(agent("a", "listening")))
    assert scene.arrows == ["agent joined", "agent reported_listening", "session agent_ready"]
    assert scene.wishes == [SetDeadline(None)]
    scene.take(End())
    assert scene.arrows == ["session end", "agent finish"]
    assert scene.wishes == [CloseRun()]
    assert scene.now.agent.identity is None
    scene.take(RunClosed())
    assert scene.arrows == ["connection disconnected", "session room_closed"]
    assert scene.wishes == []
    assert scene.triple == ("idle", "disconnected", "disconnected")
    assert (scene.now.room_name, scene.now.local_identity) == (None, None)
    assert scene.now.end_reason is EndReason.ENDED
    assert scene.now.seq == 6


def test_every_start_but_the_first_wants_a_token_that_was_not_kept() -> None:
    scene = Scene()
    forced = []
    for _ in range(3):
        forced += scene.take(Start()).wishes
        scene.take(End(), RunClosed())
    assert [wish.force for wish in forced] == [False, True, True]
    assert scene.now.epoch == 3


def test_a_link_that_went_first_leaves_one_arrow_for_the_end() -> None:
    scene = joined().take(End(), LinkGone("link-lost"))
    assert scene.arrows == ["connection disconnected"]
    assert scene.now.failure is None
    assert scene.take(RunClosed()).arrows == ["session room_closed"]


@pytest.mark.parametrize(
    ("error", "agent_state"),
    [
        (TokenError("No.", kind="status"), "disconnected"),
        (ConnectError("No.", kind="refused"), "disconnected"),
        (AgentError("No.", kind="not-ready"), "failed"),
    ],
)
def test_what_stops_a_run_is_its_failure(error: TokenError, agent_state: str) -> None:
    scene = Scene().take(Start(), RunFailed(error))
    assert scene.triple == ("ending", "disconnected", agent_state)
    assert scene.now.failure is error
    assert scene.now.end_reason is EndReason.FAILED
    assert scene.now.agent.failure_reasons == (("No.",) if agent_state == "failed" else ())
    scene.take(RunClosed())
    assert scene.triple == ("idle", "disconnected", agent_state)
    assert scene.now.failure is error


def test_only_the_first_reason_to_end_counts() -> None:
    first = TokenError("First.", kind="status")
    scene = Scene().take(Start(), RunFailed(first))
    ending = scene.now
    for late in (End(), RunFailed(TokenError("Second.", kind="expired")), LinkGone("removed")):
        assert scene.take(late).now is ending
    assert scene.now.failure is first


def test_the_next_start_forgets_why_the_last_run_ended() -> None:
    scene = joined(agent("a", "listening")).take(
        ProbeUnanswered("a"), RunFailed(AgentError("No.", kind="left")), RunClosed(), Start()
    )
    assert scene.triple == ("fetching-token", "disconnected", "connecting")
    assert scene.now.failure is None
    assert scene.now.end_reason is None
    assert scene.now.agent.failure_reasons == ()
    assert scene.now.agent.is_responsive


@pytest.mark.parametrize("kind", GONE)
@pytest.mark.parametrize("state", ["listening", ""])
def test_a_link_that_is_gone_for_good_fails_the_run(kind: str, state: str) -> None:
    scene = joined(agent("a", state)).take(LinkGone(kind))
    assert scene.triple == ("ending", "disconnected", "disconnected")
    assert scene.arrows == ["connection disconnected", "session fail", "agent finish"]
    assert isinstance(scene.now.failure, ConnectError)
    assert scene.now.failure.kind == kind
    assert str(scene.now.failure) == GONE[kind]


def test_a_transport_may_name_any_other_kind_of_end() -> None:
    scene = joined().take(LinkGone("refused"))
    assert isinstance(scene.now.failure, ConnectError)
    assert scene.now.failure.kind == "refused"
    assert str(scene.now.failure) == GONE["link-lost"]


def test_a_room_that_is_deleted_while_it_is_joined_fails_the_run() -> None:
    scene = Scene().take(Start(), TokenReady(dispatches=True), LinkGone("room-deleted"))
    assert scene.now.end_reason is EndReason.FAILED
    assert isinstance(scene.now.failure, ConnectError)
    assert scene.now.failure.kind == "room-deleted"
    assert str(scene.now.failure) == "The room was deleted. Start again to get a new one."


@pytest.mark.parametrize("roster", [(), (agent("a", "speaking"),)], ids=["dispatching", "active"])
def test_a_room_that_is_deleted_later_ends_the_run_without_a_failure(roster: tuple) -> None:
    scene = joined(*roster).take(LinkGone("room-deleted"))
    assert scene.arrows == ["connection disconnected", "session hang_up", "agent finish"]
    assert scene.now.end_reason is EndReason.ROOM_DELETED
    assert scene.now.failure is None


def test_facts_of_another_run_are_dropped() -> None:
    scene = joined().take(End(), RunClosed(), Start())
    for epoch in (0, 1, 3):
        assert step(scene.now, FromRun(epoch, TokenReady(dispatches=True))) == (scene.now, ())


def test_nobody_counts_before_the_room_is_joined() -> None:
    scene = Scene().take(Start(), TokenReady(dispatches=True))
    waiting = scene.now
    scene.take(ParticipantJoined(agent("a", "listening")), ParticipantLeft("a"))
    assert scene.now is waiting


def test_an_agent_of_an_earlier_run_in_the_same_room_is_deaf() -> None:
    scene = joined(agent("a", "listening")).take(*AGAIN)
    scene.take(RoomJoined("room", "me", (agent("a", "listening"),)))
    assert scene.triple == ("ending", "connected", "failed")
    failure = scene.now.failure
    assert type(failure).__name__ == "StaleAgent"
    assert failure is not None
    assert failure.kind == "stale"
    assert str(failure) == (
        "The token leads into the room of an earlier run, and the agent that is still there "
        "listens to nobody any more: use a new room for every start."
    )
    assert scene.arrows == [
        "connection connected",
        "session room_connected",
        "agent fail",
        "session fail",
    ]


def test_the_same_identity_in_a_new_room_is_somebody_else() -> None:
    scene = joined(agent("a", "listening")).take(*AGAIN)
    scene.take(RoomJoined("another room", "me", (agent("a", "listening"),)))
    assert scene.triple == ("active", "connected", "listening")


def test_a_stale_agent_beside_a_living_one_is_ignored() -> None:
    scene = joined(agent("a", "listening")).take(*AGAIN)
    scene.take(RoomJoined("room", "me", (agent("a", "listening"), agent("b"))))
    assert scene.triple == ("dispatching", "connected", "initializing")
    assert scene.now.agent.identity == "b"
    scene.take(ParticipantLeft("b"))
    assert scene.triple == ("dispatching", "connected", "connecting")


def test_everybody_who_could_have_been_the_agent_is_remembered() -> None:
    scene = joined(agent("a", "listening"), agent("b"), agent("face", speaks_for="a"))
    scene.take(*AGAIN)
    late = scene.now
    for identity, state in (("a", "ending"), ("b", "ending"), ("face", "dispatching")):
        scene.now = late
        scene.take(RoomJoined("room", "me", (agent(identity),)))
        assert scene.now.state == state
    assert scene.now.agent.identity == "face"


def test_a_run_that_never_joined_remembers_nobody() -> None:
    scene = Scene().take(Start(), End(), RunClosed())
    assert scene.now.run.met_before == frozenset()
