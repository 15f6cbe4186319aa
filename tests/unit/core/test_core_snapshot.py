"""What is seen of a session: flags, the agent and its avatar, and all of it as JSON."""

from __future__ import annotations

import json

import attrs
import pytest

from session_fsm import AgentSnapshot, AgentState, ConnectionState, SessionSnapshot
from session_fsm.events import (
    LinkGone,
    LinkLost,
    ParticipantChanged,
    ParticipantJoined,
    ProbeAnswered,
    ProbeUnanswered,
    TrackChanged,
)
from session_fsm.roster import Participant, Tracks
from unit.core.scenes import agent, attributes, joined

# state: is_connected, can_listen, is_pending, is_finished
FLAGS = {
    "disconnected": (False, False, False, True),
    "connecting": (False, False, True, False),
    "pre-connect-buffering": (False, True, False, False),
    "initializing": (False, False, True, False),
    "idle": (False, False, True, False),
    "listening": (True, True, False, False),
    "thinking": (True, True, False, False),
    "speaking": (True, True, False, False),
    "failed": (False, False, False, True),
}
LINK_FLAGS = {
    "disconnected": (False, False),
    "connecting": (False, False),
    "connected": (True, False),
    "reconnecting": (True, True),
}


@pytest.mark.parametrize("state", AgentState)
def test_the_flags_of_the_agent(state: AgentState) -> None:
    agent = AgentSnapshot(state)
    flags = agent.is_connected, agent.can_listen, agent.is_pending, agent.is_finished
    assert flags == FLAGS[state]
    shown = SessionSnapshot(agent=agent).to_dict()["agent"]
    names = ("is_connected", "can_listen", "is_pending", "is_finished")
    assert tuple(shown[name] for name in names) == FLAGS[state]


@pytest.mark.parametrize("state", ConnectionState)
def test_the_flags_of_the_link(state: ConnectionState) -> None:
    now = SessionSnapshot(connection_state=state)
    assert (now.is_connected, now.is_reconnecting) == LINK_FLAGS[state]


OFF = {"state": "off", "device": None, "is_published": False, "failure": None}
NOTHING_SENT = {"microphone": OFF, "camera": OFF, "screen_share": OFF}
NOTHING_LOCAL = {
    "name": "",
    "metadata": "",
    "attributes": {},
    "permissions": {
        "can_publish_sources": ["camera", "microphone", "screen_share"],
        "can_publish_data": True,
    },
    **NOTHING_SENT,
}


def test_a_session_that_never_started_as_json() -> None:
    assert json.loads(json.dumps(SessionSnapshot().to_dict())) == {
        "seq": 0,
        "epoch": 0,
        "state": "idle",
        "connection_state": "disconnected",
        "is_connected": False,
        "is_reconnecting": False,
        "is_sending": False,
        "room_name": None,
        "local_identity": None,
        "room_metadata": "",
        "local": NOTHING_LOCAL,
        "encryption": {"state": "off", "peers": {}},
        "end_reason": None,
        "failure": None,
        "agent": {
            "state": "disconnected",
            "is_connected": False,
            "can_listen": False,
            "is_pending": False,
            "is_finished": True,
            "is_responsive": True,
            "identity": None,
            "name": None,
            "metadata": None,
            "attributes": {},
            "failure_reasons": [],
            "has_microphone_track": False,
            "has_camera_track": False,
            "has_screen_share_track": False,
            "user_state": None,
            "usage": None,
        },
        "participants": [],
    }


def test_a_conversation_as_json() -> None:
    scene = joined(
        Participant(
            "a",
            "Ann",
            "notes",
            {"lk.agent.state": "speaking", "mood": "good"},
            Tracks(microphone=object()),
        )
    ).take(LinkLost())
    assert json.loads(json.dumps(scene.now.to_dict())) == {
        "seq": 4,
        "epoch": 1,
        "state": "active",
        "connection_state": "reconnecting",
        "is_connected": True,
        "is_reconnecting": True,
        "is_sending": False,
        "room_name": "room",
        "local_identity": "me",
        "room_metadata": "",
        "local": NOTHING_LOCAL,
        "encryption": {"state": "off", "peers": {}},
        "end_reason": None,
        "failure": None,
        "agent": {
            "state": "speaking",
            "is_connected": True,
            "can_listen": True,
            "is_pending": False,
            "is_finished": False,
            "is_responsive": True,
            "identity": "a",
            "name": "Ann",
            "metadata": "notes",
            "attributes": {"lk.agent.state": "speaking", "mood": "good"},
            "failure_reasons": [],
            "has_microphone_track": True,
            "has_camera_track": False,
            "has_screen_share_track": False,
            "user_state": None,
            "usage": None,
        },
        "participants": [
            {
                "identity": "a",
                "name": "Ann",
                "metadata": "notes",
                "attributes": {"lk.agent.state": "speaking", "mood": "good"},
                "is_agent": True,
                "has_microphone_track": True,
                "has_camera_track": False,
                "has_screen_share_track": False,
            }
        ],
    }


