"""Nobody can speak in the name of another, whatever a header says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import pytest

from session_fsm.events import SpeechCorrected, TextChunk, TextClosed, TextFact
from session_fsm.limits import Limits
from session_fsm.messages.log import EMPTY_LOG
from session_fsm.messages.merge import finish, merge
from unit.core.chats import NOON, ROOM, Chat, closed, opened

if TYPE_CHECKING:
    from session_fsm.messages.people import Room

TRACK = {"lk.transcribed_track_id": "TR_mine"}
OURS = attrs.evolve(ROOM, local_tracks=frozenset({"TR_mine"}))


def told(room: Room, *facts: TextFact) -> list[tuple[str, str, str]]:
    log = EMPTY_LOG
    for fact in facts:
        log, _ = merge(log, fact, room)
    return [(one.sender, one.kind.value, one.text) for one in log.messages]


def test_only_an_agent_writes_down_what_the_user_said() -> None:
    for liar in ("guest", "eve"):
        forged = opened("1", liar, **TRACK), TextChunk("1", "I agree to pay")
        assert told(OURS, *forged) == [(liar, "user-transcript", "I agree to pay")]
    real = opened("1", "bot", **TRACK), TextChunk("1", "hello")
    assert told(OURS, *real) == [("user", "user-transcript", "hello")]


@pytest.mark.parametrize("sender", ["guest", "bot"])
def test_what_is_typed_is_whose_it_is_whatever_track_it_names(sender: str) -> None:
    shown = told(OURS, opened("1", sender, chat=True, **TRACK), TextChunk("1", "typed"))
    assert shown == [("agent" if sender == "bot" else "guest", "chat", "typed")]


@pytest.mark.parametrize("name", ["user", "agent", "avatar", "participant:user"])
def test_a_participant_that_is_called_agent_is_not_the_agent(name: str) -> None:
    chat = Chat().take(attrs.evolve(opened("1", name), sender_name="Eve"), ("1", "trust me"))
    (message,) = chat.messages
    assert message.sender == f"participant:{name}"
    assert (message.kind.value, message.sender_name) == ("user-transcript", "Eve")


def test_a_stream_is_its_openers_also_when_another_opens_one_with_its_id() -> None:
    chat = Chat().take(opened("1", "bot"), ("1", "one "), opened("1", "guest"), ("1", "two"))
    chat.take(closed("1", final="true"))
    assert [(one.sender, one.text, one.final) for one in chat.messages] == [
        ("agent", "one two", True)
    ]
    assert len(chat.log.index.newest) == len(chat.log.index.streams) == 0


def test_what_was_corrected_is_not_written_anew() -> None:
    chat = Chat().take(opened("1", segment="s"), ("1", "one two"))
    chat.take(SpeechCorrected("bot", "one", interrupted=True))
    chat.take(opened("2", segment="s"), ("2", "one two three"), closed("2", final="true"))
    assert [(one.text, one.interrupted) for one in chat.messages] == [("one", True)]


def test_a_long_text_that_is_told_again_and_again_is_cut_with_one_warning() -> None:
    log, limits = EMPTY_LOG, Limits(message_length=5)
    for number in range(4):
        for fact in (opened(f"{number}", "me", segment="s"), TextChunk(f"{number}", "123456")):
            log, _ = merge(log, fact, ROOM, limits)
    assert (log.messages[0].text, log.index.cut) == ("12345", 1)


def test_ending_ten_thousand_open_messages_tells_each_once() -> None:
    log = EMPTY_LOG
    for number in range(10_000):
        for fact in (opened(f"{number}"), TextChunk(f"{number}", "x"), TextClosed(f"{number}")):
            log, _ = merge(log, fact, ROOM)
    log, changes = finish(log)
    assert len(changes) == 10_000
    assert log.messages[0].timestamp == NOON
