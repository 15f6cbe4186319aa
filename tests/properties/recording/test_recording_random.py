"""Whatever happens to a session: its recording replays to the same snapshots."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from model.worlds import agent, here, says
from session_fsm import Session, TokenSource
from session_fsm.effects import Tell
from session_fsm.errors import ConnectError
from session_fsm.events import (
    DeadlinePassed,
    End,
    Event,
    FromRun,
    LinkGone,
    LinkLost,
    LinkRestored,
    ParticipantJoined,
    ParticipantLeft,
    RunClosed,
    RunFailed,
    Start,
    TextChunk,
    TextClosed,
    TokenReady,
    TrackChanged,
)
from session_fsm.recording import Replay, record
from session_fsm.reducer import step
from session_fsm.snapshot import Deadline, SessionSnapshot
from unit.core.chats import opened

if TYPE_CHECKING:
    from session_fsm.mailbox import Mailbox

TRACK = object()
FACTS = (
    TokenReady(dispatches=True),
    TokenReady(dispatches=False),
    here(),
    here(agent()),
    ParticipantJoined(agent()),
    ParticipantJoined(agent("b")),
    says("a", "listening"),
    says("b", "speaking"),
    says("a", "thinking"),
    TrackChanged("a", "microphone", TRACK),
    TrackChanged("a", "microphone", None),
    LinkLost(),
    LinkRestored((agent("b", "speaking"),)),
    opened("1", "a"),
    opened("2", "a"),
    TextChunk("1", "Hel"),
    TextChunk("2", "lo"),
    TextClosed("1", {"lk.transcription_final": "true"}),
    TextClosed("2", broken=True),
    ParticipantLeft("a"),
    ParticipantLeft("b", on_purpose=True),
    DeadlinePassed(Deadline()),
    RunFailed(ConnectError("why", kind="refused")),
    LinkGone("room-deleted"),
    RunClosed(),
)
OPENING = (Start(), TokenReady(dispatches=True), here(agent()), says("a", "listening"))
WHOLE = st.lists(st.one_of(st.just(Start()), st.just(End()), st.sampled_from(FACTS)), max_size=60)


def shown(now: SessionSnapshot) -> object:
    return now.to_dict(), tuple(now.messages), len(now.roster), now.run.met, now.run.deadline


class Fed:
    """A session whose reducer is fed by the test, without a run."""

    def __init__(self) -> None:
        self.session = Session(TokenSource.loopback())
        self.box: Mailbox = self.session._mailbox
        self.seen = [self.session.snapshot]

    def take(self, event: Event) -> None:
        before = self.session.snapshot
        after, effects = step(before, event)
        if after is not before:
            self.box.snapshots.set(after)
            self.seen.append(after)
            for tap in self.box.taps:
                tap(event, after, effects)

    def feed(self, events: list[object]) -> None:
        for one in events:
            whole = one if isinstance(one, Start | End) else FromRun(self.seen[-1].epoch, one)  # type: ignore[arg-type]
            self.take(whole)


@settings(max_examples=150, deadline=None)
@given(WHOLE, WHOLE, st.data())
def test_random_conversations_replay_to_the_same_snapshots(
    before: list[object], recorded: list[object], data: st.DataObject
) -> None:
    fed = Fed()
    fed.feed([*OPENING, *before])
    fed.seen[:] = fed.seen[-1:]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "call.jsonl")
        with record(fed.session, path):
            fed.feed(recorded)
        with Replay(path) as replay:
            again = [replay.snapshot]
            while replay.step():
                again.append(replay.snapshot)
            assert [shown(now) for now in again] == [shown(now) for now in fed.seen]
            for place in data.draw(st.lists(st.integers(0, len(again) - 1), max_size=5)):
                replay.seek(seq=again[place].seq)
                assert shown(replay.snapshot) == shown(fed.seen[place])


def test_changes_of_messages_are_part_of_it() -> None:
    """The strategy above reaches messages at all."""
    fed = Fed()
    fed.feed([*OPENING, opened("1", "a")])
    _, effects = step(fed.seen[-1], FromRun(1, TextChunk("1", "x")))
    assert any(isinstance(one, Tell) for one in effects)
