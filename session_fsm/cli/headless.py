"""What ``session-fsm run`` does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from session_fsm import Session, TokenOptions
from session_fsm.cli.exit_codes import UsageError
from session_fsm.cli.facts import Facts
from session_fsm.cli.lines import writer
from session_fsm.cli.talk import narrated, say
from session_fsm.states import SessionState

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from session_fsm import AudioOutput, TokenSource


def session_for(
    args: argparse.Namespace, source: TokenSource, output: AudioOutput | None = None
) -> Session:
    """Return the session that the arguments describe.

    Args:
        args: Those of ``add_who``.
        source: Where the token comes from.
        output: Where the agent's voice is played, or None.

    Raises:
        UsageError: An argument cannot be used.
    """
    try:
        return Session(
            source,
            agent_name=args.agent,
            agent_metadata=args.agent_metadata,
            agent_timeout=args.agent_timeout,
            audio_output=output,
            token_options=TokenOptions(room_name=args.room, participant_identity=args.identity),
        )
    except (TypeError, ValueError) as error:
        raise UsageError(str(error)) from None


async def hold(session: Session, texts: Sequence[str], seconds: float, *, as_json: bool) -> None:
    """Say the texts one after the other, or follow the session until it ends.

    Args:
        session: Is started here, and closed in the end.
        texts: What to say.
        seconds: How long each answer may take.
        as_json: How the facts are written.
    """
    facts = Facts(session)
    write = writer(facts.began, as_json=as_json)
    await narrated(session, facts, write, _talk(session, texts, seconds))


async def _talk(session: Session, texts: Sequence[str], seconds: float) -> None:
    await session.start()
    for text in texts:
        await say(session, text, seconds)
    if not texts:
        await follow(session)


async def follow(session: Session) -> None:
    """Wait until the session has ended.

    Raises:
        SessionError: It failed.
    """
    now = await session.wait_until(lambda now: now.state is SessionState.IDLE)
    if now.failure is not None:
        raise now.failure
