import asyncio
import gc
import os
from pathlib import Path
from typing import Any

import pytest

from session_fsm import IncomingStream, Limits, StreamError, StreamKind, StreamOutcome
from unit.data.streams_world import World, header, started


async def open_and_take(world: World, **options: Any) -> tuple[Any, IncomingStream]:
    sending = world.agent.open_stream(header(**options))
    return sending, world.streams[-1]


async def test_a_stream_is_there_before_its_end() -> None:
    async with started() as world:
        sending, stream = await open_and_take(world, name="a.bin", size=4)
        assert stream.info.name == "a.bin"
        assert stream.info.sender == world.session.agent.identity.value
        assert stream.progress.value.fraction == 0
        sending.write(b"12")
        assert stream.progress.value.fraction == 0.5
        assert stream.end.value is None
        sending.write(b"34")
        sending.close({"more": "later"})
        end = stream.end.value
        assert end is not None
        assert end.outcome is StreamOutcome.COMPLETE
        assert end.attributes == {"more": "later"}
        assert await stream.read_all() == b"1234"


async def test_every_reader_gets_all_of_it_at_its_own_pace() -> None:
    async with started(Limits(stream_memory=10)) as world:
        sending, stream = await open_and_take(world)

        async def read(pause: float) -> bytes:
            whole = b""
            async for piece in stream:
                assert isinstance(piece, bytes)
                whole += piece
                await asyncio.sleep(pause)
            return whole

        readers = [asyncio.create_task(read(pause)) for pause in (0.0, 0.5, 40.0)]
        expected = b""
        for number in range(20):
            piece = bytes([number]) * 7
            expected += piece
            sending.write(piece)
            await asyncio.sleep(0.1)
        sending.close()
        assert await asyncio.gather(*readers) == [expected] * 3
        assert await stream.read_all() == expected, "also when it is long over"


async def test_what_came_before_a_break_is_delivered_and_then_the_error_raised(
    tmp_path: Path,
) -> None:
    async with started() as world:
        sending, stream = await open_and_take(world, name="half.bin")
        sending.write(b"half")
        world.agent.crash()
        got: list[Any] = []

        async def read() -> None:
            async for piece in stream:
                got.append(piece)  # noqa: PERF401 - it raises

        with pytest.raises(StreamError, match="left in the middle") as caught:
            await read()
        assert got == [b"half"]
        assert caught.value.kind == "broken-off"
        with pytest.raises(StreamError):
            await stream.read_all()
        with pytest.raises(StreamError):
            await stream.save(tmp_path)
        assert os.listdir(tmp_path) == [], "nothing half-written is left"  # noqa: PTH208
        assert stream.end.value is not None
        assert stream.end.value.outcome is StreamOutcome.BROKEN_OFF
        assert stream.end.value.error is caught.value


@pytest.mark.parametrize(
    ("what", "kind", "outcome"),
    [
        ("drop", "broken-off", StreamOutcome.BROKEN_OFF),
        ("cut", "run-ended", StreamOutcome.BROKEN_OFF),
        ("end", "run-ended", StreamOutcome.BROKEN_OFF),
        ("cancel", "cancelled", StreamOutcome.CANCELLED),
    ],
)
async def test_every_end_is_seen_by_readers_and_in_the_stores(
    what: str, kind: str, outcome: StreamOutcome
) -> None:
    async with started() as world:
        sending, stream = await open_and_take(world)
        sending.write(b"some")
        reading = asyncio.create_task(stream.read_all())
        done: list[str] = []
        stream.end.subscribe(lambda _: None, on_completed=lambda: done.append("end"))
        await asyncio.sleep(1)
        match what:
            case "drop":
                world.agent.network.drop()
            case "cut":
                world.agent.network.cut()
            case "end":
                await world.session.end()
            case _:
                stream.cancel()
        with pytest.raises(StreamError) as caught:
            await reading
        # A link that is gone for good ends the stream before it ends the session.
        assert caught.value.kind in {kind, "broken-off"} if what == "cut" else kind
        assert stream.end.value is not None
        assert stream.end.value.outcome is outcome
        assert done == ["end"]
        sending.write(b"late")
        sending.close()
        assert stream.progress.value.transferred == 4
        assert stream.end.value.outcome is outcome, "the first end counts"


async def test_several_subscribers_share_a_topic_and_the_topic_survives_restarts() -> None:
    async with started() as world:
        others: list[IncomingStream] = []
        completed: list[bool] = []
        streams = world.session.byte_streams("files")
        assert streams is world.session.byte_streams("files")
        streams.subscribe(others.append, on_completed=lambda: completed.append(True))
        world.agent.send_stream(header(), b"first")
        await world.session.end()
        assert completed == []
        await world.session.start()
        late = world.session.byte_streams("late")
        later: list[IncomingStream] = []
        late.subscribe(later.append)
        world.agent.send_stream(header(), b"second")
        world.agent.send_stream(header("late"), b"third")
        assert [await one.read_all() for one in others] == [b"first", b"second"]
        assert world.streams == others
        assert [await one.read_all() for one in later] == [b"third"]
        await world.session.close()
        assert completed == [True]
        assert [await one.read_all() for one in others] == [b"first", b"second"], "still there"
        done: list[bool] = []
        world.session.text_streams("new").subscribe(on_completed=lambda: done.append(True))
        assert done == [True]


