"""Shared state: what the room and its people say of themselves, and changes that are confirmed."""

import asyncio
import json

import pytest

from contract.calls import PATIENCE
from contract.sides import Side
from session_fsm import Session, SessionStateError, UpdateError


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
    async with asyncio.timeout(60), Session(side.source_of_the_powerless()) as session:
        await session.start()
        for change in (
            session.local.set_attributes({"a": "b"}),
            session.local.set_metadata("m"),
            session.local.set_name("n"),
        ):
            with pytest.raises(UpdateError, match="canUpdateOwnMetadata") as caught:
                await change
            assert caught.value.kind == "permission"


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
