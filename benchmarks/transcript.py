"""What one change of a transcript costs with few rows and with many.

Run: python benchmarks/transcript.py
"""

from messages import NOW, say, talked
from ratios import Way, compare

from session_fsm.events import FromRun, TextChunk, TextClosed, TextOpened
from session_fsm.messages.people import TRANSCRIPTION_TOPIC
from session_fsm.ui import RowInserted, RowsReplaced, RowUpdated, TranscriptChange, TranscriptModel

HEADER = {"lk.segment_id": "the last one"}
LENGTHS = (10, 1_000, 10_000, 100_000)


class Widget:
    """What a list of a toolkit does with a change, as far as that is the model's business."""

    def __init__(self) -> None:
        self.count = 0
        self.last = ""

    def apply(self, change: TranscriptChange) -> None:
        match change:
            case RowsReplaced(rows):
                self.count = len(rows)
            case RowInserted(_, row):
                self.count += 1
                self.last = row.text
            case RowUpdated(_, row):
                self.last = row.text
            case _:
                self.count -= 1


def words(length: int, *, modelled: bool = True) -> Way:
    """Each round adds words to the last message."""
    session = talked(length)
    widget = Widget()
    if modelled:
        model = TranscriptModel(session)
        model.changes.subscribe(widget.apply)
        model.follows.subscribe(lambda _: None)
        model.unseen.subscribe(lambda _: None)
        assert widget.count == length
    post = session._mailbox.post  # noqa: SLF001 - what is measured
    streams = iter(range(10**9))

    def run(times: int) -> None:
        # A stream of 50 words, and the next one replaces it: no message grows without end.
        for _ in range(times // 50):
            name = f"speech-{next(streams)}"
            post(FromRun(1, TextOpened(name, TRANSCRIPTION_TOPIC, "agent", HEADER, NOW)))
            for _ in range(50):
                post(FromRun(1, TextChunk(name, "word ")))
            post(FromRun(1, TextClosed(name)))

    run(50)
    return run


def whole(length: int) -> Way:
    """Each round adds messages; what was there before is not looked at."""
    session = talked(length)
    widget = Widget()
    TranscriptModel(session).changes.subscribe(widget.apply)
    names = iter(range(10**9))

    def run(times: int) -> None:
        for _ in range(times):
            say(session, f"new-{next(names)}", "something said")

    return run


def rebuilt(length: int) -> Way:
    """What a widget costs that makes all its rows anew for every change."""
    session = talked(length)
    model = TranscriptModel(session)
    shown: list[str] = []

    def run(times: int) -> None:
        for _ in range(times):
            shown[:] = [row.text for row in model.rows.value]

    return run


if __name__ == "__main__":
    compare(
        "One word, whole pipeline with the model and a widget on it",
        {f"transcript of {length:>7,} rows": words(length) for length in LENGTHS}
        | {f"the same without the model, {LENGTHS[0]} rows": words(LENGTHS[0], modelled=False)},
        times=400,
    )
    compare(
        "One message (opened, written, closed), whole pipeline with the model and a widget on it",
        {f"transcript of {length:>7,} rows": whole(length) for length in LENGTHS},
        times=200,
    )
    compare(
        "For comparison: all rows made anew",
        {f"transcript of {length:>7,} rows": rebuilt(length) for length in LENGTHS[:3]},
        times=5,
    )