async def test_what_nobody_asked_for_is_not_kept() -> None:
    async with started() as world:
        world.session.byte_streams("unheard")
        for topic, kind in (("unheard", "bytes"), ("files", "text"), ("else", "bytes")):
            sending = world.agent.open_stream(header(topic, StreamKind(kind)))
            assert not any(sending.takers)
        assert world.streams == []


async def test_a_subscriber_that_raises_disturbs_nobody() -> None:
    async with started() as world:

        def fail(_: object) -> None:
            raise RuntimeError("a broken observer")

        world.session.byte_streams("files").subscribe(fail)
        seen: list[IncomingStream] = []
        world.session.byte_streams("files").subscribe(seen.append)
        sending, stream = await open_and_take(world)
        stream.progress.subscribe(fail)
        sending.write(b"fine")
        sending.close()
        assert await seen[0].read_all() == b"fine"


@pytest.mark.parametrize("word", ["héllo wörld", "日本語" * 50, "🙂" * 20, ""])
async def test_a_text_comes_as_text_whatever_its_pieces(word: str) -> None:
    async with started(Limits(stream_memory=5)) as world:
        sending = world.agent.open_stream(header("notes", StreamKind.TEXT))
        for one in word:
            sending.write(one)
        sending.close()
        stream = world.texts[0]
        assert "".join([str(piece) async for piece in stream]) == word
        assert await stream.read_all() == word
        assert stream.progress.value.transferred == len(word.encode())


async def test_a_text_that_is_written_slowly_is_read_as_it_comes() -> None:
    async with started() as world:
        sending = world.agent.open_stream(header("notes", StreamKind.TEXT))
        seen: list[Any] = []

        async def read() -> None:
            async for piece in world.texts[0]:
                seen.append(piece)  # noqa: PERF401 - looked at while it grows

        reading = asyncio.create_task(read())
        for word in ("one ", "two ", "three"):
            sending.write(word)
            await asyncio.sleep(1)
            assert seen[-1] == word
        sending.close()
        await reading
        assert seen == ["one ", "two ", "three"]


# Limits -------------------------------------------------------------------------------------------


async def test_a_stream_that_is_too_long_ends_with_the_name_of_the_limit() -> None:
    async with started(Limits(stream_size=10)) as world:
        sending, stream = await open_and_take(world)
        sending.write(b"123456789")
        sending.write(b"123456789")
        assert not any(sending.takers), "no more of it is taken"
        with pytest.raises(StreamError, match=r"Limits\.stream_size is 10") as caught:
            await stream.read_all()
        assert caught.value.kind == "limit"
        assert stream.progress.value.transferred == 9


async def test_a_stream_that_says_that_it_is_too_long_is_refused_at_once() -> None:
    async with started(Limits(stream_size=10)) as world:
        sending, stream = await open_and_take(world, size=11)
        assert not any(sending.takers)
        assert stream.end.value is not None
        assert "stream_size" in str(stream.end.value.error)


async def test_too_many_open_streams_are_refused_with_the_name_of_the_limit() -> None:
    async with started(Limits(open_streams=2)) as world:
        sendings = [world.agent.open_stream(header()) for _ in range(3)]
        end = world.streams[2].end.value
        assert end is not None
        assert "Limits.open_streams is 2" in str(end.error)
        sendings[0].close()
        world.agent.send_stream(header(), b"there is room again")
        assert await world.streams[3].read_all() == b"there is room again"


async def test_read_all_takes_no_more_than_it_was_told_to() -> None:
    async with started() as world:
        world.agent.send_stream(header(), b"12345")
        assert await world.streams[0].read_all(5) == b"12345"
        with pytest.raises(StreamError, match="4 bytes") as caught:
            await world.streams[0].read_all(4)
        assert caught.value.kind == "limit"
        assert await world.streams[0].read_all() == b"12345", "the stream itself is whole"


async def test_a_long_stream_goes_to_a_file_that_is_gone_with_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    async with started(Limits(stream_memory=1000)) as world:
        sending = world.agent.open_stream(header())
        for number in range(100):
            sending.write(bytes([number]) * 100)
            await asyncio.sleep(0)
        sending.close()
        assert len(os.listdir(tmp_path)) == 1  # noqa: PTH208
        assert await world.streams[0].read_all() == b"".join(bytes([n]) * 100 for n in range(100))
        await world.session.end()
        del sending
        world.streams.clear()
        gc.collect()
        assert os.listdir(tmp_path) == []  # noqa: PTH208


async def test_a_disk_that_is_full_ends_the_stream_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(**_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tempfile.mkstemp", full)
    async with started(Limits(stream_memory=10)) as world:
        sending = world.agent.open_stream(header())
        sending.write(b"x" * 11)
        await asyncio.sleep(1)
        with pytest.raises(StreamError, match="No space left on device"):
            await world.streams[0].read_all()
