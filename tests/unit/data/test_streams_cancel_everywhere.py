"""Cancelling any coroutine of a stream at any await leaves a session that works."""

import asyncio
import os
import tempfile
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from session_fsm.testing import cancel_everywhere
from unit.data.streams_world import World, header

PAYLOAD = bytes(range(256)) * 500


async def fresh() -> World:
    world = World()
    await world.session.start()
    return world


async def receiving() -> World:
    """The second half comes a second later."""
    world = await fresh()
    sending = world.agent.open_stream(header(name="a.bin"))
    sending.write(PAYLOAD)

    def rest() -> None:
        sending.write(PAYLOAD)
        sending.close()

    asyncio.get_running_loop().call_later(1.0, rest)
    return world


async def works(world: World) -> None:
    async with asyncio.timeout(60):
        await asyncio.sleep(2)
        await world.session.send_bytes(b"still here", "files")
        assert await world.streams[-1].read_all() == b"still here"
        await world.session.close()
    world.agent.network.delete_rooms()


async def write_text(world: World) -> None:
    async with world.session.send_text_stream("notes") as stream:
        await stream.write("one")
        await stream.write("two")


async def send(world: World) -> None:
    await world.session.send_bytes(PAYLOAD, "files")


async def send_file(world: World) -> None:
    await world.session.send_file(__file__, "files")


async def iterate(world: World) -> None:
    async for _ in world.streams[0]:
        pass


async def save(world: World) -> None:
    with tempfile.TemporaryDirectory() as folder:
        try:
            saved = await world.streams[0].save(folder)
            assert saved.read_bytes() == PAYLOAD * 2
        finally:
            names = os.listdir(folder)  # noqa: PTH208
            assert names in ([], ["a.bin"]), "all of it, or nothing"


CALLS: dict[str, tuple[Callable[[], Coroutine[Any, Any, World]], Callable[[World], Any]]] = {
    "send_text_stream": (fresh, write_text),
    "send_bytes": (fresh, send),
    "send_file": (fresh, send_file),
    "iterate": (receiving, iterate),
    "read_all": (receiving, lambda world: world.streams[0].read_all()),
    "save": (receiving, save),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_session_works_whenever_it_is_cancelled(name: str) -> None:
    setup, call = CALLS[name]
    assert cancel_everywhere(setup, call, works) >= 2
