"""An agent that says 50 words a second: what a word costs the widgets of Textual.

Needs ``pip install textual``. Run: python benchmarks/textual_transcript.py
"""

import asyncio
import gc
import time
from collections.abc import Callable
from statistics import median, quantiles

from messages import NOW, talked
from textual.app import App, ComposeResult

from session_fsm import Session
from session_fsm.events import FromRun, TextChunk, TextOpened
from session_fsm.messages.people import TRANSCRIPTION_TOPIC
from session_fsm.ui.textual import AgentSessionView

LENGTHS = (10, 10_000)
EVERY, WORDS = 0.02, 500
FRAME = 0.016
HEADER = {"lk.segment_id": "the last one"}


class Talk(App[None]):
    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session

    def compose(self) -> ComposeResult:
        yield AgentSessionView(self.session)


async def measure(length: int) -> None:
    session = talked(length)
    app = Talk(session)
    began = time.perf_counter()
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        opened = time.perf_counter() - began
        post = session._mailbox.post  # noqa: SLF001 - what is measured
        post(FromRun(1, TextOpened("a", TRANSCRIPTION_TOPIC, "agent", HEADER, NOW)))
        gc.collect()
        gc.freeze()  # else Python's collector looks through all that was imported: 50 ms a time
        quiet = await occupied(lambda: None)
        busy = await occupied(lambda: post(FromRun(1, TextChunk("a", "word "))))
    steps = quantiles(busy, n=100)
    print(
        f"{length:7} messages: open in {opened * 1000:6.0f} ms; a word occupies the loop for "
        f"{median(busy) * 1000:5.2f} ms, 99 %: {steps[-1] * 1000:5.2f} ms, "
        f"most: {max(busy) * 1000:5.2f} ms (without words: {median(quiet) * 1000:5.2f} ms)"
    )


async def occupied(do: Callable[[], object]) -> list[float]:
    """Do it again and again; return how much of each interval the process worked."""
    worked: list[float] = []
    for _ in range(WORDS):
        before = time.process_time()
        do()
        await asyncio.sleep(EVERY)
        worked.append(time.process_time() - before)
    return worked


def main() -> None:
    print(f"a frame has {FRAME * 1000:.0f} ms")
    for length in LENGTHS:
        asyncio.run(measure(length))


if __name__ == "__main__":
    main()
