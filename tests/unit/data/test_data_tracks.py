"""Data tracks on a loopback, in virtual time."""

import asyncio
from typing import Any

import pytest

from session_fsm import Session, SessionStateError, StreamError, TokenOptions, TokenSource
from session_fsm.testing import ScriptedAgent, cancel_everywhere


def make(agent: ScriptedAgent, identity: str) -> Session:
    options = TokenOptions(room_name="shared", participant_identity=identity)
    return Session(TokenSource.loopback(agent), token_options=options)


class World:
    def __init__(self) -> None:
        self.agent = ScriptedAgent()
        self.one = make(self.agent, "one")
        self.two = make(self.agent, "two")


async def both() -> World:
    world = World()
    await world.one.start()
    await world.two.start()
    return world


async def put_away(world: World) -> None:
    await world.one.close()
    await world.two.close()
    world.agent.network.delete_rooms()


async def test_a_slow_consumer_gets_the_newest_frames() -> None:
    world = await both()
    track = await world.one.publish_data_track("numbers")
    frames = world.two.data_tracks.value[0].frames(buffer=3)
    first = asyncio.ensure_future(anext(frames))
    await asyncio.sleep(0)
    for number in range(10):
        track.push(bytes([number]), number)
    await track.unpublish()
    got = [(await first).payload] + [frame.payload async for frame in frames]
    assert got == [bytes([7]), bytes([8]), bytes([9])]
    assert track.dropped == 0
    assert world.two.data_tracks.value == ()
    await put_away(world)


async def test_frames_of_a_track_that_is_gone_are_none() -> None:
    world = await both()
    await world.one.publish_data_track("a")
    seen = world.two.data_tracks.value[0]
    await world.one.end()
    assert [frame async for frame in seen.frames()] == []
    await put_away(world)


async def test_tracks_that_are_there_before_are_seen() -> None:
    world = World()
    await world.one.start()
    await world.one.publish_data_track("early")
    await world.two.start()
    assert [one.name for one in world.two.data_tracks.value] == ["early"]
    await put_away(world)


async def test_while_the_link_is_down_frames_are_dropped_and_a_new_track_waits() -> None:
    world = await both()
    track = await world.one.publish_data_track("a")
    world.agent.network.drop()
    track.push(b"x")
    assert track.dropped == 1
    asyncio.get_running_loop().call_later(2, world.agent.network.restore)
    await world.one.publish_data_track("b")
    track.push(b"x")
    assert track.dropped == 1
    await put_away(world)


async def test_a_link_that_stays_away_and_a_run_that_ends() -> None:
    world = await both()
    world.agent.network.drop()
    with pytest.raises(StreamError) as caught:
        await world.one.publish_data_track("a")
    assert caught.value.kind == "transport"
    waiting = asyncio.create_task(world.one.publish_data_track("b"))
    await asyncio.sleep(1)
    await world.one.end()
    with pytest.raises(StreamError) as caught:
        await waiting
    assert caught.value.kind == "run-ended"
    with pytest.raises(SessionStateError):
        await world.one.publish_data_track("c")
    await put_away(world)


async def test_the_store_is_complete_after_close() -> None:
    world = await both()
    done: list[Any] = []
    world.one.data_tracks.subscribe(on_completed=lambda: done.append(1))
    await put_away(world)
    assert done == [1]


async def works(world: World) -> None:
    await world.one.publish_data_track("after")
    await asyncio.sleep(0.1)
    assert "after" in {one.name for one in world.two.data_tracks.value}
    await put_away(world)


def test_cancelling_a_publication_anywhere() -> None:
    assert cancel_everywhere(both, lambda world: world.one.publish_data_track("a"), works) >= 1
