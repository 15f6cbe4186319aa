"""What the agent has heard, asked over its session channel."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from session_fsm.channel.memory import ChannelMemory
from session_fsm.testing import ScriptedAgent
from unit.channel.scenes import answered, make

if TYPE_CHECKING:
    from session_fsm.messages.certainty import UserItem


async def test_it_has_the_words_of_the_user_alone() -> None:
    agent = ScriptedAgent()
    async with make(agent) as session:
        memory = ChannelMemory(session._channel)
        heard: list[UserItem] = []
        memory.follow(heard.append)
        await session.start()
        await answered(session, "one")
        await answered(session, "two")
        items = await memory.user_items()
        assert items is not None
        assert [item.text for item in items] == ["one", "two"]
        assert list(items) == heard


async def test_the_next_run_follows_alone() -> None:
    agent = ScriptedAgent()
    async with make(agent) as session:
        memory = ChannelMemory(session._channel)
        first: list[UserItem] = []
        second: list[UserItem] = []
        following = memory.follow(first.append)
        await session.start()
        following.dispose()
        memory.follow(second.append)
        await answered(session, "one")
        assert (len(first), len(second)) == (0, 1)


async def test_an_agent_that_does_not_tell_and_a_session_that_is_over_are_none() -> None:
    agent = ScriptedAgent()
    agent.channel.is_served = False
    async with make(agent) as session:
        memory = ChannelMemory(session._channel)
        assert await memory.user_items() is None
        await session.start()
        assert await memory.user_items() is None
        await session.end()
        assert await memory.user_items() is None


async def test_a_text_that_a_new_link_leaves_in_doubt_is_looked_up() -> None:
    """The link breaks behind the text: the agent has it, and it is not sent again."""
    agent = ScriptedAgent(think_for=0.1)
    async with make(agent) as session:
        await session.start()
        await answered(session, "before")
        run = session._mailbox.run
        assert run is not None
        assert run.link is not None
        send_text = run.link.send_text

        async def and_break(*arguments: object) -> None:
            await send_text(*arguments)  # type: ignore[arg-type]
            agent.network.drop()

        run.link.send_text = and_break  # type: ignore[method-assign,assignment]
        sending = asyncio.create_task(session.send("in doubt"))
        await session.wait_until(lambda seen: seen.is_reconnecting, 1)
        run.link.send_text = send_text  # type: ignore[method-assign]
        await asyncio.sleep(2)
        agent.network.restore()
        await sending
        assert agent.heard == ["before", "in doubt"]
