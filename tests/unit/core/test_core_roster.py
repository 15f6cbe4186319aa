"""Who is in the room, and which of them could be the agent."""

from __future__ import annotations

import attrs
import pytest

from session_fsm.roster import Participant, Tracks, avatar_of, could_be_agent, find
from unit.core.scenes import agent, stranger


def test_somebody_is_found_by_identity() -> None:
    roster = (agent("a"), agent("b"))
    assert find(roster, "b") is roster[1]
    assert find(roster, "c") is None
    assert find(roster, None) is None
    assert find((), "a") is None


def test_the_avatar_of_an_agent_is_the_first_that_speaks_for_it() -> None:
    roster = (agent("a"), agent("x", speaks_for="b"), agent("y", speaks_for="a"))
    assert avatar_of(roster, "a") is roster[2]
    assert avatar_of(roster, "c") is None
    assert avatar_of((stranger("x", speaks_for="a"), *roster), "a") is roster[2]


@pytest.mark.parametrize(
    ("one", "wanted", "could"),
    [
        (agent(), None, True),
        (agent(named="bot"), None, True),
        (agent(named="bot"), "bot", True),
        (agent(named="bot"), "other", False),
        (agent(), "bot", True),
        (agent(name="other"), "bot", True),
        (Participant("a", attributes={"lk.agent.name": ""}), "bot", True),
        (Participant("a", attributes={"lk.publish_on_behalf": ""}), None, True),
        (agent(speaks_for="b"), None, False),
        (stranger("a", "listening"), None, False),
        (stranger("a", named="bot"), "bot", False),
        (agent(speaks_for="b", named="bot"), "bot", False),
    ],
)
def test_who_could_be_the_agent(one: Participant, wanted: str | None, *, could: bool) -> None:
    assert could_be_agent(one, wanted) is could


def test_what_a_participant_says_of_itself() -> None:
    one = Participant("a", "Ann", attributes={"lk.agent.state": "idle"})
    assert (one.report, one.agent_name, one.is_avatar) == ("idle", "Ann", False)
    two = agent("b", named="bot", speaks_for="a")
    assert (two.report, two.agent_name, two.is_avatar) == ("", "bot", True)
    assert not stranger("c", speaks_for="a").is_avatar


def test_participants_are_equal_by_value_and_tracks_by_identity() -> None:
    class Track:
        def __eq__(self, other: object) -> bool:
            raise AssertionError("nobody compares tracks")

        __hash__ = None  # type: ignore[assignment]

    track = Track()
    assert agent("a", "idle") == agent("a", "idle")
    assert agent("a", "idle") != agent("a", "speaking")
    assert Tracks(track) == Tracks(track)
    assert Tracks(track) != Tracks(Track())
    assert len({agent("a", "idle"), agent("a", "idle"), agent("b")}) == 2


def test_a_participant_is_frozen_through_and_through() -> None:
    one = Participant("a", attributes={"x": "y"})
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        one.name = "z"  # type: ignore[misc]
    with pytest.raises(TypeError):
        one.attributes["x"] = "z"  # type: ignore[index]
