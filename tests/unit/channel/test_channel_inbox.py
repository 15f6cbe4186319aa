"""Messages that come in pieces, out of order, too large, or never whole."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from session_fsm import StreamInfo, StreamKind
from session_fsm.channel.inbox import HEAD_PATIENCE, MOST_WAITING, Inbox

if TYPE_CHECKING:
    import pytest

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Box:
    def __init__(self, most: int = 100) -> None:
        self.taken: list[tuple[str, bytes]] = []
        self.inbox = Inbox(
            most, lambda who: who == "agent", lambda who, data: self.taken.append((who, data))
        )

    def open(self, sender: str = "agent", size: int | None = None) -> object:
        info = StreamInfo("id", StreamKind.BYTES, "lk.agent.session", sender, NOW, size=size)
        return self.inbox.opened(info)

    def opened(self):  # type: ignore[no-untyped-def]  # noqa: ANN201 - its private entry
        entry = self.open()
        assert entry is not None
        return entry


async def test_pieces_make_one_message() -> None:
    box = Box()
    entry = box.opened()
    assert entry.feed(b"one ")
    assert entry.feed(b"two")
    entry.end({}, None)
    assert box.taken == [("agent", b"one two")]


async def test_the_order_is_that_of_opening() -> None:
    box = Box()
    first, second, third = box.opened(), box.opened(), box.opened()
    for entry, data in ((third, b"3"), (second, b"2"), (first, b"1")):
        entry.feed(data)
        entry.end({}, None)
    assert [data for _, data in box.taken] == [b"1", b"2", b"3"]


async def test_one_that_breaks_off_is_nothing_and_holds_up_nothing() -> None:
    box = Box()
    first, second = box.opened(), box.opened()
    second.feed(b"2")
    second.end({}, None)
    first.feed(b"1")
    first.end({}, "the sender left")
    assert [data for _, data in box.taken] == [b"2"]


async def test_one_whose_end_never_comes_holds_the_others_up_for_seconds_only() -> None:
    box = Box()
    stuck, second, third = box.opened(), box.opened(), box.opened()
    for entry in (second, third):
        entry.feed(b"x")
        entry.end({}, None)
    await asyncio.sleep(HEAD_PATIENCE - 0.1)
    assert box.taken == []
    await asyncio.sleep(0.2)
    assert len(box.taken) == 2
    assert not stuck.feed(b"late")
    stuck.end({}, None)
    assert len(box.taken) == 2


async def test_many_that_never_end_are_given_up_one_by_one() -> None:
    box = Box()
    entries = [box.opened() for _ in range(MOST_WAITING + 3)]
    assert [entry.feed(b"x") for entry in entries].count(False) == 3
    for entry in entries:
        entry.end({}, None)
    assert len(box.taken) == MOST_WAITING


async def test_others_are_not_listened_to() -> None:
    assert Box().open("mallory") is None


async def test_too_much_is_refused_and_the_limit_named(caplog: pytest.LogCaptureFixture) -> None:
    box = Box(most=10)
    assert box.open(size=11) is None
    entry = box.opened()
    assert entry.feed(b"x" * 10)
    assert not entry.feed(b"x")
    after = box.opened()
    after.feed(b"y")
    after.end({}, None)
    assert box.taken == [("agent", b"y")]
    assert box.inbox.refused == 2
    (warning,) = caplog.records
    assert warning.getMessage() == (
        "a message of at least 11 bytes on the agent's session channel was refused: "
        "Limits.channel_message_size is 10"
    )


async def test_all_of_them_together_are_bounded() -> None:
    box = Box(most=10)
    entries = [box.opened() for _ in range(6)]
    taken = [entry.feed(b"x" * 10) for entry in entries]
    assert taken == [True] * 4 + [False] * 2


async def test_text_is_no_message() -> None:
    box = Box()
    entry = box.opened()
    assert not entry.feed("text")
    assert box.taken == []


async def test_a_closed_one_takes_nothing_more() -> None:
    box = Box()
    first, second = box.opened(), box.opened()
    second.feed(b"2")
    box.inbox.close()
    assert not first.feed(b"1")
    second.end({}, None)
    assert box.taken == []
