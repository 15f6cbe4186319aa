import asyncio
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from session_fsm import (
    Session,
    SessionStateError,
    StreamError,
    StreamKind,
    StreamOutcome,
    TokenSource,
)
from session_fsm.testing import ScriptedAgent
from unit.data.streams_world import started


async def test_a_file_arrives_with_its_name_type_and_size(tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    content = bytes(range(256)) * 1000
    path.write_bytes(content)
    async with started() as world:
        stream = world.session.send_file(path, "files", attributes={"why": "a test"})
        steps: list[int] = []
        stream.progress.subscribe(lambda now: steps.append(now.transferred))
        sent = await stream
        (got,) = world.agent.received
        assert got.payload == content
        assert got.is_complete
        assert (got.info.name, got.info.mime_type) == ("picture.png", "image/png")
        assert got.info.size == sent.size == len(content)
        assert got.info.attributes == {"why": "a test"}
        assert got.info.id == sent.id
        assert all(len(piece) <= 60_000 for piece in got.pieces)
        assert steps[0] == 0
        assert steps[-1] == len(content)
        assert len(steps) > 4
        assert stream.end.value is not None
        assert stream.end.value.outcome is StreamOutcome.COMPLETE
        assert await world.streams[0].read_all() == content, "the agent sends it back"
        assert world.streams[0].info.name == "picture.png"


async def test_bytes_arrive(tmp_path: Path) -> None:
    async with started() as world:
        await world.session.send_bytes(b"", "empty", name="nothing.txt")
        await world.session.send_bytes(b"1" * 130_000, "some")
        assert [one.payload for one in world.agent.received] == [b"", b"1" * 130_000]
        assert world.agent.received[0].info.mime_type == "text/plain"
        assert world.agent.received[1].info.mime_type == "application/octet-stream"


async def test_a_text_is_written_bit_by_bit() -> None:
    async with started() as world:
        async with world.session.send_text_stream("notes", attributes={"a": "b"}) as stream:
            await stream.write("eins ")
            (got,) = world.agent.received
            assert got.payload == "eins "
            assert got.info.kind is StreamKind.TEXT
            assert not got.is_complete
            await stream.write("zwölf")
        assert got.payload == "eins zwölf"
        assert got.is_complete
        assert got.info.attributes == {"a": "b"}
        assert stream.progress.value.transferred == len("eins zwölf".encode())
        assert await world.texts[0].read_all() == "eins zwölf"
        with pytest.raises(StreamError):
            await stream.write("more")


async def test_a_text_that_is_left_by_an_exception_breaks_off() -> None:
    async with started() as world:
        stream = world.session.send_text_stream("other")

        async def write() -> None:
            async with stream:
                await stream.write("half")
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await write()
        (got,) = world.agent.received
        assert got.error is not None
        assert stream.end.value is not None
        assert stream.end.value.outcome is StreamOutcome.BROKEN_OFF


async def test_only_whom_it_is_for_gets_it() -> None:
    async with started() as world:
        agent = world.session.agent.identity.value
        assert agent is not None
        await world.session.send_bytes(b"for you", "other", to=agent)
        await world.session.send_bytes(b"for both", "other", to=["somebody", agent])
        await world.session.send_bytes(b"for somebody", "other", to="somebody")
        assert [one.payload for one in world.agent.received] == [b"for you", b"for both"]


async def test_cancelling_a_stream_breaks_it_off_for_its_receiver(tmp_path: Path) -> None:
    async with started() as world:
        stream = world.session.send_bytes(b"1" * 6_000_000, "other")
        await asyncio.sleep(0)
        async with aclosing(stream.progress.values()) as steps:
            async for now in steps:
                if now.transferred:
                    break
        stream.cancel()
        with pytest.raises(StreamError) as caught:
            await stream
        assert caught.value.kind == "cancelled"
        await asyncio.sleep(1)
        (got,) = world.agent.received
        assert got.error is not None
        assert stream.end.value is not None
        assert stream.end.value.outcome is StreamOutcome.CANCELLED
        stream.cancel()
        await world.session.send_bytes(b"next", "other")


async def test_cancelling_whoever_awaits_a_stream_cancels_it() -> None:
    async with started() as world:
        stream = world.session.send_bytes(b"1" * 6_000_000, "other")

        async def wait() -> None:
            await stream

        waiting = asyncio.create_task(wait())
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert stream.end.value is not None
        assert stream.end.value.outcome is StreamOutcome.CANCELLED


@pytest.mark.parametrize(
    ("what", "kind"),
    [("drop", "broken-off"), ("end", "run-ended"), ("cut", None), ("close", "run-ended")],
)
async def test_a_stream_ends_when_its_link_or_its_session_does(what: str, kind: str | None) -> None:
    async with started() as world:
        file = world.session.send_bytes(b"1" * 60_000_000, "other")

        async def write() -> None:
            async with world.session.send_text_stream("other") as text:
                await text.write("half")
                match what:
                    case "drop":
                        world.agent.network.drop()
                    case "cut":
                        world.agent.network.cut()
                    case "end":
                        await world.session.end()
                    case _:
                        await world.session.close()
                await text.write("the other half")

        with pytest.raises(StreamError) as caught:
            await asyncio.wait_for(write(), 60)
        with pytest.raises(StreamError) as of_file:
            await file
        for error in (caught.value, of_file.value):
            assert error.kind == kind or kind is None
        assert all(one.error for one in world.agent.received)
        if what == "drop":
            world.agent.network.restore()
            await world.session.send_bytes(b"and on", "other")


async def test_a_stream_to_nobody_is_sent_while_the_link_is_restored() -> None:
    async with started() as world:
        world.agent.network.drop()
        stream = world.session.send_bytes(b"later", "other")
        await asyncio.sleep(5)
        assert stream.end.value is None
        world.agent.network.restore()
        await stream
        assert [one.payload for one in world.agent.received] == [b"later"]


@pytest.mark.parametrize(("noticed_after", "kind"), [(5, "broken-off"), (None, "unconfirmed")])
async def test_nothing_counts_as_complete_that_nobody_confirmed(
    noticed_after: float | None, kind: str
) -> None:
    """The link is lost, and nobody knows it yet."""
    async with started() as world:
        world.agent.network.is_silent = True
        stream = world.session.send_bytes(b"into the void", "other")
        if noticed_after is not None:
            asyncio.get_running_loop().call_later(noticed_after, world.agent.network.drop)
        with pytest.raises(StreamError) as caught:
            await stream
        assert caught.value.kind == kind
        assert world.agent.received == []
        assert stream.end.value is not None
        assert stream.end.value.outcome is StreamOutcome.BROKEN_OFF


async def test_a_text_is_written_once() -> None:
    async with started() as world:
        stream = world.session.send_text_stream("other")
        with pytest.raises(StreamError, match="within its block"):
            await stream.write("too early")
        async with stream:
            await stream.write("once")
        with pytest.raises(StreamError, match="written once"):
            await stream.__aenter__()
        assert [one.payload for one in world.agent.received] == ["once"]


async def test_wrong_times_and_wrong_arguments(tmp_path: Path) -> None:
    session = Session(TokenSource.loopback(ScriptedAgent()))
    calls: list[Any] = [
        lambda: session.send_bytes(b"", "t"),
        lambda: session.send_text_stream("t"),
        lambda: session.send_file(__file__, "t"),
    ]
    for call in calls:
        with pytest.raises(SessionStateError) as caught:
            call()
        assert caught.value.kind == "not-running"
    starting = asyncio.create_task(session.start())
    await asyncio.sleep(0)
    for call in calls:
        with pytest.raises(SessionStateError):
            call()
    await starting
    with pytest.raises(FileNotFoundError, match=r"nothing\.bin"):
        session.send_file(tmp_path / "nothing.bin", "t")
    with pytest.raises(IsADirectoryError, match="no plain file"):
        session.send_file(tmp_path, "t")
    with pytest.raises(ValueError, match="topic"):
        session.send_bytes(b"", "")
    with pytest.raises(ValueError, match="names nobody"):
        session.send_bytes(b"", "t", to=[])
    with pytest.raises(TypeError, match="attributes"):
        session.send_bytes(b"", "t", attributes={"a": 1})  # type: ignore[dict-item]
    with pytest.raises(TypeError, match="data"):
        session.send_bytes("text", "t")  # type: ignore[arg-type]
    async with session.send_text_stream("t") as stream:
        with pytest.raises(TypeError):
            await stream.write(b"bytes")  # type: ignore[arg-type]
    await session.close()
    for call in calls:
        with pytest.raises(SessionStateError):
            call()


async def test_a_file_that_becomes_shorter_is_broken_off(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.write_bytes(b"1" * 1_000_000)
    async with started() as world:
        stream = world.session.send_file(path, "other")
        path.write_bytes(b"")
        with pytest.raises(StreamError, match="shorter"):
            await stream
        await asyncio.sleep(1)
        assert world.agent.received[0].error is not None


async def test_a_stream_that_nobody_awaits_complains_to_nobody(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with started() as world:
        world.session.send_bytes(b"1" * 60_000_000, "other")
        await world.session.end()
        await asyncio.sleep(1)
    assert caplog.records == []
