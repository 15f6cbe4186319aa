import asyncio
from pathlib import Path

import pytest

from session_fsm import (
    Attachment,
    AttachmentState,
    Limits,
    Message,
    MessageStatus,
    MessageUpdated,
    SendError,
    StreamError,
    StreamKind,
)
from session_fsm.data.info import StreamHeader
from session_fsm.testing import cancel_everywhere
from unit.data.streams_world import World, started

CHAT = "lk.chat"


def text(*attachments: str) -> StreamHeader:
    return StreamHeader("text", StreamKind.TEXT, CHAT, attachments=attachments)


def file(stream_id: str, name: str = "a.txt", size: int | None = None) -> StreamHeader:
    return StreamHeader(stream_id, StreamKind.BYTES, CHAT, (), name, "text/plain", size)


def message(world: World) -> Message:
    return world.session.messages.value[-1]


def states(world: World) -> list[str]:
    return [one.state.value for one in message(world).attachments]


# Received -----------------------------------------------------------------------------------------


async def test_a_message_shows_its_attachments_before_anything_of_them_came(tmp_path: Path) -> None:
    async with started() as world:
        sending = world.agent.open_stream(text("one", "two"))
        assert message(world).text == ""
        assert not message(world).final
        assert states(world) == ["pending", "pending"]
        sending.write("two files")
        sending.close()
        assert message(world).text == "two files"
        assert message(world).final
        assert states(world) == ["pending", "pending"]
        first = world.agent.open_stream(file("one", "../a.txt", 4))
        assert states(world) == ["transferring", "pending"]
        first.write(b"12")
        await asyncio.sleep(1)
        first.write(b"3")
        shown = message(world).attachments[0]
        assert (shown.transferred, shown.size, shown.name) == (3, 4, "../a.txt")
        first.write(b"4")
        first.close()
        assert states(world) == ["complete", "pending"]
        shown = message(world).attachments[0]
        assert shown.transferred == 4
        assert await shown.read_all() == b"1234"
        assert await shown.save(tmp_path) == tmp_path / "a.txt"
        second = world.agent.open_stream(file("two"))
        second.write(b"half")
        second.close(reason="the disk is broken")
        assert states(world) == ["complete", "broken-off"]
        assert "the disk is broken" in str(message(world).attachments[1].error)
        with pytest.raises(StreamError):
            await message(world).attachments[1].read_all()
        assert len(world.session.messages.value) == 1


async def test_progress_is_not_told_more_often_than_ten_times_a_second() -> None:
    async with started() as world:
        changes: list[object] = []
        world.session.messages.events.subscribe(changes.append)
        world.agent.open_stream(text("one")).close()
        sending = world.agent.open_stream(file("one"))
        for _ in range(1000):
            sending.write(b"x")
            await asyncio.sleep(0.001)
        sending.close()
        assert 8 <= len(changes) <= 16
        assert isinstance(changes[-1], MessageUpdated)
        assert changes[-1].message.attachments[0].transferred == 1000


@pytest.mark.parametrize("text_first", [True, False])
@pytest.mark.parametrize("wait", [0.0, 1.0, 9.0])
async def test_either_may_come_first(*, text_first: bool, wait: float) -> None:
    async with started() as world:
        steps = [
            lambda: world.agent.send_stream(text("one"), "a file"),
            lambda: world.agent.send_stream(file("one"), b"content"),
        ]
        for step in steps if text_first else reversed(steps):
            step()
            await asyncio.sleep(wait)
        assert states(world) == ["complete"]
        assert await message(world).attachments[0].read_all() == b"content"


async def test_a_file_that_no_text_lists_is_dropped() -> None:
    async with started(Limits(open_streams=1)) as world:
        sending = world.agent.open_stream(file("nobody's"))
        sending.write(b"some")
        assert any(sending.takers)
        await asyncio.sleep(11)
        sending.write(b"more")
        assert not any(sending.takers)
        world.agent.send_stream(file("one"), b"content")
        world.agent.send_stream(text("one"), "there is room again")
        assert states(world) == ["complete"]
        await asyncio.sleep(11)
        assert states(world) == ["complete"]
        assert await message(world).attachments[0].read_all() == b"content"


async def test_only_who_sent_the_text_can_send_its_files() -> None:
    async with started() as world:
        world.agent.open_stream(text("one")).close()
        room = next(iter(world.agent.network.rooms.values()))
        stranger = room.open_stream("stranger", file("one"))
        stranger.write(b"forged")
        stranger.close()
        assert states(world) == ["pending"]
        world.agent.send_stream(file("one"), b"true")
        assert await message(world).attachments[0].read_all() == b"true"


async def test_a_file_that_is_too_large_names_the_limit() -> None:
    async with started(Limits(attachment_size=10)) as world:
        world.agent.open_stream(text("one", "two")).close()
        world.agent.send_stream(file("one", size=11), b"12345678901")
        world.agent.send_stream(file("two"), b"12345678901")
        assert states(world) == ["broken-off", "broken-off"]
        for one in message(world).attachments:
            assert "Limits.attachment_size is 10" in str(one.error)


