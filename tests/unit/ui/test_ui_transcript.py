"""The rows of a transcript: where they are, what is told of them, and when to stay at the end."""

import asyncio
import itertools
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from session_fsm import AttachmentState, MessageStatus, SendError, Session, TokenSource
from session_fsm.events import (
    FromRun,
    RoomJoined,
    Start,
    TextChunk,
    TextClosed,
    TextOpened,
    TokenReady,
)
from session_fsm.messages.attachment import Attachment
from session_fsm.recording import Replay, record
from session_fsm.testing import ScriptedAgent
from session_fsm.ui import (
    RowInserted,
    RowRemoved,
    RowsReplaced,
    RowUpdated,
    TranscriptChange,
    TranscriptModel,
    TranscriptRow,
)
from session_fsm.ui.rows import line_of


def make(**options: Any) -> Session:
    agent = ScriptedAgent(**options)
    return Session(TokenSource.loopback(agent))


class Widget:
    """A list that does nothing but what it is told; each change is applied where it says."""

    def __init__(self, model: TranscriptModel) -> None:
        self.rows: list[TranscriptRow] = []
        self.told: list[TranscriptChange] = []
        self.model = model
        model.changes.subscribe(self.apply)

    def apply(self, change: TranscriptChange) -> None:
        self.told.append(change)
        match change:
            case RowsReplaced(rows):
                self.rows[:] = rows
            case RowInserted(index, row):
                self.rows.insert(index, row)
            case RowUpdated(index, row):
                assert self.rows[index].id == row.id
                self.rows[index] = row
            case RowRemoved(index, row):
                assert self.rows.pop(index) == row
        assert self.rows == list(self.model.rows.value)


def texts(rows: Sequence[TranscriptRow]) -> list[str]:
    return [row.text for row in rows]


async def answered(session: Session, text: str) -> None:
    await session.send(text)
    await heard(session, f"echo: {text}")


async def heard(session: Session, text: str) -> None:
    await session.wait_until(
        lambda now: any(one.text == text and one.final for one in now.messages)
    )


async def test_a_widget_that_applies_the_changes_shows_the_conversation() -> None:
    async with make(greeting="hello there") as session:
        with TranscriptModel(session) as model:
            widget = Widget(model)
            await session.start()
            await heard(session, "hello there")
            await answered(session, "how are you")
            assert texts(widget.rows) == ["hello there", "how are you", "echo: how are you"]
            assert [row.side for row in widget.rows] == ["agent", "user", "agent"]
            assert [row.sender for row in widget.rows] == ["Agent", "You", "Agent"]
            assert all(row.is_final and row.time is not None for row in widget.rows)
            growing = [
                one.row.text
                for one in widget.told
                if isinstance(one, RowInserted | RowUpdated) and one.index == 0
            ]
            assert growing[0] == "hello"
            assert growing[-1] == "hello there"


async def test_the_agent_thinks_at_the_end_until_it_speaks() -> None:
    async with make(think_for=1.0) as session:
        with TranscriptModel(session) as model:
            widget = Widget(model)
            await session.start()
            sending = asyncio.create_task(answered(session, "one"))
            await session.wait_until(lambda now: now.agent.state == "thinking")
            later = asyncio.create_task(session.send("two"))
            await asyncio.sleep(0.1)
            assert texts(widget.rows) == ["one", "two", "Thinking…"]
            assert [row.is_thinking for row in widget.rows] == [False, False, True]
            assert len({row.id for row in widget.rows}) == 3
            await sending
            await later
            assert texts(widget.rows)[:3] == ["one", "two", "echo: one"]
            assert sum(isinstance(one, RowRemoved) for one in widget.told) == 1
            # The thinking row was below the text that came meanwhile.
            assert [one.index for one in widget.told if isinstance(one, RowRemoved)] == [2]


async def test_what_became_of_a_text_is_noted() -> None:
    agent = ScriptedAgent()
    async with Session(TokenSource.loopback(agent)) as session:
        with TranscriptModel(session) as model:
            await session.start()
            await answered(session, "fine")
            agent.network.drop()
            sending = asyncio.create_task(session.send("lost"))
            await asyncio.sleep(0)
            assert [row.note for row in model.rows.value] == ["", "", "sending"]
            await session.end()
            with pytest.raises(SendError):
                await sending
            last = model.rows.value[-1]
            assert last.note == "not sent: the agent does not have it"
            assert session.messages.value[-1].status is MessageStatus.FAILED


async def test_a_new_start_replaces_the_rows() -> None:
    async with make() as session:
        with TranscriptModel(session) as model:
            widget = Widget(model)
            await session.start()
            await answered(session, "before")
            await session.end()
            assert texts(widget.rows) == ["before", "echo: before"]
            model.scrolled(at_end=False)
            await session.start()
            assert widget.rows == []
            assert model.follows.value
            await answered(session, "after")
            assert texts(widget.rows) == ["after", "echo: after"]


