"""Cancelling any public coroutine at any await leaves a session that can start again."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from session_fsm import Session, SessionSnapshot, SessionState, TokenSource
from session_fsm.testing import ScriptedAgent, cancel_everywhere


class World:
    """One session on a loopback, and what it takes to look after it."""

    def __init__(self, *, greeting: str | None = None) -> None:
        self.agent = ScriptedAgent(greeting=greeting)
        self.session = Session(TokenSource.loopback(self.agent))
        self.ending: asyncio.Task[None] | None = None
        self.leaving: asyncio.TimerHandle | None = None

    def users(self) -> list[str]:
        network = self.agent.network
        return [
            one
            for room in network.rooms.values()
            for one in network.participants(room.name)
            if one.startswith("user")
        ]

    async def works_and_is_put_away(self) -> None:
        async with asyncio.timeout(60):
            await self.session.start()
            assert self.session.state.value is SessionState.ACTIVE
            assert len(self.users()) == 1
            await self.session.send("hello")
            await self.session.wait_until(
                lambda now: any(one.text == "echo: hello" and one.final for one in now.messages)
            )
            await self.session.close()
        assert self.session.state.value is SessionState.IDLE
        assert self.users() == []
        self.agent.network.delete_rooms()


async def fresh() -> World:
    return World()


async def started() -> World:
    world = World(greeting="welcome to this")
    await world.session.start()
    return world


async def ending() -> World:
    world = await started()
    world.ending = asyncio.create_task(world.session.end())
    await asyncio.sleep(0)
    return world


async def leaving() -> World:
    world = await started()
    world.leaving = asyncio.get_running_loop().call_later(0.5, world.agent.leave)
    return world


async def is_rolled_back(world: World) -> None:
    assert world.session.state.value is SessionState.IDLE
    assert world.users() == []
    await world.works_and_is_put_away()


async def is_usable(world: World) -> None:
    if world.leaving is not None:
        world.leaving.cancel()
    if world.ending is not None:
        await world.ending
    if world.session.state.value is not SessionState.IDLE:
        await world.session.end()
    await world.works_and_is_put_away()


async def is_closed(world: World) -> None:
    await world.session.close()
    assert world.users() == []
    world.agent.network.delete_rooms()


def test_start() -> None:
    assert cancel_everywhere(fresh, lambda world: world.session.start(), is_rolled_back) >= 10


def heard_greeting(now: SessionSnapshot) -> bool:
    return any(one.final and one.text == "welcome to this" for one in now.messages)


CALLS: dict[str, tuple[Callable[[], Coroutine[Any, Any, World]], Callable[[World], Any]]] = {
    "prepare": (fresh, lambda world: world.session.prepare()),
    "send": (started, lambda world: world.session.send("hello")),
    "end": (started, lambda world: world.session.end()),
    "start again while ending": (ending, lambda world: world.session.start()),
    "wait_until": (started, lambda world: world.session.wait_until(heard_greeting)),
    "wait_until_disconnected": (ending, lambda world: world.session.wait_until_disconnected()),
    "wait_until_finished": (leaving, lambda world: world.session.agent.wait_until_finished()),
}


@pytest.mark.parametrize("name", CALLS)
def test_any_other_call(name: str) -> None:
    setup, call = CALLS[name]
    assert cancel_everywhere(setup, call, is_usable) >= 1


def test_close() -> None:
    assert cancel_everywhere(started, lambda world: world.session.close(), is_closed) >= 2


async def whole_life(world: World) -> None:
    async with world.session as session:
        await session.prepare()
        await session.start()
        await session.send("hello")
        await session.agent.wait_until_connected()


def test_a_whole_life() -> None:
    assert cancel_everywhere(fresh, whole_life, is_closed) >= 8
