"""One event with and without a recording, reading it again, and what it keeps in memory.

Run: python benchmarks/recording.py
"""

import tempfile
import time
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path

from session_fsm import Session, TokenSource
from session_fsm.events import Event, FromRun, RoomJoined, Start, TextChunk, TextOpened, TokenReady
from session_fsm.recording import Replay, record
from session_fsm.reducer import step

EVENTS = 20_000
WORDS = 60


def conversation() -> list[Event]:
    events: list[Event] = [
        Start(),
        FromRun(1, TokenReady(dispatches=False)),
        FromRun(1, RoomJoined("room", "me")),
    ]
    for number in range(EVENTS // WORDS):
        stream = str(number)
        events.append(
            FromRun(
                1, TextOpened(stream, "lk.transcription", "agent", {}, datetime.now(UTC), "agent")
            )
        )
        events += [FromRun(1, TextChunk(stream, f"word{n} ")) for n in range(WORDS - 1)]
    return events


def take(session: Session, events: list[Event]) -> float:
    """The mailbox without its effects: there is no run."""
    box = session._mailbox  # noqa: SLF001
    began = time.perf_counter()
    for event in events:
        after, effects = step(box.snapshots.value, event)
        box.snapshots.set(after)
        for tap in box.taps:
            tap(event, after, effects)
    return (time.perf_counter() - began) / len(events) * 1e6


def main() -> None:
    events = conversation()
    print(f"not recorded   {take(Session(TokenSource.loopback()), events):7.1f} µs an event")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "call.jsonl")
        session = Session(TokenSource.loopback())
        with record(session, path):
            print(f"recorded       {take(session, events):7.1f} µs an event")
        print(f"file           {path.stat().st_size / len(events):7.0f} bytes an event")
        began = time.perf_counter()
        replay = Replay(path)
        passed = time.perf_counter() - began
        print(f"opening        {passed / len(events) * 1e6:7.1f} µs an event")
        began = time.perf_counter()
        while replay.step():
            pass
        passed = time.perf_counter() - began
        print(f"playing        {passed / len(events) * 1e6:7.1f} µs an event")
        began = time.perf_counter()
        for _ in range(200):
            replay.back()
        print(f"going back     {(time.perf_counter() - began) / 200 * 1e3:7.2f} ms a snapshot")
        replay.close()
        tracemalloc.start()
        with Replay(path) as replay:
            while replay.step():
                pass
            held = tracemalloc.get_traced_memory()[0]
        print(f"memory         {held / len(events):7.0f} bytes an event")
        tracemalloc.stop()


if __name__ == "__main__":
    main()