def test_a_failure_as_json() -> None:
    shown = joined().take(LinkGone("removed")).now.to_dict()
    assert shown["end_reason"] == "failed"
    assert shown["failure"] == {
        "type": "ConnectError",
        "kind": "removed",
        "message": "This participant was removed from the room by an administrator.",
    }
    assert json.dumps(shown)


def test_a_snapshot_and_its_attributes_are_frozen() -> None:
    given = {"lk.agent.state": "idle"}
    now = joined(Participant("a", attributes=given)).now
    given["lk.agent.state"] = "speaking"
    assert now.agent.attributes == {"lk.agent.state": "idle"}
    with pytest.raises(TypeError):
        now.agent.attributes["mood"] = "bad"  # type: ignore[index]
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        now.seq = 7  # type: ignore[misc]


def test_the_name_of_the_agent_is_its_own_before_that_of_the_participant() -> None:
    scene = joined(agent(name="Ann"))
    assert scene.now.agent.name == "Ann"
    scene.take(ParticipantChanged("a", attributes=attributes(named="bot")))
    assert scene.now.agent.name == "bot"
    scene.take(ParticipantChanged("a", name="Bea", attributes={}))
    assert scene.now.agent.name == "Bea"
    scene.take(ParticipantChanged("a", name=""))
    assert scene.now.agent.name == ""


def test_what_a_change_does_not_tell_stays_as_it_was() -> None:
    scene = joined(Participant("a", "Ann", "notes", {"mood": "good"}))
    scene.take(ParticipantChanged("a", metadata="more notes"))
    seen = scene.now.agent
    assert (seen.name, seen.metadata, seen.attributes) == ("Ann", "more notes", {"mood": "good"})
    before = scene.now
    scene.take(ParticipantChanged("a"), ParticipantChanged("a", name="Ann"))
    assert scene.now is before


def test_tracks_come_and_go() -> None:
    voice, face = object(), object()
    scene = joined(agent())
    scene.take(TrackChanged("a", "microphone", voice), TrackChanged("a", "camera", face))
    assert scene.now.agent.microphone_track is voice
    assert scene.now.agent.camera_track is face
    scene.take(TrackChanged("a", "microphone", None))
    assert scene.now.agent.microphone_track is None
    assert scene.now.agent.camera_track is face
    before = scene.now
    scene.take(TrackChanged("a", "microphone", None), TrackChanged("nobody", "camera", face))
    assert scene.now is before


def test_an_avatar_lends_the_agent_its_tracks_where_the_agent_has_none() -> None:
    own, lent, face = object(), object(), object()
    avatar = Participant("face", attributes=attributes(speaks_for="a"), tracks=Tracks(lent, face))
    other = Participant("mask", attributes=attributes(speaks_for="b"), tracks=Tracks(own, own))
    scene = joined(other, agent("a", "listening"), avatar)
    assert scene.now.agent.identity == "a"
    assert scene.now.agent.microphone_track is lent
    assert scene.now.agent.camera_track is face
    scene.take(TrackChanged("a", "microphone", own))
    assert scene.now.agent.microphone_track is own
    assert scene.now.agent.camera_track is face


def test_an_agent_that_does_not_answer_is_unresponsive_until_it_does() -> None:
    scene = joined(agent("a", "listening"), agent("b"))
    assert scene.now.agent.is_responsive
    scene.take(ProbeUnanswered("b"), ProbeAnswered("a"))
    assert scene.now.agent.is_responsive
    scene.take(ProbeUnanswered("a"))
    assert not scene.now.agent.is_responsive
    assert scene.now.to_dict()["agent"]["is_responsive"] is False
    (warning,) = scene.wishes
    assert warning.text == "agent 'a' does not answer the probe"
    silent = scene.now
    scene.take(ProbeUnanswered("a"), ProbeAnswered("b"))
    assert scene.now is silent
    scene.take(ProbeAnswered("a"))
    assert scene.now.agent.is_responsive


def test_nothing_is_known_of_the_next_agent_yet() -> None:
    scene = joined(agent("a", "listening")).take(ParticipantJoined(agent("b")))
    scene.take(ProbeUnanswered("a"), ParticipantChanged("a", attributes=attributes(speaks_for="b")))
    assert scene.now.agent.identity == "b"
    assert scene.now.agent.is_responsive
