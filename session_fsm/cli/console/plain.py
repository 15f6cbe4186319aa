"""What ``session-fsm console`` does where nobody looks: lines out, and lines in."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from session_fsm.cli import terminal
from session_fsm.cli.facts import Facts
from session_fsm.cli.headless import follow
from session_fsm.cli.lines import writer
from session_fsm.cli.talk import narrated, say, while_running
from session_fsm.cli.typed import typed
from session_fsm.errors import MediaError, SessionEnded
from session_fsm.states import SessionState

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from session_fsm import Session
    from session_fsm.cli.console.conversation import Conversation

WITHOUT_MICROPHONE = "session-fsm console: {} It goes on in writing."
NOTHING_LEFT = "There is no microphone, and no line on stdin: nothing can be said."
UNHEARD = "session-fsm console: the agent is not heard: {}"


async def hold(talk: Conversation, seconds: float, *, reads_stdin: bool) -> None:
    """Hold the conversation, until stdin is over and everything was answered.

    Args:
        talk: Its session is started here, and closed in the end.
        seconds: How long each answer may take.
        reads_stdin: Every line of it is sent; else there is none.
    """
    facts = Facts(talk.session)
    write = writer(facts.began, as_json=False)
    _tell_failures(talk)
    await narrated(talk.session, facts, write, _converse(talk, seconds, reads_stdin=reads_stdin))


def _tell_failures(talk: Conversation) -> None:
    def tell(text: str, failure: MediaError | None) -> None:
        if failure is not None:
            terminal.status(text.format(failure))

    session = talk.session
    if talk.sound.spoken is None:  # else it is raised: there is nothing else to be said
        session.local.microphone.failure.subscribe(lambda now: tell(WITHOUT_MICROPHONE, now))
    session.playback.failure.subscribe(lambda now: tell(UNHEARD, now))


async def _converse(talk: Conversation, seconds: float, *, reads_stdin: bool) -> None:
    await talk.open()
    has_typed = reads_stdin and await _say_lines(talk, seconds)
    if talk.sound.spoken is not None:
        await talk.answered(seconds)
    elif talk.sound.microphone is not None and not has_typed:
        await _listen(talk.session)


async def _listen(session: Session) -> None:
    """Wait until the session ends, as long as there is a microphone.

    Raises:
        MediaError: There is none any more, and so nothing can be said.
        SessionError: The session failed.
    """
    now = await session.wait_until(
        lambda now: now.state is SessionState.IDLE or now.media.microphone.failure is not None
    )
    if now.state is not SessionState.IDLE and now.media.microphone.failure is not None:
        raise MediaError(NOTHING_LEFT, kind=now.media.microphone.failure.kind)
    await follow(session)


async def _say_lines(talk: Conversation, seconds: float) -> bool:
    """Say every line and await its answer; returns whether there was any."""
    lines = typed()
    has_typed = False
    while (line := await _next(talk, lines)) is not None:
        has_typed = True
        await say(talk.session, line, seconds)
    return has_typed


async def _next(talk: Conversation, lines: AsyncIterator[str]) -> str | None:
    """Return the next line; None after the last, and where the agent hangs up before it comes."""
    with suppress(SessionEnded):
        return await while_running(talk.session, anext(lines, None))
    return None
