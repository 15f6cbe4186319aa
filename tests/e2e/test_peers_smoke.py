"""The peers themselves work: without that, no other test with a server means anything."""

import asyncio
import os

import pytest
from livekit import rtc

from peers.fixtures import Stack
from peers.hand import HandClient
from peers.server import LiveKitServer, fresh_room

pytestmark = pytest.mark.server

LEFT_ON_PURPOSE = rtc.DisconnectReason.CLIENT_INITIATED
ROOM_DELETED = rtc.DisconnectReason.ROOM_DELETED


async def call(stack: Stack, room: str | None = None, **behaviour: object) -> HandClient:
    token = stack.token(room or stack.room(), agent_metadata=behaviour)
    return await HandClient.join(stack.url, token)


async def test_agent_says_a_text_back_in_pieces(stack: Stack) -> None:
    room = stack.room()
    async with await call(stack, room) as client:
        await client.until_ready()
        await client.send("hello my friend")
        pieces = await client.until_said("echo: hello my friend")
        assert len(pieces) > 1
        assert stack.heard(room) == ["hello my friend"]


async def test_a_long_reply_is_paced(stack: Stack) -> None:
    async with await call(stack) as client:
        await client.until_ready()
        await client.send("!long")
        await client.until(lambda: client.agent_state == "speaking")
        await client.until(lambda: client.said)
        await asyncio.sleep(0.5)
        words = "".join(next(iter(client.said.values()))).split()
        assert 1 <= len(words) < 40


async def test_a_greeting_comes_before_any_text(stack: Stack) -> None:
    async with await call(stack, greet="good day") as client:
        await client.until_said("good day")


async def test_a_slow_agent_shows_that_it_is_initializing(stack: Stack) -> None:
    async with await call(stack, slow=1.0) as client:
        await client.until(lambda: client.agent_state == "initializing")
        await client.until(lambda: client.agent_state == "listening")


async def test_a_silent_agent_joins_and_says_nothing(stack: Stack) -> None:
    async with await call(stack, silent=True) as client:
        await client.until(lambda: client.agent)
        await asyncio.sleep(0.5)
        assert client.agent_state is None


async def test_shutdown_is_a_goodbye(stack: Stack) -> None:
    async with await call(stack) as client:
        await client.until_ready()
        await client.send("!shutdown")
        agent = client.agent.identity
        await client.until(lambda: client.saw("left", agent, LEFT_ON_PURPOSE))


async def test_delete_ends_the_room(stack: Stack) -> None:
    room = stack.room()
    async with await call(stack, room) as client:
        await client.until_ready()
        await client.send("!delete")
        await client.until(lambda: client.saw("disconnected", ROOM_DELETED))
        assert not await stack.server.room_exists(room)


async def test_aclose_says_nothing(stack: Stack) -> None:
    room = stack.room()
    async with await call(stack, room) as client:
        await client.until_ready()
        await client.send("!aclose")
        await client.until(
            lambda: any(n.get("event") == "closed" for n in stack.worker.journal(room))
        )
        await asyncio.sleep(0.3)
        assert client.agent_state == "listening"


async def test_chat_from_the_agent(stack: Stack) -> None:
    async with await call(stack) as client:
        await client.until_ready()
        await client.send("!chat")
        await client.until(lambda: client.chat == ["a note from the agent"])


async def test_an_agent_that_crashes_is_gone_without_a_goodbye(stack: Stack) -> None:
    room = stack.room()
    async with await call(stack, room) as client:
        await client.until_ready()
        await client.send("!crash")
        agent = client.agent.identity
        await client.until(lambda: client.saw("left", agent), timeout=30.0)
        assert not client.saw("left", agent, LEFT_ON_PURPOSE)
        assert agent not in await stack.server.participants(room)


async def test_an_agent_that_is_dropped_is_gone_without_a_goodbye(stack: Stack) -> None:
    async with await call(stack) as client:
        await client.until_ready()
        agent = client.agent.identity
        await client.send("!drop")
        await client.until(lambda: client.saw("left", agent))
        assert not client.saw("left", agent, LEFT_ON_PURPOSE)


async def test_admin_calls(livekit_server: LiveKitServer) -> None:
    room = fresh_room()
    token = livekit_server.token(room, "ann", name="Ann", attributes={"color": "red"})
    assert await livekit_server.participants(room) == {}
    async with await HandClient.join(livekit_server.url, token) as client:
        ann = (await livekit_server.participants(room))["ann"]
        assert (ann.name, dict(ann.attributes)) == ("Ann", {"color": "red"})
        await livekit_server.remove_participant(room, "ann")
        await client.until(
            lambda: client.saw("disconnected", rtc.DisconnectReason.PARTICIPANT_REMOVED)
        )


async def test_a_conversation_survives_the_server(own_stack: Stack) -> None:
    before = own_stack.worker.registrations()
    async with await call(own_stack) as client:
        await client.until_ready()
        own_stack.server.kill()
        with pytest.raises(ProcessLookupError):
            os.kill(own_stack.server.pid, 0)
        await asyncio.sleep(1.0)
        own_stack.server.start()
        await client.until(lambda: client.saw("reconnected"), timeout=30.0)
        await client.until_ready()
        await asyncio.to_thread(own_stack.worker.wait_registered, before + 1)
        await client.until(lambda: client.saw("state", rtc.ConnectionState.CONN_CONNECTED))
