"""Shared state: what the room and its people say of themselves, and changes that are confirmed."""

import asyncio
import json

import pytest

from contract.calls import PATIENCE
from contract.pictures import RED, changing
from contract.sides import Side
from session_fsm import (
    FrameInput,
    MediaError,
    Permissions,
    RpcError,
    SendError,
    Session,
    SessionStateError,
    SilenceInput,
    StreamError,
    UpdateError,
)


async def test_attributes_are_set_when_the_call_returns(side: Side) -> None:
    async with asyncio.timeout(60), Session(side.source()) as session:
        await session.start()
        local = session.local
        await local.set_attributes({"mood": "good", "place": "here"})
        assert {"mood": "good", "place": "here"}.items() <= local.attributes.value.items()
        await local.set_attributes({"mood": "good"})
        await local.set_attributes({"mood": ""})
        assert "mood" not in local.attributes.value
        assert local.attributes.value["place"] == "here"
        await local.set_metadata("some metadata")
        await local.set_name("A Name")
        assert (local.metadata.value, local.name.value) == ("some metadata", "A Name")
        assert local.identity.value == "user"


async def test_the_agent_sees_them_and_shows_its_own(side: Side) -> None:
    async with asyncio.timeout(60), Session(side.source()) as session:
        await session.start()
        shown = session.agent.attribute("echo.attributes", json.loads, default={})
        assert shown.value == {}
        await session.local.set_attributes({"mood": "good"})
        await side.agent_shows_attributes(session)
        await session.wait_until(lambda now: "echo.attributes" in now.agent.attributes, PATIENCE)
        assert shown.value["mood"] == "good"
        await side.agent_sets_metadata(session)
        await session.wait_until(
            lambda now: now.agent.metadata == "metadata of the agent", PATIENCE
        )


async def test_changes_at_once_do_not_lose_each_other(side: Side) -> None:
    async with asyncio.timeout(60), Session(side.source()) as session:
        await session.start()
        local = session.local
        await asyncio.gather(
            *(local.set_attributes({f"key{n}": str(n)}, timeout=20) for n in range(10)),
            local.set_name("new name", timeout=20),
            local.set_metadata("new metadata", timeout=20),
        )
        assert {f"key{n}": str(n) for n in range(10)}.items() <= local.attributes.value.items()
        assert (local.name.value, local.metadata.value) == ("new name", "new metadata")


async def test_without_the_permission_it_is_named(side: Side) -> None:
    async with (
        asyncio.timeout(60),
        Session(side.source_granting(can_update_own_metadata=False)) as session,
    ):
        await session.start()
        for change in (
            session.local.set_attributes({"a": "b"}),
            session.local.set_metadata("m"),
            session.local.set_name("n"),
        ):
            with pytest.raises(UpdateError, match="canUpdateOwnMetadata") as caught:
                await change
            assert caught.value.kind == "permission"


async def test_what_the_token_allows_is_told(side: Side) -> None:
    source = side.source_granting(can_publish_sources=["microphone"])
    async with asyncio.timeout(60), Session(source) as session:
        permissions = session.local.permissions
        assert permissions.value == Permissions()
        async with changing(FrameInput(), RED) as camera:
            await session.start(microphone=SilenceInput(), camera=camera.input)
            assert permissions.value == Permissions(frozenset({"microphone"}))
            await session.wait_until(lambda now: now.media.camera.state == "failed", 1)
        assert "canPublishSources" in str(session.local.camera.failure.value)
        await session.wait_until(lambda now: now.media.microphone.state == "live", PATIENCE)
        await session.end()
        assert permissions.value == Permissions()


