"""What tests ask of a session, and how they watch one."""

from collections.abc import Iterator
from contextlib import contextmanager

from session_fsm import Message, MessageAdded, MessageUpdated, Session, SessionSnapshot

PATIENCE = 20.0
"""Seconds for what takes a fraction of one on a machine that has nothing else to do."""


def texts(session: Session) -> list[str]:
    return [one.text.strip() for one in session.messages.value]


def found(now: SessionSnapshot, text: str) -> list[Message]:
    """The final messages with this text."""
    return [one for one in now.messages if one.final and one.text.strip() == text]


async def said(session: Session, text: str, timeout: float = PATIENCE) -> Message:  # noqa: ASYNC109
    """Wait for a final message with this text."""
    now = await session.wait_until(lambda now: bool(found(now, text)), timeout)
    return found(now, text)[0]


async def converse(session: Session, text: str = "hello") -> Message:
    """One question, one answer."""
    await session.send(text)
    return await said(session, f"echo: {text}")


@contextmanager
def watched(session: Session) -> Iterator[list[SessionSnapshot]]:
    """Every snapshot from now on."""
    seen: list[SessionSnapshot] = []
    subscription = session.snapshots.subscribe(seen.append)
    try:
        yield seen
    finally:
        subscription.dispose()


@contextmanager
def changes(session: Session) -> Iterator[list[MessageAdded | MessageUpdated]]:
    """Every change of the messages from now on."""
    seen: list[MessageAdded | MessageUpdated] = []
    subscription = session.messages.events.subscribe(seen.append)
    try:
        yield seen
    finally:
        subscription.dispose()


def path(seen: list[SessionSnapshot]) -> list[str]:
    """The states of the session, each once per visit."""
    states: list[str] = []
    for now in seen:
        if not states or states[-1] != now.state:
            states.append(now.state.value)
    return states
