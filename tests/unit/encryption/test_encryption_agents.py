"""Agents and key providers that take their time."""

import asyncio

from session_fsm import Encryption, Session, SessionState, TokenSource
from session_fsm.testing import ScriptedAgent


class Slow:
    """A key provider that thinks for five seconds."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def key_of(self, identity: str) -> str:
        self.asked.append(identity)
        await asyncio.sleep(5)
        return "the key of the agent" if identity.startswith("agent") else "mine"


async def test_a_slow_key_provider_is_waited_for() -> None:
    agent = ScriptedAgent(keys=("mine", "the key of the agent"))
    provider = Slow()
    session = Session(TokenSource.loopback(agent), encryption=Encryption(key_provider=provider))
    async with session:
        await session.start()
        await session.send("hello")
        await session.wait_until(lambda now: now.messages[-1].text == "echo: hello", 30)
        assert session.state.value is SessionState.ACTIVE
        assert len(provider.asked) == 2
        agent.crash()
        await session.wait_until(lambda now: now.agent.identity is None, 30)
        agent.come_back()
        await session.wait_until(lambda now: now.agent.is_connected, 30)
        await session.send("again")
        assert len(provider.asked) == 3


async def test_an_agent_that_has_answered_once_is_never_taken_for_a_stranger() -> None:
    agent = ScriptedAgent(keys=("x",))
    session = Session(TokenSource.loopback(agent), encryption=Encryption(key="x"))
    async with session:
        await session.start()
        await session.send("hello")
        await session.set_encryption_enabled(False)
        agent.responsive = False
        await session.set_encryption_enabled(True)
        await session.wait_until(lambda now: not now.agent.is_responsive, 30)
        assert session.state.value is SessionState.ACTIVE
        assert session.encryption.value == "on"
        agent.responsive = True
        await session.send("again")
        assert session.failure.value is None
