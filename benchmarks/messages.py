"""What one more message, and one more chunk of it, cost with short and long histories.

Run: python benchmarks/messages.py
"""

import tracemalloc
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pipeline import inert, opening
from ratios import Way, compare

from session_fsm import Message, MessageKind, Session, TokenSource
from session_fsm.events import FromRun, TextChunk, TextClosed, TextOpened
from session_fsm.messages.people import CHAT_TOPIC, TRANSCRIPTION_TOPIC

if TYPE_CHECKING:
    from collections.abc import Callable

NOW = datetime.now(UTC)
LENGTHS = (10, 1_000, 10_000, 100_000)


def talked(length: int) -> Session:
    """A session with so many messages, and two who watch them."""
    session = Session(TokenSource.loopback())
    inert(session)
    for event in opening():
        session._mailbox.post(event)  # noqa: SLF001 - what is measured
    for place in range(length):
        say(session, f"earlier-{place}", "something said")
    seen: list[int] = []
    session.messages.subscribe(lambda messages: seen.append(len(messages)))
    session.messages.events.subscribe(lambda _: seen.clear())
    return session


def say(session: Session, name: str, text: str) -> None:
    post = session._mailbox.post  # noqa: SLF001 - what is measured
    post(FromRun(1, TextOpened(name, CHAT_TOPIC, "agent", {}, NOW)))
    post(FromRun(1, TextChunk(name, text)))
    post(FromRun(1, TextClosed(name)))


def chunks(length: int) -> Way:
    """Each round adds words to the last message."""
    session = talked(length)
    post = session._mailbox.post  # noqa: SLF001 - what is measured
    streams = iter(range(10**9))

    def run(times: int) -> None:
        # Every round says the same, so that no message grows without end.
        name = f"speech-{next(streams)}"
        header = {"lk.segment_id": "the last one"}
        post(FromRun(1, TextOpened(name, TRANSCRIPTION_TOPIC, "agent", header, NOW)))
        for _ in range(times):
            post(FromRun(1, TextChunk(name, "w ")))
        post(FromRun(1, TextClosed(name)))

    run(1)
    return run


def whole(length: int) -> Way:
    """Each round adds messages, and then goes back to the length it had."""
    session = talked(length)
    snapshots = session._mailbox.snapshots  # noqa: SLF001 - what is measured
    before = snapshots.value

    def run(times: int) -> None:
        for number in range(times):
            say(session, f"new-{number}", "something said")
        snapshots.set(before)

    return run


def plain(length: int) -> Way:
    """A list of the same messages, and one callback for each change of one."""
    messages = [made(f"{place}", "something said") for place in range(length)]
    seen: list[int] = []
    callback: Callable[[Message], None] = lambda _: seen.clear()  # noqa: E731

    def run(times: int) -> None:
        for number in range(times):
            for text, final in (("something said", False), ("something said", True)):
                message = made(f"new-{number}", text, final=final)
                if final:
                    messages[-1] = message
                else:
                    messages.append(message)
                callback(message)
        del messages[length:]

    return run


def made(name: str, text: str, *, final: bool = True) -> Message:
    return Message(name, MessageKind.CHAT, text, NOW, final, "agent")


def memory(length: int) -> float:
    """Bytes for each message of a history, its text of 14 letters included."""
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    session = talked(length)
    taken = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert len(session.messages.value) == length
    return taken / length


if __name__ == "__main__":
    compare(
        "One chunk, whole pipeline with two subscribers",
        {f"history of {length:>7,} messages": chunks(length) for length in LENGTHS},
        times=400,
    )
    compare(
        "One message (opened, written, closed), whole pipeline with two subscribers",
        {f"history of {length:>7,} messages": whole(length) for length in LENGTHS}
        | {f"a plain list of {LENGTHS[-1]:,} and one callback": plain(LENGTHS[-1])},
        times=400,
    )
    print(f"\nMemory: {memory(20_000):.0f} bytes for each message")
