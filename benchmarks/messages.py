"""One more chunk of the agent's speech, with short and long histories.

Run: python benchmarks/messages.py
"""

from datetime import UTC, datetime

from pipeline import inert, opening
from ratios import Way, compare

from session_fsm import Session, TokenSource
from session_fsm.events import FromRun, TextChunk, TextClosed, TextOpened
from session_fsm.messages.merge import TRANSCRIPTION_TOPIC

NOW = datetime.now(UTC)
WORDS_PER_MESSAGE = 20


def history(length: int) -> Way:
    """A session with so many messages; each round adds words to the last one."""
    session = Session(TokenSource.loopback())
    inert(session)
    post = session._mailbox.post  # noqa: SLF001 - what is measured
    for event in opening():
        post(event)
    for place in range(length - 1):
        name = f"earlier-{place}"
        post(FromRun(1, TextOpened(name, TRANSCRIPTION_TOPIC, "agent", {}, NOW)))
        post(FromRun(1, TextChunk(name, "something said")))
        post(FromRun(1, TextClosed(name)))
    seen: list[int] = []
    session.messages.subscribe(lambda messages: seen.append(len(messages)))
    session.messages.events.subscribe(lambda _: None)
    streams = iter(range(10**9))

    def run(times: int) -> None:
        # Every round says the same, so that no message grows without end.
        name = f"speech-{next(streams)}"
        header = {"lk.segment_id": "the last one"}
        post(FromRun(1, TextOpened(name, TRANSCRIPTION_TOPIC, "agent", header, NOW)))
        for _ in range(times):
            post(FromRun(1, TextChunk(name, "w ")))
        post(FromRun(1, TextClosed(name)))
        del seen[:]

    run(1)
    return run


if __name__ == "__main__":
    compare(
        "One chunk, whole pipeline with two subscribers",
        {f"history of {length:>7,} messages": history(length) for length in (10, 1_000, 10_000)},
        times=400,
    )
