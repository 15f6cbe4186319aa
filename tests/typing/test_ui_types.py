"""What a type checker sees of the view models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, assert_type

from session_fsm import Message
from session_fsm.ui import (
    ChartNow,
    Control,
    ControlBarModel,
    ControlName,
    DiagramModel,
    Edge,
    RowInserted,
    RowRemoved,
    RowsReplaced,
    RowUpdated,
    Status,
    StatusModel,
    TranscriptChange,
    TranscriptModel,
    TranscriptRow,
    VisualizerModel,
    explain,
)
from stores import Store

if TYPE_CHECKING:
    from session_fsm import Session
    from session_fsm.recording import Replay


def check_transcript(session: Session, replay: Replay) -> None:
    with TranscriptModel(session) as model:
        assert_type(model, TranscriptModel)
        assert_type(model.rows.value, Sequence[TranscriptRow])
        assert_type(model.follows.value, bool)
        assert_type(model.unseen.value, int)
        model.changes.subscribe(show)
    TranscriptModel(replay)


def show(change: TranscriptChange) -> int:
    match change:
        case RowsReplaced(rows):
            return len(rows)
        case RowInserted(index, row) | RowUpdated(index, row) | RowRemoved(index, row):
            assert_type(row, TranscriptRow)
            return index


async def check_control_bar(session: Session) -> None:
    model = ControlBarModel(session, microphone=True, camera="camera:0", screen_share=None)
    assert_type(model.controls.value, Mapping[ControlName, Control])
    assert_type(model.end, Store[Control])
    assert_type(model.failure.value, Exception | None)
    assert_type(await model.send("hello"), Message | None)
    await model.press("mute")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def check_the_others(session: Session) -> None:
    assert_type(StatusModel(session).status.value, Status)
    assert_type(explain(ValueError()), Status)
    assert_type(VisualizerModel(session, bars=7).heights.value, tuple[float, ...])
    assert_type(VisualizerModel(session).highlighted.value, frozenset[int])
    assert_type(DiagramModel(session).charts.value, Mapping[str, ChartNow])
    assert_type(DiagramModel(session).history.value, tuple[Edge, ...])
