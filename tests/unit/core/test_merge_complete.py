"""Names, expressions, encrypted transcripts, limits, and what is on its way."""

from __future__ import annotations

import json

import attrs
import pytest

from session_fsm import Expression, Limits, Message, MessageKind, MessageStatus
from session_fsm.effects import Tell, Warn
from session_fsm.events import LocalChanged, TextChunk, TextClosed, TextSettled, TextSubmitted
from session_fsm.messages.log import EMPTY_LOG
from session_fsm.messages.merge import LONGEST_ID, merge
from session_fsm.reducer import step
from session_fsm.roster import Local
from unit.core.chats import NOON, ROOM, Chat, closed, opened
from unit.core.scenes import agent, joined

OWN = Message(
    "user/1", MessageKind.CHAT, "hi", NOON, final=True, sender="user", status=MessageStatus.SENDING
)


def test_another_participant_has_its_name() -> None:
    chat = Chat().take(attrs.evolve(opened("1", "guest", chat=True), sender_name="Gus"))
    chat.take(("1", "hello"))
    assert [(one.sender, one.sender_name) for one in chat.messages] == [("guest", "Gus")]


@pytest.mark.parametrize("identity", ["me", "bot", "face"])
def test_user_and_agent_are_what_they_are_whatever_their_names(identity: str) -> None:
    chat = Chat().take(attrs.evolve(opened("1", identity), sender_name="Somebody"), ("1", "x"))
    assert chat.messages[0].sender_name == ""


@pytest.mark.parametrize(
    ("raw", "expression"),
    [
        ('{"expression": "speak warmly", "mood": "happy"}', Expression("speak warmly", "happy")),
        ('{"mood": "calm"}', Expression(None, "calm")),
        ('{"mood": 7, "expression": ""}', None),
        ("[]", None),
        ("{", None),
        ("[" * 3000, None),
        ('{"mood": "' + "x" * 5000 + '"}', None),
    ],
)
@pytest.mark.parametrize("where", ["header", "trailer"])
def test_how_the_agent_says_it(raw: str, expression: Expression | None, where: str) -> None:
    attributes = {"lk.expression": raw}
    chat = Chat().take(opened("1", **(attributes if where == "header" else {})), ("1", "hello"))
    if where == "header":
        assert chat.messages[0].expression == expression, "from the first word on"
    chat.take(TextClosed("1", attributes if where == "trailer" else {}))
    assert chat.messages[0].expression == expression


def test_a_trailer_without_an_expression_keeps_the_headers() -> None:
    chat = Chat().take(opened("1", **{"lk.expression": '{"mood": "calm"}'}), ("1", "x"))
    chat.take(closed("1", final="true"))
    assert chat.messages[0].expression == Expression(None, "calm")


def test_what_the_user_said_is_the_users_also_when_the_agent_sends_it() -> None:
    """As in an encrypted room, where the server cannot put the user's identity on it."""
    scene = joined(agent("bot", "listening"))
    header = {"lk.transcribed_track_id": "TR_mine"}
    before = opened("0", segment="s", **header)
    scene.take(before, TextChunk("0", "not known yet"), TextClosed("0"))
    scene.take(LocalChanged(Local(tracks=frozenset({"TR_mine"}))))
    scene.take(opened("1", segment="s", **header), TextChunk("1", "heard"))
    scene.take(opened("2", segment="s", lk="other"), TextChunk("2", "and this is the agent"))
    told = [(one.sender, one.kind.value, one.text) for one in scene.now.messages]
    assert told == [
        ("agent", "agent-transcript", "and this is the agent"),
        ("user", "user-transcript", "heard"),
    ]


def test_how_many_texts_are_on_their_way() -> None:
    chat = Chat().take(TextSubmitted(OWN), TextSubmitted(attrs.evolve(OWN, id="user/2")))
    assert chat.log.index.sending == 2
    chat.take(TextSettled("user/1", MessageStatus.SENT))
    chat.take(TextSettled("user/1", MessageStatus.UNCONFIRMED))
    assert chat.log.index.sending == 1
    chat.take(TextSettled("user/2", MessageStatus.FAILED), TextSettled("x", MessageStatus.SENT))
    assert chat.log.index.sending == 0


