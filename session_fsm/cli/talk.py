"""Talking to an agent: a session that is closed whatever happens, texts, and their answers."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from session_fsm.cli.exit_codes import NoAnswerError
from session_fsm.errors import SendError, SessionEnded
from session_fsm.states import AgentState, EndReason, SessionState
from session_fsm.view import ENDED, why_ended

if TYPE_CHECKING:
    from collections.abc import Awaitable, Coroutine

    from session_fsm import Session, SessionError, SessionSnapshot
    from session_fsm.cli.facts import Facts
    from session_fsm.cli.lines import Writer

T = TypeVar("T")

BUSY = frozenset({AgentState.THINKING, AgentState.SPEAKING})
"""What the agent does while it is not done with its answer."""


async def narrated(
    session: Session, facts: Facts, write: Writer, work: Coroutine[Any, Any, None]
) -> None:
    """Do the work and close the session, while every fact is written.

    When writing fails the work is cancelled, and when this is cancelled the session is ended: in
    each case it is closed, and what there is to tell has been told, before this returns.
    """
    await told(facts, write, _and_close(session, work))


async def told(facts: Facts, write: Writer, work: Coroutine[Any, Any, None]) -> None:
    """Do the work, which closes what the facts are about in the end, while they are written."""
    working = asyncio.create_task(work)
    writing = asyncio.create_task(_write(facts, write))
    writing.add_done_callback(lambda _: working.cancel())
    try:
        await asyncio.wait({working})
    except asyncio.CancelledError:
        working.cancel()
        await asyncio.wait({working})
        raise
    finally:
        await writing
    await working


async def _and_close(session: Session, work: Coroutine[Any, Any, None]) -> None:
    async with session:
        await work


async def _write(facts: Facts, write: Writer) -> None:
    async for fact in facts:
        write(fact)


async def while_running(session: Session, work: Awaitable[T]) -> T:
    """Do the work, and give it up where the session ends before it is done.

    Raises:
        SessionError: Why the session ended.
    """
    working = asyncio.ensure_future(work)
    running = asyncio.ensure_future(_end_of(session))
    try:
        await asyncio.wait({working, running}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        given_up = working.cancel()
        running.cancel()
        await asyncio.wait({working, running})
    return running.result() if given_up else working.result()


async def _end_of(session: Session) -> NoReturn:
    now = session.snapshot
    if now.state is not SessionState.IDLE:
        now = await session.wait_until(lambda now: now.state is SessionState.IDLE)
    raise why_ended(now)


async def say(session: Session, text: str, seconds: float) -> None:
    """Send a text, and wait until the agent has answered and is done with it.

    Raises:
        NoAnswerError: There is none after that many seconds.
    """
    limit = asyncio.timeout(seconds)
    try:
        async with limit:
            await _send(session, text)
            before = _from_agent(session.snapshot)
            await session.wait_until(lambda now: _has_answered(now, before))
    except TimeoutError:
        if not limit.expired():
            raise
        raise NoAnswerError(
            f"The agent did not answer within {seconds:g} s; it is {session.agent.state.value}. "
            "Raise --timeout, or look into its log."
        ) from None


async def _send(session: Session, text: str) -> None:
    try:
        await session.send(text)
    except SendError as error:
        if error.kind != "run-ended":
            raise
        await session.end()
        raise _why_ended(session) or error from None


def _why_ended(session: Session) -> SessionError | None:
    """Return why a session ended that nobody here has ended."""
    failure, reason = session.failure.value, session.end_reason.value
    if failure is not None or reason is None or reason is EndReason.ENDED:
        return failure
    return SessionEnded(ENDED[reason], kind=reason.value)


def _from_agent(now: SessionSnapshot) -> frozenset[str]:
    return frozenset(message.id for message in now.messages if message.sender == "agent")


def _has_answered(now: SessionSnapshot, before: frozenset[str]) -> bool:
    new = [one for one in now.messages if one.sender == "agent" and one.id not in before]
    return bool(new) and all(one.final for one in new) and now.agent.state not in BUSY
