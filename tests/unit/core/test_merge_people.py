"""Who said it, what kind of message it is, and what became of the user's own texts."""

from __future__ import annotations

import attrs
import pytest

from session_fsm import Message, MessageKind, MessageStatus, MessageUpdated
from session_fsm.effects import Tell
from session_fsm.events import (
    End,
    RunClosed,
    Start,
    TextChunk,
    TextClosed,
    TextSettled,
    TextSubmitted,
)
from unit.core.chats import NOON, Chat, opened
from unit.core.scenes import agent, joined

OWN = Message(
    "user/1", MessageKind.CHAT, "hi", NOON, final=True, sender="user", status=MessageStatus.SENDING
)


@pytest.mark.parametrize(
    ("identity", "sender", "spoken"),
    [
        ("me", "user", "user-transcript"),
        ("bot", "agent", "agent-transcript"),
        ("face", "avatar", "agent-transcript"),
        ("guest", "guest", "user-transcript"),
        ("eve", "eve", "user-transcript"),
    ],
)
def test_who_said_it(identity: str, sender: str, spoken: str) -> None:
    chat = Chat().take(opened("1", identity), ("1", "x"), opened("2", identity, chat=True))
    chat.take(("2", "y"))
    first, second = chat.messages
    assert (first.sender, first.kind, first.status) == (sender, spoken, None)
    assert (second.sender, second.kind, second.status) == (sender, "chat", None)


def test_an_agent_of_the_users_own_identity_is_the_user() -> None:
    scene = joined(agent("me", "listening"))
    scene.take(opened("1", "me"), TextChunk("1", "x"))
    assert scene.now.messages[0].sender == "user"


def test_own_texts_are_in_the_list_at_once_and_settle() -> None:
    chat = Chat().take(TextSubmitted(OWN))
    assert chat.messages == [OWN]
    chat.take(opened("1"), ("1", "hello"), TextSettled("user/1", MessageStatus.SENT))
    assert chat.texts == ["hi", "hello"]
    (change,) = chat.told
    assert change == MessageUpdated(attrs.evolve(OWN, status=MessageStatus.SENT), OWN)


def test_what_became_of_an_unknown_text_does_not_matter() -> None:
    before = Chat().log
    chat = Chat()
    chat.take(TextSettled("user/9", MessageStatus.FAILED))
    assert chat.log is before
    assert chat.told == ()


def test_every_change_is_told_once_and_the_list_shows_it() -> None:
    scene = joined(agent("bot", "listening"))
    scene.take(opened("1", segment="s"))
    assert scene.wishes == []
    scene.take(TextChunk("1", "He"))
    (told,) = scene.wishes
    assert isinstance(told, Tell)
    assert [told.change.message] == list(scene.now.messages)
    seq = scene.now.seq
    scene.take(TextChunk("1", "llo"))
    assert scene.now.seq == seq + 1
    assert scene.now.messages[0].text == "Hello"
    assert scene.now.state == "active"


def test_a_text_that_changes_nothing_returns_the_very_same_snapshot() -> None:
    scene = joined(agent("bot", "listening"))
    before = scene.now
    scene.take(TextChunk("lost", "x"))
    assert scene.now is before
    assert scene.asked == ()


def test_messages_stay_after_the_end_and_go_with_the_next_start() -> None:
    scene = joined(agent("bot", "listening"))
    scene.take(opened("1"), TextChunk("1", "I was go"), End(), TextChunk("1", "ing"), RunClosed())
    assert [(one.text, one.final) for one in scene.now.messages] == [("I was going", True)]
    (told,) = scene.wishes
    assert isinstance(told, Tell)
    assert told.change.message is scene.now.messages[0]
    scene.take(Start())
    assert list(scene.now.messages) == []


def test_texts_of_an_earlier_run_do_not_come_back() -> None:
    scene = joined(agent("bot", "listening")).take(opened("1"), End(), RunClosed(), Start())
    before = scene.now
    assert scene.take(TextChunk("1", "late"), TextClosed("1")).now.messages == before.messages


def test_an_older_list_does_not_change_when_a_newer_one_does() -> None:
    scene = joined(agent("bot", "listening")).take(opened("1"), TextChunk("1", "a"))
    older = scene.now
    scene.take(TextChunk("1", "b"), opened("2"), TextChunk("2", "c"))
    assert [one.text for one in older.messages] == ["a"]
    assert [one.text for one in scene.now.messages] == ["ab", "c"]