async def test_what_has_not_come_when_the_session_ends_is_broken_off() -> None:
    async with started() as world:
        world.agent.open_stream(text("one", "two")).close()
        world.agent.open_stream(file("one")).write(b"half")
        await world.session.end()
        assert states(world) == ["broken-off", "broken-off"]
        for one in message(world).attachments:
            assert one.error is not None
            assert one.error.kind == "run-ended"


async def test_attachments_listed_twice_are_shown_once() -> None:
    async with started() as world:
        world.agent.open_stream(text("one", "one")).close()
        world.agent.send_stream(file("one"), b"content")
        assert states(world) == ["complete"]


async def test_there_is_nothing_to_read_of_what_has_not_come() -> None:
    with pytest.raises(ValueError, match="pending"):
        await Attachment("one").read_all()
    with pytest.raises(ValueError, match="pending"):
        await Attachment("one").save("/nowhere")


# Sent ---------------------------------------------------------------------------------------------


async def test_files_follow_the_text_in_order(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("a.png", "b.txt")]
    for path in paths:
        path.write_bytes(path.name.encode() * 50_000)
    async with started() as world:
        seen: list[tuple[Attachment, ...]] = []
        world.session.messages.subscribe(
            lambda messages: seen.extend(one.attachments for one in messages if one.attachments)
        )
        sent = await world.session.send("look", attachments=paths)
        listed, *files = [one for one in world.agent.received if one.info.topic == CHAT]
        assert listed.payload == "look"
        assert listed.info.attachments == tuple(one.info.id for one in files)
        assert [one.info.name for one in files] == ["a.png", "b.txt"]
        assert [one.payload for one in files] == [path.read_bytes() for path in paths]
        assert sent.status is MessageStatus.SENT
        assert [one.state for one in sent.attachments] == [AttachmentState.COMPLETE] * 2
        assert [one.transferred for one in sent.attachments] == [250_000] * 2
        assert [one.mime_type for one in sent.attachments] == ["image/png", "text/plain"]
        assert [one.state.value for one in seen[0]] == ["pending", "pending"], "shown at once"
        assert world.agent.heard == ["look"]
        with pytest.raises(ValueError, match="one's own"):
            await sent.attachments[0].read_all()


async def test_nothing_is_sent_when_a_file_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(b"x" * 11)
    (tmp_path / "small").write_bytes(b"x")
    async with started(Limits(attachment_size=10)) as world:
        with pytest.raises(FileNotFoundError):
            await world.session.send("look", attachments=[tmp_path / "small", tmp_path / "none"])
        with pytest.raises(StreamError, match=r"Limits\.attachment_size is 10"):
            await world.session.send("look", attachments=[tmp_path / "small", tmp_path / "large"])
        with pytest.raises(TypeError, match="list"):
            await world.session.send("look", attachments=str(tmp_path / "small"))
        assert list(world.session.messages.value) == []
        assert world.agent.received == []


async def test_a_file_that_fails_shows_and_raises_and_the_next_one_is_sent(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.write_bytes(b"x" * 1_000_000)
    second.write_bytes(b"x" * 10)
    async with started() as world:
        sending = asyncio.create_task(world.session.send("look", attachments=[first, second]))
        await asyncio.sleep(0)
        first.write_bytes(b"")
        with pytest.raises(StreamError, match="shorter"):
            await sending
        assert message(world).status is MessageStatus.SENT
        assert states(world) == ["broken-off", "complete"]


async def test_files_of_a_text_that_is_not_sent_are_not_either(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"x")
    async with started() as world:
        world.agent.crash()
        sending = asyncio.create_task(world.session.send("look", attachments=[path]))
        await asyncio.sleep(0)
        assert states(world) == ["pending"]
        await world.session.end()
        with pytest.raises(SendError):
            await sending
        assert states(world) == ["broken-off"]
        assert message(world).status is MessageStatus.FAILED


async def test_a_session_that_ends_between_two_files(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("a", "b", "c")]
    for path in paths:
        path.write_bytes(b"x" * 6_000_000)
    async with started() as world:
        sending = asyncio.create_task(world.session.send("look", attachments=paths))
        await world.session.wait_until(
            lambda now: any(
                one.attachments and one.attachments[1].state is AttachmentState.TRANSFERRING
                for one in now.messages
            )
        )
        await world.session.end()
        with pytest.raises(StreamError) as caught:
            await sending
        assert caught.value.kind == "run-ended"
        assert states(world) == ["complete", "broken-off", "broken-off"]


async def _fresh() -> World:
    world = World()
    await world.session.start()
    return world


async def _works(world: World) -> None:
    async with asyncio.timeout(60):
        await asyncio.sleep(2)
        final = {"complete", "broken-off", "cancelled"}
        for one in world.session.messages.value:
            assert {each.state.value for each in one.attachments} <= final
        await world.session.send("again", attachments=[__file__])
        assert states(world) == ["complete"]
        await world.session.close()
    world.agent.network.delete_rooms()


def test_cancelling_it_everywhere() -> None:
    paths = [__file__, __file__]
    cancelled = cancel_everywhere(
        _fresh, lambda world: world.session.send("look", attachments=paths), _works
    )
    assert cancelled > 10