def test_a_message_is_cut_off_at_the_limit_and_one_warning_says_so() -> None:
    scene = joined(agent("bot", "listening"))
    limits = Limits(message_length=10)
    now, warnings = scene.now, []
    chunks = [TextChunk("1", "123456"), TextChunk("1", "789abc"), TextChunk("1", "defgh")]
    for fact in (opened("1"), *chunks, closed("1", final="true")):
        now, effects = step(now, _of(now.epoch, fact), limits=limits)
        warnings += [one.text for one in effects if isinstance(one, Warn)]
    (message,) = now.messages
    assert (message.text, message.final) == ("123456789a", True)
    assert warnings == ["a message was cut off at limits.message_length, 10 characters"]


def test_more_open_streams_than_the_limit_are_refused_with_one_warning() -> None:
    scene = joined(agent("bot", "listening"))
    limits = Limits(open_streams=3)
    now, warnings = scene.now, []
    for number in range(6):
        for fact in (opened(f"{number}"), TextChunk(f"{number}", "x")):
            now, effects = step(now, _of(now.epoch, fact), limits=limits)
            warnings += [one.text for one in effects if isinstance(one, Warn)]
    assert len(now.messages) == 3
    assert warnings == ["texts are refused while limits.open_streams, 3, are open"]
    now, _ = step(now, _of(now.epoch, closed("0")), limits=limits)
    for fact in (opened("7"), TextChunk("7", "room again")):
        now, effects = step(now, _of(now.epoch, fact), limits=limits)
    assert now.messages[-1].text == "room again"
    assert any(isinstance(one, Tell) for one in effects)


def _of(epoch: int, fact: object) -> object:
    from session_fsm.events import FromRun  # noqa: PLC0415

    return FromRun(epoch, fact)  # type: ignore[arg-type]


def test_ids_and_names_of_any_length_are_kept_short_and_apart() -> None:
    chat = Chat()
    for number, segment in enumerate(["x" * 60_000, "x" * 60_000 + "y"]):
        wordy = attrs.evolve(opened(f"{number}", "guest", segment=segment), sender_name="n" * 9_000)
        chat.take(wordy, (f"{number}", "hello"))
    ids = {one.id for one in chat.messages}
    assert len(ids) == 2
    assert all(len(one) <= LONGEST_ID for one in ids)
    assert all(len(one.sender_name) <= 200 for one in chat.messages)
    kept = json.dumps([attrs.asdict(one) for one in chat.log.index.streams.values()], default=str)
    assert len(kept) < 5_000


def test_the_end_of_a_run_costs_what_is_open_and_not_what_was_said() -> None:
    log = EMPTY_LOG
    for number in range(50):
        log, _ = merge(log, opened(f"{number}"), ROOM)
        log, _ = merge(log, TextChunk(f"{number}", "x"), ROOM)
        if number % 10:
            log, _ = merge(log, closed(f"{number}", final="true"), ROOM)
    log, _ = log.add(OWN)
    assert sorted(log.index.unfinished) == sorted(f"bot/{number}" for number in range(0, 50, 10))


def test_the_end_of_a_run_ends_messages_in_their_order() -> None:
    chat = Chat()
    for number in (9, 10, 1, 7):
        chat.take(opened(f"{number}"), (f"{number}", "x"))
    chat.finish()
    assert [one.message.id for one in chat.told] == ["bot/9", "bot/10", "bot/1", "bot/7"]


def test_ids_hold_no_bare_percent_and_one_slash() -> None:
    chat = Chat().take(opened("1", "50%/a", segment="s"), ("1", "x"))
    assert chat.messages[0].id == "50%25%2Fa/s"


@pytest.mark.parametrize(("more", "is_kept"), [(0, True), (1, False)])
def test_how_long_an_id_can_be(more: int, *, is_kept: bool) -> None:
    segment = "s" * (LONGEST_ID - len("bot/") + more)
    chat = Chat().take(opened("1", segment=segment), ("1", "x"))
    assert (chat.messages[0].id == f"bot/{segment}") is is_kept


def test_a_text_of_exactly_the_limit_is_not_cut() -> None:
    log, _ = merge(EMPTY_LOG, opened("1"), ROOM)
    for chunk in ("12345", "67890", "", "x"):
        assert log.index.cut == 0
        log, _ = merge(log, TextChunk("1", chunk), ROOM, Limits(message_length=10))
    assert log.messages[0].text == "1234567890"
