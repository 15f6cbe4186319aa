"""The merge rule, sentence by sentence."""

from __future__ import annotations

import pytest

from session_fsm import MessageAdded, MessageUpdated
from unit.core.chats import NOON, Chat, closed, opened

# A message is what one participant says in one segment -------------------------------------------


def test_streams_of_one_segment_are_one_message() -> None:
    chat = Chat().take(opened("1", segment="s"), ("1", "one"), closed("1"))
    chat.take(opened("2", segment="s"), ("2", "two"))
    assert chat.texts == ["two"]


def test_streams_without_a_segment_are_messages_of_their_own() -> None:
    chat = Chat().take(opened("1"), opened("2"), ("2", "two"), ("1", "one"))
    assert chat.texts == ["two", "one"]


def test_an_empty_segment_is_none() -> None:
    chat = Chat().take(opened("1", **{"lk.segment_id": ""}), ("1", "one"))
    chat.take(opened("2", **{"lk.segment_id": ""}), ("2", "two"))
    assert chat.texts == ["one", "two"]


def test_the_same_segment_of_two_participants_is_two_messages() -> None:
    chat = Chat().take(opened("1", segment="s"), opened("2", "me", segment="s"))
    chat.take(("1", "hello"), ("2", "hi"), ("1", " you"))
    assert chat.texts == ["hello you", "hi"]
    assert len({one.id for one in chat.messages}) == 2


@pytest.mark.parametrize(
    ("one", "other"), [(("a", "b/c"), ("a/b", "c")), (("a/b", "c"), ("a%2Fb", "c"))]
)
def test_no_identity_can_be_mistaken_for_another(
    one: tuple[str, str], other: tuple[str, str]
) -> None:
    chat = Chat().take(opened("1", one[0], segment=one[1]), ("1", "one"))
    chat.take(opened("2", other[0], segment=other[1]), ("2", "two"))
    assert chat.texts == ["one", "two"]


# Chunks of the same stream append ----------------------------------------------------------------


def test_chunks_append_and_each_is_told() -> None:
    chat = Chat().take(opened("1"), ("1", "How "))
    (added,) = chat.told
    assert isinstance(added, MessageAdded)
    assert added.message.text == "How "
    chat.take(("1", "are you?"))
    (updated,) = chat.told
    assert isinstance(updated, MessageUpdated)
    assert updated.previous == added.message
    assert updated.message.text == "How are you?"
    assert chat.messages == [updated.message]


def test_a_message_appears_with_its_first_text() -> None:
    chat = Chat().take(opened("1"), ("1", ""))
    assert chat.messages == []
    assert chat.told == ()
    chat.take(closed("1", final="true"))
    assert chat.messages == []


def test_a_chunk_without_text_changes_nothing() -> None:
    chat = Chat().take(opened("1"), ("1", "text"))
    before = chat.log
    assert chat.take(("1", "")).log is before
    assert chat.told == ()


def test_a_chunk_of_a_stream_that_nobody_opened_is_ignored() -> None:
    chat = Chat().take(("1", "lost"), closed("1", final="true"))
    assert chat.messages == []
    assert chat.told == ()


# A new stream for the same segment replaces ------------------------------------------------------


def test_a_new_stream_replaces_from_its_first_text_on() -> None:
    chat = Chat().take(opened("1", segment="s"), ("1", "what is the"), closed("1"))
    chat.take(opened("2", segment="s"))
    assert chat.texts == ["what is the"]
    chat.take(("2", "What is "))
    assert chat.texts == ["What is "]
    chat.take(("2", "the time?"), closed("2", final="true"))
    assert chat.texts == ["What is the time?"]
    assert chat.finals == [True]


def test_a_late_chunk_of_a_stream_that_was_replaced_is_ignored() -> None:
    chat = Chat().take(opened("1", segment="s"), ("1", "old"), opened("2", segment="s"))
    before = chat.log
    assert chat.take(("1", " late")).log is before
    chat.take(("2", "new"), ("1", " later"))
    assert chat.texts == ["new"]
    chat.take(closed("2"), ("1", " latest"))
    assert chat.texts == ["new"]


@pytest.mark.parametrize("broken", [False, True])
def test_the_end_of_a_stream_that_was_replaced_says_nothing(*, broken: bool) -> None:
    chat = Chat().take(opened("1", segment="s"), ("1", "old"), opened("2", segment="s"))
    chat.take(("2", "new"), closed("1", broken=broken, final="true"))
    assert chat.told == ()
    assert (chat.texts, chat.finals) == (["new"], [False])
    chat.take(("2", "er"))
    assert chat.texts == ["newer"]


