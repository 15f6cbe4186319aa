"""What a frame of Qt's transcript costs with few rows and with many.

A frame is a change, the whole way from the session to the pixels. There are 16 ms for one.
Needs PySide6 (``requirements/dev.txt``). Run: python benchmarks/qt_transcript.py
"""

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from statistics import quantiles
from time import perf_counter

from messages import NOW, say, talked
from PySide6.QtWidgets import QApplication
from ratios import Way, compare

from session_fsm.events import FromRun, TextChunk, TextOpened
from session_fsm.messages.people import TRANSCRIPTION_TOPIC
from session_fsm.ui import TranscriptModel
from session_fsm.ui.qt import ChatTranscript

HEADER = {"lk.segment_id": "the last one"}
LENGTHS = (10, 10_000)
WORDS = 200
"""What the agent has to say, before it begins again."""
SCREEN = 900, 600
FRAME = 1000 / 60


class Window:
    """A transcript of so many rows, in the middle of a speech."""

    def __init__(self, length: int) -> None:
        self.session = talked(length)
        self.model = TranscriptModel(self.session)
        self.view = ChatTranscript(self.model, submit=lambda work: work.close())
        self.view.resize(*SCREEN)
        self.view.show()
        self.words = self.names = 0
        self.frames: list[float] = []

    def frame(self) -> None:
        self.view.viewport().repaint()
        QApplication.processEvents()

    def word(self) -> None:
        """One word more, of a speech that fills a few lines."""
        post = self.session._mailbox.post  # noqa: SLF001 - what is measured
        if self.words % WORDS == 0:
            name = f"speech-{self.words}"
            post(FromRun(1, TextOpened(name, TRANSCRIPTION_TOPIC, "agent", HEADER, NOW)))
            self.name = name
        self.words += 1
        post(FromRun(1, TextChunk(self.name, "word ")))

    def message(self) -> None:
        self.names += 1
        say(self.session, f"new-{self.names}", "something said")

    def scroll(self) -> None:
        bar = self.view.verticalScrollBar()
        bar.setValue(bar.value() - bar.pageStep() if bar.value() else bar.maximum())

    def resize(self) -> None:
        self.view.resize(self.view.width() ^ 1, SCREEN[1])

    def times(self, what: str) -> Way:
        act = getattr(self, what)

        def run(times: int) -> None:
            for _ in range(times):
                began = perf_counter()
                act()
                self.frame()
                self.frames.append((perf_counter() - began) * 1000)

        return run


if __name__ == "__main__":
    app = QApplication([])
    windows = {length: Window(length) for length in LENGTHS}
    for what, title in {
        "word": "A word more",
        "message": "A message more",
        "scroll": "A page up",
        "resize": "A width of one pixel more, or less",
    }.items():
        for window in windows.values():
            act = window.times(what)
            act(20)  # fonts are loaded, caches filled
            window.frames.clear()
        ways = {f"{length:>7,} rows": one.times(what) for length, one in windows.items()}
        compare(f"{title}, and the frame", ways, times=20)
        slow = ", ".join(f"{quantiles(one.frames, n=100)[-1]:.1f} ms" for one in windows.values())
        print(f"  99 of 100 frames take less than {slow}; there are {FRAME:.1f} ms for one")