async def test_what_is_not_allowed_any_more_is_not_sent(side: Side) -> None:
    async with asyncio.timeout(60), Session(side.source()) as session:
        microphone, camera = session.local.microphone, session.local.camera
        await session.start(microphone=SilenceInput())
        await session.wait_until(lambda now: now.media.microphone.state == "live", PATIENCE)
        room, identity = str(session.room_name.value), str(session.local.identity.value)
        only_camera = Permissions(frozenset({"camera"}), can_publish_data=False)
        await side.permit(room, identity, only_camera)
        await session.wait_until(lambda now: now.media.microphone.state == "failed", PATIENCE)
        assert session.local.permissions.value == only_camera
        assert "canPublish" in str(microphone.failure.value)
        with pytest.raises(MediaError, match="canPublish"):
            await microphone.set_enabled(True)
        async with changing(FrameInput(), RED) as picture:
            await camera.switch(picture.input)
            await camera.set_enabled(True)
            assert camera.state.value == "live"
        await side.permit(room, identity, Permissions())
        await session.wait_until(lambda now: now.local.permissions == Permissions(), PATIENCE)
        await microphone.set_enabled(True)
        assert microphone.state.value == "live"


async def test_what_a_server_would_drop_is_refused_at_once(side: Side) -> None:
    async with asyncio.timeout(60), Session(side.source()) as session:
        await session.start()
        room, identity = str(session.room_name.value), str(session.local.identity.value)
        await side.permit(room, identity, Permissions(can_publish_data=False))
        await session.wait_until(lambda now: not now.local.permissions.can_publish_data, PATIENCE)
        async with asyncio.timeout(9):  # a server that drops it is given ten seconds
            with pytest.raises(SendError, match="canPublishData") as text:
                await session.send("hello")
            for begin in (
                lambda: session.send_text_stream("notes"),
                lambda: session.send_bytes(b"some", "files"),
                lambda: session.send_file(__file__, "files"),
            ):
                with pytest.raises(StreamError, match="canPublishData") as stream:
                    begin()
                assert stream.value.kind == "permission"
            with pytest.raises(RpcError, match="canPublishData") as call:
                await session.call("echo")
        assert (text.value.kind, call.value.kind) == ("permission", "send-failed")
        assert len(session.messages.value) == 0
        await side.permit(room, identity, Permissions())
        await session.wait_until(lambda now: now.local.permissions.can_publish_data, PATIENCE)
        await session.send("hello")


async def test_too_much_is_refused(side: Side) -> None:
    async with asyncio.timeout(60), Session(side.source()) as session:
        await session.start()
        for change in (
            session.local.set_attributes({"big": "x" * 70_000}),
            session.local.set_name("x" * 300),
        ):
            with pytest.raises(UpdateError) as caught:
                await change
            assert caught.value.kind == "refused"
        await session.local.set_attributes({"big": "x" * 30_000})
        assert session.local.attributes.value["big"] == "x" * 30_000


async def test_values_that_are_no_text(side: Side) -> None:
    async with asyncio.timeout(60), Session(side.source()) as session:
        with pytest.raises(SessionStateError):
            await session.local.set_name("early")
        await session.start()
        with pytest.raises(TypeError, match="age"):
            await session.local.set_attributes({"age": 5})  # type: ignore[dict-item]
        with pytest.raises(TypeError, match="metadata"):
            await session.local.set_metadata(b"x")  # type: ignore[arg-type]


async def test_a_change_while_the_link_is_restored_waits_for_it(side: Side) -> None:
    async with asyncio.timeout(60), Session(side.source()) as session:
        await session.start()
        await side.break_link(session)
        changing = asyncio.create_task(session.local.set_attributes({"a": "b"}, timeout=20))
        await asyncio.sleep(0.05)
        await side.mend_link(session)
        await changing
        assert session.local.attributes.value["a"] == "b"


async def test_a_change_that_the_end_of_the_session_prevents(side: Side) -> None:
    async with asyncio.timeout(60), Session(side.source()) as session:
        await session.start()
        await side.break_link(session)
        changing = asyncio.create_task(session.local.set_attributes({"a": "b"}, timeout=20))
        await asyncio.sleep(0.01)
        await session.end()
        with pytest.raises(UpdateError) as caught:
            await changing
        assert caught.value.kind == "run-ended"


async def test_metadata_of_the_room(side: Side) -> None:
    async with asyncio.timeout(60), Session(side.source()) as session:
        assert session.room_metadata.value == ""
        await session.start()
        await side.change_room(side.rooms[0], "the topic of today")
        await session.wait_until(lambda now: now.room_metadata == "the topic of today", PATIENCE)
        assert session.room_metadata.value == "the topic of today"
        await session.end()
        assert session.room_metadata.value == ""
