"""Models that are looked at from another thread than the session's, in real time."""

import asyncio
import threading

from session_fsm import Session, TokenSource
from session_fsm.testing import ScriptedAgent
from session_fsm.ui import (
    ControlBarModel,
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

WORDS = " ".join(f"word{n}" for n in range(100))


def quick() -> ScriptedAgent:
    return ScriptedAgent(join_after=0, initialize_for=0, track_after=0, think_for=0, word_every=0)


def applied(rows: list[TranscriptRow], change: TranscriptChange) -> None:
    match change:
        case RowsReplaced(all_rows):
            rows[:] = all_rows
        case RowInserted(index, row):
            rows.insert(index, row)
        case RowUpdated(index, row):
            assert rows[index].id == row.id
            rows[index] = row
        case RowRemoved(index, row):
            assert rows.pop(index) == row


def test_who_subscribes_on_another_thread_misses_no_row_and_gets_none_twice() -> None:
    shown: list[list[TranscriptRow]] = []
    done = threading.Event()

    def look(model: TranscriptModel) -> None:
        while not done.is_set() and len(shown) < 200:
            rows: list[TranscriptRow] = []
            shown.append(rows)
            model.changes.subscribe(lambda change, rows=rows: applied(rows, change))

    async def main() -> list[TranscriptRow]:
        async with asyncio.timeout(60), Session(TokenSource.loopback(quick())) as session:
            await session.start()
            model = TranscriptModel(session)
            other = threading.Thread(target=look, args=(model,))
            other.start()
            try:
                for number in range(3):
                    text = f"{number} {WORDS}"
                    await session.send(text)
                    await session.wait_until(
                        lambda now, text=text: (
                            now.messages[-1].text == f"echo: {text}" and now.messages[-1].final
                        )
                    )
            finally:
                done.set()
                await asyncio.to_thread(other.join)
            return list(model.rows.value)

    rows = asyncio.run(main())
    assert len(rows) == 6
    assert len(shown) > 0
    assert all(one == rows for one in shown)


def test_models_are_made_before_the_loop_runs_and_looked_at_from_elsewhere() -> None:
    """As a program does whose windows are on the main thread."""
    session = Session(TokenSource.loopback(quick()))
    status, bar, visualizer = (
        StatusModel(session),
        ControlBarModel(session),
        VisualizerModel(session),
    )
    sentences: list[str] = []
    status.status.subscribe(lambda one: sentences.append(one.sentence))
    blinked = threading.Event()

    async def main() -> None:
        async with asyncio.timeout(60), session:
            await bar.press("microphone")
            await bar.press("start")
            assert bar.failure.value is None
            threading.Thread(
                target=lambda: visualizer.highlighted.subscribe(
                    lambda bars: None if bars else blinked.set()
                )
            ).start()
            assert await asyncio.to_thread(blinked.wait, 30)

    thread = threading.Thread(target=lambda: asyncio.run(main()))
    thread.start()
    thread.join(90)
    assert not thread.is_alive()
    assert blinked.is_set()
    assert sentences[0] == "Nothing is running."
    assert "The agent listens." in sentences
    assert sentences[-1] == "The session has ended."
