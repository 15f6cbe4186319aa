"""Any interleaving of streams gives the list that plain dictionaries give."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from session_fsm.events import TextChunk, TextClosed, TextFact, TextOpened
from session_fsm.messages.log import EMPTY_LOG, MessageLog
from session_fsm.messages.merge import finish, merge
from session_fsm.messages.message import Message, MessageAdded
from session_fsm.messages.people import Room
from session_fsm.roster import Participant

if TYPE_CHECKING:
    from session_fsm.messages.message import MessageChange

ROOM = Room("me", (Participant("bot"),))
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
STREAMS = [str(number) for number in range(6)]
FINAL = "lk.transcription_final"
MARKS = st.sampled_from([{}, {FINAL: "true"}, {FINAL: "false"}])


@st.composite
def openings(draw: st.DrawFn) -> TextOpened:
    segment = draw(st.sampled_from(["", "", "s", "t"]))
    attributes = {**draw(MARKS), **({"lk.segment_id": segment} if segment else {})}
    return TextOpened(
        draw(st.sampled_from(STREAMS)),
        draw(st.sampled_from(["lk.chat", "lk.transcription"])),
        draw(st.sampled_from(["bot", "me", "guest"])),
        attributes,
        NOON + timedelta(seconds=draw(st.integers(0, 60))),
    )


CHUNKS = st.builds(TextChunk, st.sampled_from(STREAMS), st.sampled_from(["", "a", "b ", "cd"]))
ENDS = st.builds(TextClosed, st.sampled_from(STREAMS), MARKS, st.booleans())
FACTS = st.lists(st.one_of(openings(), CHUNKS, CHUNKS, ENDS), max_size=40)


class Plain:
    """The merge rule on dictionaries, with no thought of cost."""

    def __init__(self) -> None:
        self.text: dict[tuple[str, str], str] = {}
        self.final: set[tuple[str, str]] = set()
        self.born: dict[tuple[str, str], datetime] = {}
        self.open: dict[str, tuple[TextOpened, tuple[str, str]]] = {}
        self.spoke: set[str] = set()
        self.speaks_for: dict[tuple[str, str], str] = {}

    def take(self, fact: TextFact) -> None:
        match fact:
            case TextOpened(stream) if stream in self.open:
                pass  # it is the first opener's, until it is closed
            case TextOpened(stream):
                key = fact.sender, fact.attributes.get("lk.segment_id", f"stream {stream}")
                self.open[stream] = fact, key
                self.spoke.discard(stream)
                self.speaks_for[key] = stream
            case TextChunk(stream, text) if text and self.has_the_word(stream):
                opening, key = self.open[stream]
                so_far = self.text.get(key, "") if stream in self.spoke else ""
                self.text[key] = so_far + text
                self.born.setdefault(key, opening.timestamp)
                self.spoke.add(stream)
            case TextClosed(stream, trailer, broken):
                if self.has_the_word(stream):
                    self.end(stream, {**self.open[stream][0].attributes, **trailer}, broken=broken)
                self.open.pop(stream, None)
            case _:
                pass

    def has_the_word(self, stream: str) -> bool:
        return stream in self.open and self.speaks_for.get(self.open[stream][1]) == stream

    def end(self, stream: str, said: dict[str, str], *, broken: bool) -> None:
        opening, key = self.open[stream]
        del self.speaks_for[key]
        is_final = broken or opening.topic == "lk.chat" or said.get(FINAL) == "true"
        if key in self.text and is_final:
            self.final.add(key)
            if stream not in self.spoke and not broken:
                self.text[key] = ""

    def list(self) -> list[tuple[str, bool, datetime]]:
        return [(text, key in self.final, self.born[key]) for key, text in self.text.items()]


def shown(log: MessageLog) -> list[tuple[str, bool, datetime]]:
    return [(one.text, one.final, one.timestamp) for one in log.messages]


def replayed(messages: list[Message], changes: tuple[MessageChange, ...]) -> list[Message]:
    """Do what a user interface does that follows ``messages.events``."""
    messages = list(messages)
    for change in changes:
        if isinstance(change, MessageAdded):
            messages.append(change.message)
        else:
            messages[messages.index(change.previous)] = change.message
    return messages


@settings(max_examples=150, deadline=None)
@given(FACTS)
def test_the_list_is_what_plain_dictionaries_give(facts: list[TextFact]) -> None:
    log, plain = EMPTY_LOG, Plain()
    for fact in facts:
        log, _ = merge(log, fact, ROOM)
        plain.take(fact)
        assert shown(log) == plain.list()


@settings(max_examples=150, deadline=None)
@given(FACTS)
def test_what_is_in_the_list_stays_what_it_is(facts: list[TextFact]) -> None:
    log = EMPTY_LOG
    for fact in facts:
        before = list(log.messages)
        log, changes = merge(log, fact, ROOM)
        after = list(log.messages)
        assert replayed(before, changes) == after
        assert len({one.id for one in after}) == len(after)
        assert {one.id: place for place, one in enumerate(after)} == dict(log.index.places)
        for old, new in zip(before, after, strict=False):
            assert (old.id, old.timestamp, old.kind, old.sender) == (
                new.id,
                new.timestamp,
                new.kind,
                new.sender,
            )
            assert new.final or not old.final
            assert new.text or old.text or new.final


@settings(max_examples=100, deadline=None)
@given(FACTS)
def test_at_the_end_of_a_run_everything_is_final_and_stays_so(facts: list[TextFact]) -> None:
    log = EMPTY_LOG
    for fact in facts:
        log, _ = merge(log, fact, ROOM)
    before = list(log.messages)
    done, changes = finish(log)
    assert replayed(before, changes) == list(done.messages)
    assert [one.text for one in done.messages] == [one.text for one in before]
    assert all(one.final for one in done.messages)
    late = [fact for fact in facts if not isinstance(fact, TextOpened)]
    for fact in late:
        done, changes = merge(done, fact, ROOM)
        assert changes == ()
