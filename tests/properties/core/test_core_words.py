"""Any word of events, sensible or not: the rules hold and nothing raises."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from model.checks import arrows_of, broken_rules
from model.spec import expected
from model.view import view_of
from model.worlds import JOURNEY, LINK, REPORTS, TWO
from session_fsm import MessageStatus, SessionSnapshot
from session_fsm.effects import Tell
from session_fsm.events import (
    End,
    Event,
    Fact,
    FromRun,
    LinkGone,
    LinkRestored,
    ParticipantChanged,
    ParticipantJoined,
    ParticipantLeft,
    RoomJoined,
    Start,
    TextChunk,
    TextClosed,
    TextOpened,
    TextSettled,
    TrackChanged,
)
from session_fsm.reducer import step
from session_fsm.roster import Participant

IDENTITIES = st.sampled_from(["a", "b", "", "ä/ö", "me"])
WORDS = st.sampled_from(["", "idle", "listening", "speaking", "Listening", "failed", "💤", "a"])
KEYS = st.sampled_from(["lk.agent.state", "lk.agent.name", "lk.publish_on_behalf", "x"])
ATTRIBUTES = st.dictionaries(KEYS, WORDS)
PEOPLE = st.builds(Participant, IDENTITIES, WORDS, WORDS, ATTRIBUTES)
ROSTERS = st.lists(PEOPLE, max_size=4, unique_by=lambda one: one.identity).map(tuple)
STREAMS = st.sampled_from(["1", "2"])
MAYBE = st.none() | WORDS
ANY_FACT = st.one_of(
    st.builds(RoomJoined, WORDS, IDENTITIES, ROSTERS),
    st.builds(LinkRestored, ROSTERS),
    st.builds(LinkGone, WORDS),
    st.builds(ParticipantJoined, PEOPLE),
    st.builds(ParticipantLeft, IDENTITIES, st.booleans()),
    st.builds(ParticipantChanged, IDENTITIES, MAYBE, MAYBE, st.none() | ATTRIBUTES),
    st.builds(TrackChanged, IDENTITIES, st.sampled_from(["microphone", "camera"]), MAYBE),
)
TEXTS = st.one_of(
    st.builds(TextOpened, STREAMS, WORDS, IDENTITIES, ATTRIBUTES, st.just(datetime.now(UTC))),
    st.builds(TextChunk, STREAMS, WORDS),
    st.builds(TextClosed, STREAMS, ATTRIBUTES, st.booleans()),
    st.builds(TextSettled, WORDS, st.sampled_from(MessageStatus)),
)
SENSIBLE = [
    event
    for world in (JOURNEY, REPORTS, LINK, TWO)
    for event in world.events(SessionSnapshot())
    if not isinstance(event, End)
]


def told(now: SessionSnapshot, event: Event | Fact) -> Event:
    """Let the present run tell it."""
    if isinstance(event, FromRun):
        return FromRun(now.epoch, event.fact)
    return event if isinstance(event, Start | End) else FromRun(now.epoch, event)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_any_word_of_events_keeps_the_rules(data: st.DataObject) -> None:
    now = SessionSnapshot()
    for _ in range(data.draw(st.integers(1, 25))):
        if data.draw(st.integers(0, 9)):
            moving = [one for one in SENSIBLE if step(now, told(now, one))[0] is not now]
            event = told(now, data.draw(st.sampled_from(moving)))
        else:
            event = told(now, data.draw(ANY_FACT | TEXTS | st.just(End())))
        after, effects = step(now, event)
        check(now, event, after, effects)
        now = after


def check(before: SessionSnapshot, event: Event, after: SessionSnapshot, effects: tuple) -> None:
    assert broken_rules(after) == []
    assert after.seq == before.seq + (after is not before)
    assert after is not before or effects == ()
    text = isinstance(event, FromRun) and isinstance(
        event.fact, TextOpened | TextChunk | TextClosed | TextSettled
    )
    if text:
        assert view_of(after) == view_of(before)
        assert all(isinstance(one, Tell) for one in effects)
    else:
        assert (view_of(after), arrows_of(effects)) == expected(view_of(before), event)


@settings(max_examples=150, deadline=None)
@given(st.lists(ANY_FACT | TEXTS | st.sampled_from(SENSIBLE), max_size=40))
def test_nonsense_never_raises(word: list[Event | Fact]) -> None:
    now = SessionSnapshot()
    for event in word:
        now, _ = step(now, told(now, event), agent_name="a")
        assert broken_rules(now) == []
        assert now.to_dict()["seq"] == now.seq