async def test_restored_messages_are_there_and_stay() -> None:
    async with make() as session:
        await session.start()
        await answered(session, "yesterday")
        history = session.messages.export()
    async with Session(TokenSource.loopback(ScriptedAgent()), history=history) as session:
        with TranscriptModel(session) as model:
            widget = Widget(model)
            assert [row.restored for row in widget.rows] == [True, True]
            await session.start()
            await answered(session, "today")
            assert texts(widget.rows) == ["yesterday", "echo: yesterday", "today", "echo: today"]


# Staying at the end ------------------------------------------------------------------------------


async def test_it_follows_until_the_user_scrolls_away_and_counts_what_comes_below() -> None:
    async with make(reply=lambda text: text, greeting="hello") as session:
        with TranscriptModel(session) as model:
            seen: list[tuple[bool, int]] = []
            model.follows.subscribe(lambda one: seen.append((one, model.unseen.value)))
            model.unseen.subscribe(lambda one: seen.append((model.follows.value, one)))
            await session.start()
            await session.wait_until(lambda now: len(now.messages) == 1)
            assert (model.follows.value, model.unseen.value) == (True, 0)
            model.scrolled(at_end=False)
            for place in range(3):
                hear(session, f"more-{place}", "something", "said", closes=True)
            assert (model.follows.value, model.unseen.value) == (False, 3)
            model.jump_to_end()
            assert (model.follows.value, model.unseen.value) == (True, 0)
            assert (True, 3) not in seen, "never half of it"
            model.scrolled(at_end=False)
            hear(session, "again", "x", closes=True)
            model.scrolled(at_end=True)
            assert (model.follows.value, model.unseen.value) == (True, 0)


async def test_who_writes_something_is_taken_to_it() -> None:
    async with make() as session:
        with TranscriptModel(session) as model:
            await session.start()
            model.scrolled(at_end=False)
            await answered(session, "look here")
            assert (model.follows.value, model.unseen.value) == (True, 0)


# Whoever looks -----------------------------------------------------------------------------------


async def test_a_late_subscriber_gets_all_rows_first() -> None:
    async with make() as session:
        with TranscriptModel(session) as model:
            await session.start()
            await answered(session, "hi")
            widget = Widget(model)
            (first,) = widget.told
            assert isinstance(first, RowsReplaced)
            await answered(session, "once more")
            assert texts(widget.rows)[2:] == ["once more", "echo: once more"]
            assert not any(isinstance(one, RowsReplaced) for one in widget.told[1:])


async def test_scrolling_is_no_change_of_the_rows() -> None:
    async with make() as session:
        with TranscriptModel(session) as model:
            widget = Widget(model)
            model.scrolled(at_end=False)
            model.jump_to_end()
            assert len(widget.told) == 1


async def test_a_model_that_is_made_in_the_middle_of_a_step_shows_each_row_once() -> None:
    async with make() as session:
        made: list[Widget] = []

        def make_one(messages: Sequence[object]) -> None:
            if len(messages) == 1 and not made:
                made.append(Widget(TranscriptModel(session)))

        await session.start()
        session.messages.subscribe(make_one)
        await answered(session, "hello")
        assert texts(made[0].rows) == ["hello", "echo: hello"]
        made[0].model.close()


async def test_closing_lets_go_of_the_session_and_completes() -> None:
    async with make() as session:
        ended: list[str] = []
        model = TranscriptModel(session)
        model.changes.subscribe(None, None, lambda: ended.append("changes"))
        model.rows.subscribe(None, None, lambda: ended.append("rows"))
        before = len(session.messages.events._observers.slots)
        model.close()
        model.close()
        assert sorted(ended) == ["changes", "rows"]
        assert len(session.messages.events._observers.slots) == before - 1
        await session.start()
        await answered(session, "hello")
        assert list(model.rows.value) == []


async def test_it_ends_with_the_session_and_keeps_its_rows() -> None:
    ended: list[str] = []
    async with make() as session:
        model = TranscriptModel(session)
        model.follows.subscribe(None, None, lambda: ended.append("follows"))
        await session.start()
        await answered(session, "hello")
    assert ended == ["follows"]
    assert texts(model.rows.value) == ["hello", "echo: hello"]
    late = TranscriptModel(session)
    assert texts(late.rows.value) == ["hello", "echo: hello"]


# A recording shows the same ----------------------------------------------------------------------


async def recorded(tmp_path: Path) -> tuple[Path, list[TranscriptChange]]:
    path = tmp_path / "talk.jsonl"
    async with make(greeting="good morning") as session:
        with TranscriptModel(session) as model, record(session, path):
            widget = Widget(model)
            await session.start()
            await heard(session, "good morning")
            await answered(session, "what is new")
    return path, widget.told


async def test_a_replay_tells_the_same_changes(tmp_path: Path) -> None:
    path, told = await recorded(tmp_path)
    with Replay(path) as replay, TranscriptModel(replay) as model:
        widget = Widget(model)
        while replay.step():
            pass
        assert [type(one) for one in widget.told] == [type(one) for one in told]
        assert texts(widget.rows) == ["good morning", "what is new", "echo: what is new"]


