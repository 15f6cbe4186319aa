"""Changes of oneself on a loopback, in virtual time."""

import asyncio
import json
import logging
from typing import Any

import pytest

from session_fsm import Session, TokenOptions, TokenSource, UpdateError
from session_fsm.testing import ScriptedAgent, cancel_everywhere


def make(agent: ScriptedAgent, **options: Any) -> Session:
    return Session(TokenSource.loopback(agent), **options)


def now() -> float:
    return asyncio.get_running_loop().time()


async def test_what_the_token_says_is_there_at_the_join_and_gone_at_the_end() -> None:
    options = TokenOptions(
        participant_name="Ada", participant_metadata="m", participant_attributes={"a": "b"}
    )
    async with make(ScriptedAgent(), token_options=options) as session:
        local = session.local
        await session.start()
        assert (local.name.value, local.metadata.value) == ("Ada", "m")
        assert dict(local.attributes.value) == {"a": "b"}
        await session.end()
        assert (local.name.value, local.identity.value) == ("", None)


async def test_a_change_waits_for_the_join_and_for_the_link() -> None:
    agent = ScriptedAgent()
    async with make(agent) as session:
        starting = asyncio.create_task(session.start())
        await asyncio.sleep(0)
        await session.local.set_name("early")
        assert session.local.name.value == "early"
        await starting
        agent.network.drop()
        asyncio.get_running_loop().call_later(2, agent.network.restore)
        await session.local.set_name("late")
        assert session.local.name.value == "late"


async def test_a_link_that_stays_away_is_a_timeout() -> None:
    agent = ScriptedAgent()
    async with make(agent) as session:
        await session.start()
        agent.network.drop()
        before = now()
        changes = [
            session.local.set_attributes({"a": "b"}, timeout=2),
            session.local.set_metadata("m", timeout=3),
        ]
        ends = await asyncio.gather(*changes, return_exceptions=True)
        assert [getattr(end, "kind", end) for end in ends] == ["timeout", "timeout"]
        assert now() - before == pytest.approx(3)
        agent.network.restore()
        await session.local.set_attributes({"a": "c"})
        assert session.local.attributes.value["a"] == "c"


async def test_what_is_lost_with_the_link_is_sent_again() -> None:
    agent = ScriptedAgent()
    async with make(agent) as session:
        await session.start()
        change = asyncio.create_task(session.local.set_attributes({"a": "b"}, timeout=20))
        agent.network.drop()
        await asyncio.sleep(0.5)
        agent.network.restore()
        await change
        assert session.local.attributes.value["a"] == "b"


async def test_an_equal_change_is_confirmed_without_an_echo() -> None:
    async with make(ScriptedAgent()) as session:
        await session.start()
        await session.local.set_attributes({"a": "b"})
        seen: list[object] = []
        session.local.attributes.subscribe(seen.append)
        await session.local.set_attributes({"a": "b", "gone": ""})
        assert seen == [{"a": "b"}]


async def test_all_that_waits_ends_with_the_run() -> None:
    agent = ScriptedAgent()
    async with make(agent) as session:
        await session.start()
        agent.network.drop()
        changes = [
            asyncio.create_task(session.local.set_attributes({"a": str(n)})) for n in range(3)
        ]
        await asyncio.sleep(0.1)
        await session.end()
        for change in changes:
            with pytest.raises(UpdateError) as caught:
                await change
            assert caught.value.kind == "run-ended"


async def test_a_parsed_attribute(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    agent = ScriptedAgent()
    async with make(agent) as session:
        plain = session.agent.attribute("cart")
        cart = session.agent.attribute("cart", json.loads, default=[])
        seen: list[Any] = []
        cart.subscribe(seen.append)
        await session.start()
        agent.change({"cart": "[1, 2]"})
        agent.change({"other": "x"})
        agent.change({"cart": "broken"})
        assert plain.value == "broken"
        agent.change({"other": "y"})
        agent.change({"cart": ""})
        assert seen == [[], [1, 2], []]
        assert plain.value is None
    warnings = [one for one in caplog.records if "cart" in one.getMessage()]
    assert len(warnings) == 1
    assert "broken" not in warnings[0].getMessage()
    with pytest.raises(TypeError):
        session.agent.attribute(5)  # type: ignore[call-overload]
    with pytest.raises(TypeError):
        session.agent.attribute("a", 5)  # type: ignore[call-overload]


class World:
    def __init__(self) -> None:
        self.agent = ScriptedAgent()
        self.session = make(self.agent)


async def started() -> World:
    world = World()
    await world.session.start()
    return world


async def away() -> World:
    world = await started()
    world.agent.network.drop()
    asyncio.get_running_loop().call_later(1, world.agent.network.restore)
    return world


async def works(world: World) -> None:
    await world.session.local.set_attributes({"after": "x"}, timeout=20)
    assert world.session.local.attributes.value["after"] == "x"
    await world.session.close()
    world.agent.network.delete_rooms()


@pytest.mark.parametrize("setup", [started, away])
def test_cancelling_a_change_anywhere(setup: Any) -> None:
    def change(world: World) -> Any:
        return world.session.local.set_attributes({"a": "b"})

    assert cancel_everywhere(setup, change, works) >= 1