def test_a_new_stream_that_says_nothing_replaces_by_nothing() -> None:
    chat = Chat().take(opened("1", segment="s"), ("1", "ahem"), closed("1"))
    chat.take(opened("2", segment="s"), closed("2", final="true"))
    assert (chat.texts, chat.finals) == ([""], [True])


def test_nothing_is_kept_of_streams_that_ended() -> None:
    chat = Chat().take(opened("1", segment="s"), ("1", "a"), opened("2", segment="s"), ("2", "b"))
    chat.take(opened("3"), closed("1"), closed("2"), closed("3", broken=True))
    assert (dict(chat.log.index.streams), dict(chat.log.index.newest)) == ({}, {})
    chat.take(opened("4"), ("4", "c"), opened("5")).finish()
    assert (dict(chat.log.index.streams), dict(chat.log.index.newest)) == ({}, {})


def test_after_the_end_a_stream_says_nothing_more() -> None:
    chat = Chat().take(opened("1"), ("1", "all"), closed("1", final="true"))
    before = chat.messages
    chat.take(("1", " more"), closed("1", broken=True))
    assert chat.messages == before


# Id, place and timestamp never change ------------------------------------------------------------


def test_id_place_timestamp_kind_and_sender_never_change() -> None:
    chat = Chat().take(opened("1", segment="s", minute=1), ("1", "first"))
    chat.take(opened("9", minute=2), ("9", "between"), closed("1"))
    before = chat.messages[0]
    chat.take(opened("2", segment="s", minute=3, chat=True), ("2", "second"))
    after = chat.messages[0]
    assert after.text == "second"
    assert (after.id, after.kind, after.sender) == (before.id, before.kind, before.sender)
    assert after.timestamp == before.timestamp
    assert (after.timestamp - NOON).seconds == 60
    assert chat.texts == ["second", "between"]


def test_messages_are_ordered_by_their_first_text() -> None:
    chat = Chat().take(opened("1", minute=0), opened("2", minute=1))
    chat.take(("2", "b"), ("1", "a"), ("2", "b"))
    assert chat.texts == ["bb", "a"]


# final is monotone -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "trailer", "final"),
    [
        (None, None, False),
        (None, "true", True),
        (None, "false", False),
        ("true", None, True),
        ("false", None, False),
        ("false", "true", True),
        ("true", "false", False),
        (None, "True", False),
        (None, "", False),
    ],
)
def test_final_is_what_the_trailer_says_or_else_the_header(
    header: str | None, trailer: str | None, *, final: bool
) -> None:
    attributes = {} if header is None else {"lk.transcription_final": header}
    chat = Chat().take(opened("1", **attributes), ("1", "text"))
    assert chat.finals == [False]
    chat.take(closed("1", final=trailer))
    assert chat.finals == [final]
    assert len(chat.told) == final


def test_once_final_always_final() -> None:
    chat = Chat().take(opened("1", segment="s"), ("1", "a"), closed("1", final="true"))
    chat.take(opened("2", segment="s"), ("2", "b"), closed("2", final="false"))
    assert (chat.texts, chat.finals) == (["b"], [True])


def test_chat_is_final_with_its_end() -> None:
    chat = Chat().take(opened("1", chat=True), ("1", "hi"))
    assert chat.finals == [False]
    chat.take(closed("1", final="false"))
    assert chat.finals == [True]


# A stream that breaks off is final with what arrived ---------------------------------------------


def test_a_stream_that_breaks_off_is_final_with_what_arrived() -> None:
    chat = Chat().take(opened("1"), ("1", "I was go"), closed("1", broken=True, final="false"))
    assert (chat.texts, chat.finals) == (["I was go"], [True])


def test_a_stream_that_breaks_off_before_its_first_text_leaves_what_was_there() -> None:
    chat = Chat().take(opened("1", segment="s"), ("1", "what is"), closed("1"))
    chat.take(opened("2", segment="s"), closed("2", broken=True))
    assert (chat.texts, chat.finals) == (["what is"], [True])
    chat.take(opened("3"), closed("3", broken=True))
    assert len(chat.messages) == 1


def test_the_end_of_the_run_makes_everything_final() -> None:
    chat = Chat().take(opened("1"), ("1", "half a sen"), opened("2", chat=True), ("2", "done"))
    chat.take(closed("2"), opened("3", segment="s"), ("3", "no"), closed("3"), opened("4"))
    chat.finish()
    assert chat.finals == [True, True, True]
    assert [change.message.text for change in chat.told] == ["half a sen", "no"]
    assert all(isinstance(one, MessageUpdated) and not one.previous.final for one in chat.told)
    before = chat.messages
    chat.take(("1", "tence"), ("4", "late"), closed("1"))
    assert chat.messages == before
    assert chat.finish().told == ()