async def test_a_replay_that_is_sought_shows_every_moment_as_it_was(tmp_path: Path) -> None:
    path, _ = await recorded(tmp_path)
    with Replay(path) as replay, TranscriptModel(replay) as model:
        widget = Widget(model)
        shown: dict[int, list[TranscriptRow]] = {replay.snapshot.seq: []}
        while replay.step():
            shown[replay.snapshot.seq] = list(widget.rows)
        seqs = sorted(shown)
        zigzag = itertools.chain(*zip(seqs, reversed(seqs), strict=True))
        for seq in (*reversed(seqs), *seqs, *zigzag):
            replay.seek(seq=seq)
            assert widget.rows == shown[seq]


# What a row says ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("attachment", "line"),
    [
        (Attachment("1"), "a file, waiting"),
        (
            Attachment(
                "1",
                "a.pdf",
                size=4_000_000,
                transferred=1_000_000,
                state=AttachmentState.TRANSFERRING,
            ),
            "a.pdf, 25 % of 4.0 MB",
        ),
        (
            Attachment("1", "a.bin", transferred=12_345, state=AttachmentState.TRANSFERRING),
            "a.bin, 12.3 kB",
        ),
        (
            Attachment("1", "a.txt", size=12, transferred=12, state=AttachmentState.COMPLETE),
            "a.txt, 12 bytes",
        ),
        (
            Attachment("1", "a.txt", size=100, transferred=7, state=AttachmentState.BROKEN_OFF),
            "a.txt, broken off at 7 % of 100 bytes",
        ),
        (Attachment("1", "a.txt", state=AttachmentState.CANCELLED), "a.txt, cancelled"),
    ],
)
def test_a_file_is_one_line(attachment: Attachment, line: str) -> None:
    assert line_of(attachment) == line


@pytest.mark.parametrize(
    ("identity", "name", "label"),
    [
        ("bob", "Bob", "Bob"),
        ("bob", "", "bob"),
        ("bob", "AGENT", "AGENT (bob)"),
        ("agent", "", "agent (agent)"),
        ("user", "You", "You (user)"),
    ],
)
def test_nobody_else_looks_like_the_agent_or_the_user(identity: str, name: str, label: str) -> None:
    session = inert()
    hear(session, "1", "hello", closes=True, sender=identity, name=name)
    model = TranscriptModel(session)
    (row,) = model.rows.value
    assert (row.side, row.sender) == ("other", label)


# What a change costs -----------------------------------------------------------------------------


@pytest.mark.parametrize("length", [10, 10_000])
def test_a_change_looks_at_no_other_row(length: int, monkeypatch: pytest.MonkeyPatch) -> None:
    session = inert()
    for place in range(length):
        hear(session, f"{place}", "said", closes=True)
    model = TranscriptModel(session)
    model.rows.subscribe(lambda _: None)
    changes: list[TranscriptChange] = []
    model.changes.subscribe(changes.append)
    compared = count_calls(monkeypatch, TranscriptRow, "__eq__")
    made = count_calls(monkeypatch, TranscriptRow, "__init__")
    hear(session, "growing", *(["word"] * 20))
    assert len(changes) == 21
    assert len(compared) <= 40
    assert len(made) <= 40


def count_calls(monkeypatch: pytest.MonkeyPatch, owner: type, name: str) -> list[None]:
    calls: list[None] = []
    real: Callable[..., Any] = getattr(owner, name)

    def counted(*arguments: Any, **options: Any) -> Any:
        calls.append(None)
        return real(*arguments, **options)

    monkeypatch.setattr(owner, name, counted)
    return calls


def inert() -> Session:
    """A session in a room that nothing happens in but what a test tells it."""

    class Run:
        def __getattr__(self, _: str) -> Callable[..., None]:
            return lambda *_, **__: None

    session = Session(TokenSource.loopback())
    session._mailbox._new_run = lambda _: Run()  # type: ignore[assignment,return-value]
    session._mailbox._settle = lambda *_: None  # type: ignore[method-assign]
    for event in (
        Start(),
        FromRun(1, TokenReady(dispatches=False)),
        FromRun(1, RoomJoined("room", "me")),
    ):
        session._mailbox.post(event)
    return session


def hear(
    session: Session,
    stream: str,
    *chunks: str,
    closes: bool = False,
    sender: str = "somebody",
    name: str = "",
) -> None:
    """Have somebody say something."""
    post, epoch = session._mailbox.post, session.snapshot.epoch
    opened = TextOpened(stream, "lk.chat", sender, {}, datetime.now(UTC), name)
    for fact in (opened, *(TextChunk(stream, chunk) for chunk in chunks)):
        post(FromRun(epoch, fact))
    if closes:
        post(FromRun(epoch, TextClosed(stream)))
