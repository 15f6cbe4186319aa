"""The demo: an agent in this process, and a conversation with it that shows what can happen."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from session_fsm.cli.talk import say
from session_fsm.testing import ScriptedAgent

if TYPE_CHECKING:
    from session_fsm import Session

ANSWER_TIMEOUT: Final = 30.0


class Pause(NamedTuple):
    """Do nothing for a while."""

    seconds: float


class Say(NamedTuple):
    """Say this, and wait for the answer."""

    text: str


class Lose(NamedTuple):
    """Lose the network, say something meanwhile, and get the network back."""

    text: str
    seconds: float


Scene: TypeAlias = Pause | Say | Lose

GREETING: Final = "Hello! I live in this very process: no server, no microphone, no model."

CONVERSATION: Final[tuple[Scene, ...]] = (
    Pause(0.6),
    Say("What do you do all day?"),
    Pause(0.6),
    Lose("Can you still hear me?", 1.5),
    Pause(0.3),
)

ANSWERS: Final = {
    "What do you do all day?": "I listen, I think, I speak. Three small state machines watch me.",
    "Can you still hear me?": "Now I can. Your text waited until the network was back.",
}


def answer(text: str) -> str:
    """Return what the agent says to a text."""
    return ANSWERS.get(text, f"You said: {text}")


def demo_agent() -> ScriptedAgent:
    """Return the agent of the demo."""
    return ScriptedAgent(
        name="demo-agent",
        join_after=0.4,
        initialize_for=0.4,
        greeting=GREETING,
        reply=answer,
        think_for=0.5,
        word_every=0.08,
    )


async def greeted(session: Session) -> None:
    """Wait until the agent has finished its greeting."""
    await session.wait_until(lambda now: any(message.final for message in now.messages))


async def play(session: Session, agent: ScriptedAgent) -> None:
    """Hold the conversation with a session that has started."""
    await greeted(session)
    for scene in CONVERSATION:
        match scene:
            case Pause(seconds):
                await asyncio.sleep(seconds)
            case Say(text):
                await say(session, text, ANSWER_TIMEOUT)
            case Lose(text, seconds):
                await _lose(session, agent, text, seconds)


async def _lose(session: Session, agent: ScriptedAgent, text: str, seconds: float) -> None:
    agent.network.drop()
    asyncio.get_running_loop().call_later(seconds, agent.network.restore)
    await asyncio.sleep(seconds / 3)
    await say(session, text, ANSWER_TIMEOUT)
