"""Those in the room who are no agents: seen, and without any say in what the agent is."""

from __future__ import annotations

import pytest

from session_fsm.events import (
    End,
    LinkLost,
    LinkRestored,
    ParticipantChanged,
    ParticipantJoined,
    ParticipantLeft,
    TrackChanged,
)
from session_fsm.roster import Tracks
from unit.core.scenes import Scene, agent, attributes, joined, stranger


def seen(scene: Scene) -> list[str]:
    return [one.identity for one in scene.now.participants]


def test_they_come_change_and_go() -> None:
    scene = joined(agent("a", "listening"), stranger("u"))
    assert seen(scene) == ["a", "u"]
    scene.take(
        ParticipantJoined(stranger("v")), ParticipantChanged("u", "Uma", "notes", {"x": "y"})
    )
    uma = scene.now.participant("u")
    assert uma is not None
    assert (uma.name, uma.metadata, dict(uma.attributes)) == ("Uma", "notes", {"x": "y"})
    assert not uma.is_agent
    track = object()
    for source in ("microphone", "camera", "screen_share"):
        scene.take(TrackChanged("u", source, track))
    uma = scene.now.participant("u")
    assert uma is not None
    assert uma.tracks == Tracks(track, track, track)
    scene.take(ParticipantLeft("u", on_purpose=True))
    assert scene.now.participant("u") is None
    assert seen(scene) == ["a", "v"]
    assert scene.triple == ("active", "connected", "listening")


def test_the_roster_of_a_restored_link_is_the_whole_truth() -> None:
    scene = joined(agent("a", "listening"), stranger("u")).take(LinkLost())
    scene.take(ParticipantLeft("u"))
    assert seen(scene) == ["a", "u"]
    scene.take(LinkRestored((stranger("v"), agent("a", "listening"))))
    assert seen(scene) == ["a", "v"]


def test_an_end_leaves_nobody_to_be_seen() -> None:
    scene = joined(stranger("u")).take(End())
    assert scene.now.state == "ending"
    assert seen(scene) == []
    assert scene.now.participant("u") is None


@pytest.mark.parametrize("liar", [stranger("u", "listening"), stranger("u", speaks_for="a")])
def test_who_claims_to_be_an_agent_is_none(liar: object) -> None:
    alone = joined(liar)  # type: ignore[arg-type]
    assert alone.triple == ("dispatching", "connected", "connecting")
    assert not alone.now.run.met
    alone.take(ParticipantChanged("u", attributes=attributes("speaking")))
    assert alone.now.agent.identity is None
    both = joined(liar, agent("a", "listening"))  # type: ignore[arg-type]
    both.take(TrackChanged("u", "camera", object()))
    assert both.now.agent.identity == "a"
    assert both.now.agent.avatar is None
    assert both.now.agent.camera_track is None
    both.take(ParticipantLeft("u", on_purpose=True))
    assert both.now.state == "active"


def test_nobody_takes_over_from_an_agent_that_is_no_agent() -> None:
    scene = joined(agent("a", "listening"), stranger("u", "listening"))
    scene.take(ParticipantLeft("a", on_purpose=True))
    assert (scene.now.state, scene.now.end_reason) == ("ending", "hung-up")
