"""Sessions in the five states that every screen is looked at in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from session_fsm import Session, SessionSnapshot, SessionState, TokenSource
from session_fsm.states import AgentState, EndReason
from session_fsm.testing import ScriptedAgent

if TYPE_CHECKING:
    from collections.abc import Callable

ANSWER: Final = (
    "Paris is mild today: fourteen degrees, some clouds in the afternoon, and no rain before the "
    "evening. Tomorrow will be a little warmer."
)
QUESTION: Final = "What is the weather in Paris?"


def agent(stage: str) -> ScriptedAgent:
    return ScriptedAgent(
        join_after=1e6 if stage == "connecting" else 0.01,
        initialize_for=1e6 if stage == "failed" else 0.01,
        track_after=0.01,
        think_for=0.01,
        word_every=0.5 if stage == "speaking" else 0.005,
        reply=lambda _: ANSWER,
    )


REACHED: Final[dict[str, Callable[[SessionSnapshot], bool]]] = {
    "connecting": lambda now: (
        now.agent.state is AgentState.CONNECTING and now.state is SessionState.DISPATCHING
    ),
    "listening": lambda now: now.agent.state is AgentState.LISTENING and _answered(now),
    "speaking": lambda now: (
        now.agent.state is AgentState.SPEAKING
        and len(now.messages) > 1
        and len(now.messages[1].text.split()) > 5
    ),
    "failed": lambda now: now.state is SessionState.IDLE and now.failure is not None,
    "finished": lambda now: now.state is SessionState.IDLE and now.end_reason is EndReason.HUNG_UP,
}
"""Stage -> when it is reached."""


def staged(stage: str) -> tuple[Session, ScriptedAgent]:
    """Return a session that will get there, and its agent."""
    one = agent(stage)
    return Session(TokenSource.loopback(one), agent_timeout=1.0 if stage == "failed" else None), one


def _answered(now: SessionSnapshot) -> bool:
    return len(now.messages) > 1 and now.messages[-1].final


async def play(stage: str, session: Session, one: ScriptedAgent) -> None:
    """Bring a session that has been started by the user to its stage; on its own loop."""
    if stage in {"listening", "speaking", "finished"}:
        await session.agent.wait_until_connected()
        await session.send(QUESTION)
    if stage == "finished":
        await session.wait_until(lambda now: _answered(now) and now.agent.state == "listening")
        one.leave()
    await session.wait_until(REACHED[stage])
