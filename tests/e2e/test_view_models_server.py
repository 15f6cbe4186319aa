"""A whole conversation with a real agent, as a user interface sees it through the view models."""

import asyncio
from contextlib import ExitStack

import pytest

from contract.calls import PATIENCE, until
from contract.sides import LiveKitSide
from session_fsm import Session, SilenceInput
from session_fsm.ui import (
    ControlBarModel,
    DiagramModel,
    RowInserted,
    RowRemoved,
    RowsReplaced,
    RowUpdated,
    StatusModel,
    TranscriptChange,
    TranscriptModel,
    TranscriptRow,
    VisualizerModel,
)

pytestmark = pytest.mark.server


class Screen:
    """All models of a session, and what a person would have seen."""

    def __init__(self, session: Session, models: ExitStack) -> None:
        self.transcript = models.enter_context(TranscriptModel(session))
        self.status = models.enter_context(StatusModel(session))
        self.visualizer = models.enter_context(VisualizerModel(session))
        self.diagram = models.enter_context(DiagramModel(session))
        self.bar = models.enter_context(
            ControlBarModel(session, microphone=SilenceInput(), camera=None)
        )
        self.rows: list[TranscriptRow] = []
        self.updates = 0
        self.has_thought = False
        self.sentences: list[str] = []
        self.highlighted: set[frozenset[int]] = set()
        self.transcript.changes.subscribe(self._change)
        self.status.status.subscribe(lambda status: self.sentences.append(status.sentence))
        self.visualizer.highlighted.subscribe(self.highlighted.add)

    def _change(self, change: TranscriptChange) -> None:
        match change:
            case RowsReplaced(rows):
                self.rows[:] = rows
            case RowInserted(index, row):
                self.rows.insert(index, row)
            case RowUpdated(index, row):
                self.rows[index] = row
            case RowRemoved(index):
                del self.rows[index]
        self.updates += isinstance(change, RowUpdated)
        self.has_thought = self.has_thought or any(row.is_thinking for row in self.rows)

    @property
    def texts(self) -> list[str]:
        return [row.text for row in self.rows]

    async def shows(self, sentence: str) -> None:
        async with asyncio.timeout(PATIENCE):
            async for status in self.status.status.values():
                if status.sentence == sentence:
                    return


async def test_a_conversation_is_followed_and_led_through_the_models(side: LiveKitSide) -> None:
    async with asyncio.timeout(120), Session(side.source()) as session:
        with ExitStack() as models:
            screen = Screen(session, models)
            bar = screen.bar
            for text in ("hello there my friend", "once more"):
                await bar.press("start")
                assert bar.failure.value is None
                await screen.shows("The agent listens: you can speak.")
                assert await bar.send(text) is not None
                await until(lambda text=text: f"echo: {text}" in screen.texts, PATIENCE)
                await until(lambda: all(row.is_final for row in screen.rows), PATIENCE)
                assert screen.texts == [text, f"echo: {text}"]
                assert [row.side for row in screen.rows] == ["user", "agent"]
                assert [row.note for row in screen.rows] == ["", ""]
                await screen.shows("The agent listens: you can speak.")
                await bar.press("microphone")
                await screen.shows("The agent listens; your microphone is muted.")
                assert bar.microphone.value.label == "Unmute"
                await bar.press("microphone")
                assert bar.microphone.value.is_on
                await bar.press("end")
                assert screen.status.status.value.sentence == "The session has ended."
                assert bar.start.value.is_enabled
                await side.nobody_left()
            assert screen.updates > 2, "the words arrive one by one"
            assert screen.has_thought
            assert "The agent is thinking." in screen.sentences
            assert "The agent is speaking." in screen.sentences
            assert frozenset(range(5)) in screen.highlighted
            assert frozenset({2}) in screen.highlighted
            history = screen.diagram.history.value
            assert [edge.epoch for edge in history if edge.trigger == "agent_ready"] == [1, 2]
            assert all(edge.seconds >= 0 for edge in history)
        assert session.snapshots._observers.slots == {}, "the models are gone"


async def test_an_agent_that_dies_and_a_lost_link_are_told_as_they_are(side: LiveKitSide) -> None:
    session = Session(side.source(), agent_return_timeout=1.0)
    async with asyncio.timeout(120), session:
        with ExitStack() as models:
            screen = Screen(session, models)
            await screen.bar.press("start")
            await screen.shows("The agent listens: you can speak.")
            await side.crash_agent(session)
            await screen.shows("The agent is gone.")
            await session.wait_until(lambda now: now.state == "idle", PATIENCE)
            status = screen.status.status.value
            assert (status.action, status.press) == ("Try again", "start")
            assert status.detail == str(session.failure.value)
            assert screen.bar.start.value.label == "Try again"
            await screen.bar.press("start")
            assert screen.bar.failure.value is None
            await screen.shows("The agent listens: you can speak.")
            await side.break_link(session)
            assert "The connection is lost, and is being restored." in screen.sentences
            await screen.shows("The agent listens: you can speak.")
            assert await screen.bar.send("still there") is not None
            await until(lambda: "echo: still there" in screen.texts, PATIENCE)
