"""What tests ask of a session, and how they watch one."""

import asyncio
from collections.abc import Awaitable, Callable, Container, Iterable, Iterator
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
    try:
        now = await session.wait_until(lambda now: bool(found(now, text)), timeout)
    except TimeoutError:
        there = [(one.text, str(one.status or one.final)) for one in session.messages.value]
        raise AssertionError(f"{text!r} is not among {there} of {session!r}") from None
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


async def nobody_left(
    participants: Callable[[str], Awaitable[Container[str]]],
    rooms: Iterable[str],
    identity: str = "user",
) -> None:
    """None of ours is in any of the rooms. Lists lag a little; a ghost would stay for 15 s."""
    async with asyncio.timeout(12):
        for room in rooms:
            while identity in await participants(room):  # noqa: ASYNC110
                await asyncio.sleep(0.1)


async def until(reached: Callable[[], object], timeout: float = 30.0) -> None:  # noqa: ASYNC109
    """Wait for something that nothing tells."""
    async with asyncio.timeout(timeout):
        while not reached():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
