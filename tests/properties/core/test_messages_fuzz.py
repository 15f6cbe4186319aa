"""Whatever a header, trailer or chunk holds: nobody speaks for another, and little is kept."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import attrs
from hypothesis import example, given, settings
from hypothesis import strategies as st

from session_fsm import Limits, MessageKind
from session_fsm.effects import Tell, Warn
from session_fsm.events import FromRun, LocalChanged, SpeechCorrected, TextChunk, TextClosed
from session_fsm.messages.history import exported, restored
from session_fsm.messages.merge import LONGEST_ID, LONGEST_NAME
from session_fsm.messages.speech import MOST_EARLY, MOST_UNSPOKEN
from session_fsm.reducer import step
from session_fsm.roster import Local
from unit.core.chats import opened
from unit.core.scenes import agent, joined

if TYPE_CHECKING:
    from session_fsm.snapshot import SessionSnapshot

LIMITS = Limits(message_length=50, open_streams=4)
MINE = "TR_mine"
PEOPLE = ["me", "bot", "guest", "user", "agent", "avatar", "me/s", "me%2Fs", ""]
LETTERS = st.text(st.characters(codec="utf-8"), max_size=30)
HUGE = st.sampled_from(["x" * 60_000, "[" * 60_000, '{"mood":' * 5_000, "9" * 5_000, "\x00"])
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | LETTERS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["expression", "mood", "x"]), inner, max_size=3)
    ),
    max_leaves=6,
)
ANYTHING = st.one_of(LETTERS, HUGE, DOCUMENTS.map(json.dumps))
CUT_SHORT = st.tuples(ANYTHING, st.integers(0, 40)).map(lambda pair: pair[0][: pair[1]])
VALUES = st.one_of(ANYTHING, CUT_SHORT, st.sampled_from(["true", "false", "s", "1", MINE]))
ATTRIBUTES = st.dictionaries(
    st.sampled_from(
        [
            "lk.segment_id",
            "lk.transcription_final",
            "lk.transcribed_track_id",
            "lk.expression",
            "any",
        ]
    )
    | LETTERS,
    VALUES,
    max_size=5,
)
STREAMS = st.sampled_from([str(number) for number in range(8)] + ["s", "x" * 60_000])


@st.composite
def headers(draw: st.DrawFn) -> Any:
    one = opened(draw(STREAMS), draw(st.sampled_from(PEOPLE)), chat=draw(st.booleans()))
    name = draw(st.sampled_from(["", "Gus", "n" * 60_000]))
    return attrs.evolve(one, attributes=draw(ATTRIBUTES), sender_name=name)


FACTS = st.lists(
    st.one_of(
        headers(),
        headers(),
        st.builds(TextChunk, STREAMS, LETTERS | HUGE),
        st.builds(TextChunk, STREAMS, st.sampled_from(["one ", "two ", "one two "])),
        st.builds(TextClosed, STREAMS, ATTRIBUTES, st.booleans()),
        st.builds(
            SpeechCorrected,
            st.sampled_from(PEOPLE),
            st.sampled_from(["one", "one two", "two"]) | LETTERS,
            st.booleans(),
        ),
    ),
    max_size=40,
).map(lambda facts: [twice for fact in facts for twice in (fact, fact)][: len(facts) + 10])


def played(facts: list[Any]) -> tuple[SessionSnapshot, list[Any]]:
    """Return the end of it, and all effects; checks what is kept after each fact."""
    now = joined(agent("bot", "listening")).now
    effects: list[Any] = []
    for fact in (LocalChanged(Local(tracks=frozenset({MINE}))), *facts):
        now, told = step(now, FromRun(now.epoch, fact), limits=LIMITS)
        effects += told
        little_is_kept(now)
    return now, effects


def little_is_kept(now: SessionSnapshot) -> None:
    index = now.log.index
    assert len(index.streams) <= LIMITS.open_streams
    assert len(index.newest) <= LIMITS.open_streams
    assert len(index.unspoken) <= MOST_UNSPOKEN
    assert len(index.early) <= MOST_EARLY
    assert len(index.places) == len(now.messages)
    assert set(index.unfinished) == {one.id for one in now.messages if not one.final}
    for one in now.messages:
        assert len(one.text) <= LIMITS.message_length
        assert len(one.id) <= LONGEST_ID
        assert len(one.sender_name) <= LONGEST_NAME
        json.dumps(exported([one]), ensure_ascii=False).encode()


@settings(max_examples=300, deadline=None)
@given(FACTS)
def test_nothing_raises_and_little_is_kept(facts: list[Any]) -> None:
    now, effects = played(facts)
    assert all(isinstance(one, Tell | Warn) for one in effects)
    cut = [one for one in effects if isinstance(one, Warn) and "message_length" in one.text]
    assert len(cut) <= len(now.messages)
    again = restored(json.loads(json.dumps(exported(now.messages))))
    assert [one.text for one in again] == [one.text for one in now.messages]


def mark(fact: Any, marks: dict[str, str]) -> Any:
    """Every chunk tells whose it is: who opened the stream that is open under its id."""
    match fact:
        case TextChunk(stream, _):
            return TextChunk(stream, marks.get(stream, "?"))
        case TextClosed(stream, _, _):
            marks.pop(stream, None)
        case SpeechCorrected():
            pass
        case _ if fact.stream_id not in marks and len(marks) < LIMITS.open_streams:
            typed = fact.topic == "lk.chat"
            is_users = fact.sender == "bot" and not typed
            is_users &= fact.attributes.get("lk.transcribed_track_id") == MINE
            marks[fact.stream_id] = f"<{'me' if is_users else fact.sender}>"
        case _:
            pass
    return fact


SHOWN = {"me": "user", "bot": "agent"} | {
    one: f"participant:{one}" for one in ("user", "agent", "avatar")
}
FORGED = [
    attrs.evolve(opened("1", "guest"), attributes={"lk.transcribed_track_id": MINE}),
    TextChunk("1", "x"),
    opened("2", "agent"),
    TextChunk("2", "x"),
    opened("3", "bot"),
    opened("3", "guest"),
    TextChunk("3", "x"),
]


@settings(max_examples=300, deadline=None)
@given(FACTS)
@example(FORGED)
def test_every_word_is_shown_as_of_whoever_sent_it(facts: list[Any]) -> None:
    marks: dict[str, str] = {}
    now, _ = played([mark(fact, marks) for fact in facts])
    for one in now.messages:
        speakers = set(one.text.removesuffix(">").removeprefix("<").split("><")) - {""}
        if len(one.text) >= LIMITS.message_length or one.interrupted:
            continue  # its last word is not whole
        assert {SHOWN.get(speaker, speaker) for speaker in speakers} <= {one.sender}
        if one.kind is MessageKind.AGENT_TRANSCRIPT:
            assert one.sender == "agent"


@settings(max_examples=200, deadline=None)
@given(DOCUMENTS | st.lists(st.dictionaries(LETTERS, DOCUMENTS), max_size=3))
def test_any_document_is_a_history_or_is_refused_with_its_place(document: Any) -> None:
    said = "history"
    try:
        restored(document)
    except (TypeError, ValueError) as error:
        said = str(error)
    assert said.startswith("history")
