"""What the agent really said: corrections by its own history."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_fsm.events import SpeechCorrected, TextChunk, TextClosed
from session_fsm.messages.message import MessageUpdated
from session_fsm.messages.speech import MOST_UNSPOKEN
from unit.core.chats import Chat, closed, opened

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def item(text: str, *, interrupted: bool = True, by: str = "bot") -> SpeechCorrected:
    return SpeechCorrected(by, text, interrupted)


def said(*texts: str, final: bool = True) -> Chat:
    """The agent says these, each in a segment of its own."""
    chat = Chat()
    for place, text in enumerate(texts):
        chat.take(opened(f"{place}", segment=f"s{place}"), (f"{place}", text))
        if final:
            chat.take(closed(f"{place}", final="true"))
    return chat


def shown(chat: Chat) -> list[tuple[str, bool]]:
    return [(one.text, one.interrupted) for one in chat.messages]


def test_an_interrupted_speech_is_cut_to_what_was_spoken() -> None:
    chat = said("echo: a long sentence").take(item("echo: a long"))
    assert shown(chat) == [("echo: a long", True)]
    (change,) = chat.told
    assert isinstance(change, MessageUpdated)
    assert change.previous.text == "echo: a long sentence"


def test_an_item_that_comes_before_the_end_of_its_stream_ends_the_message() -> None:
    chat = said("echo: a long sentence", final=False).take(item("echo: a long"))
    assert chat.finals == [True]
    chat.take(("0", " and more"), closed("0", final="true"))
    assert shown(chat) == [("echo: a long", True)]
    assert chat.told == ()


def test_an_item_that_overtakes_the_words_waits_for_them() -> None:
    chat = said("one two", final=False).take(item("one two three"))
    assert shown(chat) == [("one two", False)]
    chat.take(("0", " three"))
    assert shown(chat) == [("one two three", True)]
    chat.take(("0", " four"), closed("0", final="true"))
    assert shown(chat) == [("one two three", True)]


def test_an_item_that_comes_before_the_first_word_waits_as_well() -> None:
    chat = said("an earlier one", final=False).take(item("one two"))
    chat.take(opened("9", segment="s9"), ("9", "one two"), ("9", " three"), closed("9"))
    assert shown(chat) == [("an earlier one", False), ("one two", True)]
    assert chat.log.index.early == ()


def test_one_item_after_the_other_each_for_its_own_message() -> None:
    chat = said("one two", "three four", "five six")
    chat.take(item("one"), item("three"), item("five"))
    assert shown(chat) == [("one", True), ("three", True), ("five", True)]


def test_several_items_that_wait_for_their_words() -> None:
    chat = said("x", final=False).take(item("one"), item("two"), item("three"))
    for number, text in enumerate(["one a", "two b", "three c"], 1):
        chat.take(opened(f"{number}", segment=f"t{number}"), (f"{number}", text))
    assert shown(chat)[1:] == [("one", True), ("two", True), ("three", True)]


def test_items_that_nothing_comes_for_do_not_pile_up() -> None:
    chat = said("one", final=False)
    for number in range(50):
        chat.take(item(f"nothing like it {number}"))
    assert len(chat.log.index.early) <= 8
    assert chat.finish().log.index.early == ()


def test_an_item_that_fits_nothing_is_forgotten_with_the_next_one_that_does() -> None:
    chat = said("one", final=False).take(item("two"), item("one", interrupted=False))
    chat.take(opened("9", segment="s9"), ("9", "two three"), closed("9", final="true"))
    assert shown(chat) == [("one", False), ("two three", False)]


def test_a_speech_that_was_not_interrupted_stays_as_it_is() -> None:
    chat = said("all of it").take(item("all of it", interrupted=False))
    assert shown(chat) == [("all of it", False)]
    chat.take(item("all", interrupted=True))
    assert shown(chat) == [("all of it", False)], "its item has come"


def test_spaces_do_not_count() -> None:
    chat = said("  one two\n three four").take(item("one two three"))
    assert shown(chat) == [("  one two\n three", True)]


def test_what_was_never_spoken_has_no_item_and_is_passed_over() -> None:
    chat = said("never spoken", "second speech", "third").take(item("second"))
    assert shown(chat) == [("never spoken", False), ("second", True), ("third", False)]
    chat.take(item("never"))
    assert shown(chat)[0] == ("never spoken", False), "items come in order"


def test_one_item_of_several_segments() -> None:
    chat = said("one two", "three four", "other").take(item("one two three"))
    assert shown(chat) == [("one two", False), ("three", True), ("other", False)]


@pytest.mark.parametrize("text", ["something else", "", "  ", "one two three"])
def test_an_item_that_belongs_to_nothing_changes_nothing(text: str) -> None:
    chat = said("one two").take(item(text))
    assert shown(chat) == [("one two", False)]


def test_an_item_of_somebody_else_changes_nothing() -> None:
    chat = said("one two").take(item("one", by="guest"), item("one", by="face"))
    assert shown(chat) == [("one two", False)]


def test_other_messages_are_never_touched() -> None:
    chat = Chat().take(opened("1", "me"), ("1", "one two"), closed("1", final="true"))
    chat.take(opened("2", chat=True), ("2", "one two"), closed("2"))
    chat.take(item("one"))
    assert shown(chat) == [("one two", False)] * 2


def test_an_agent_that_tells_no_items_makes_nothing_grow() -> None:
    chat = said(*(f"speech {number}" for number in range(3 * MOST_UNSPOKEN)))
    assert len(chat.log.index.unspoken) == MOST_UNSPOKEN


WORDS = st.lists(st.sampled_from(["a", "b", "ab", "c d"]), min_size=1, max_size=4).map(" ".join)


@given(
    speeches=st.lists(WORDS, max_size=5),
    items=st.lists(st.tuples(WORDS, st.booleans()), max_size=6),
    order=st.randoms(use_true_random=False),
)
def test_a_correction_only_ever_cuts(
    speeches: list[str], items: list[tuple[str, bool]], order: object
) -> None:
    chat = Chat()
    whole: dict[str, str] = {}
    facts: list[object] = []
    for place, text in enumerate(speeches):
        facts += [opened(f"{place}"), TextChunk(f"{place}", text), TextClosed(f"{place}")]
        whole[f"bot/{place}"] = text
    for text, interrupted in items:
        at = order.randint(0, len(facts))  # type: ignore[attr-defined]
        facts.insert(at, SpeechCorrected("bot", text, interrupted))
    for fact in facts:
        chat.take(fact)  # type: ignore[arg-type]
    for one in chat.messages:
        assert whole[one.id].startswith(one.text)
        assert one.interrupted or one.text == whole[one.id]
    assert len(chat.messages) == len(speeches)
