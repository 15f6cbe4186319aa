"""Data tracks between two people in a room."""

import asyncio
from contextlib import aclosing

import pytest

from contract.calls import until
from contract.sides import Side
from session_fsm import Session, StreamError


async def test_frames_reach_the_others_until_the_track_is_taken_back(side: Side) -> None:
    async with asyncio.timeout(60), Session(side.source(dispatch=False)) as one:
        await one.start()
        source = side.source(side.rooms[0], identity="other", dispatch=False)
        async with Session(source) as other:
            await other.start()
            track = await one.publish_data_track("pointer")
            await until(lambda: other.data_tracks.value)
            seen = other.data_tracks.value[0]
            assert (seen.name, seen.publisher) == ("pointer", "user")
            assert one.data_tracks.value == ()
            got: list[tuple[bytes, int | None]] = []

            async def read() -> None:
                async with aclosing(seen.frames()) as frames:
                    async for frame in frames:
                        got.append((frame.payload, frame.timestamp))  # noqa: PERF401 - read meanwhile

            reading = asyncio.create_task(read())
            while not got:
                track.push(b"x", 5)
                await asyncio.sleep(0.02)
            assert set(got) == {(b"x", 5)}
            await track.unpublish()
            await reading
            await until(lambda: not other.data_tracks.value)
            track.push(b"late")
            assert track.dropped >= 1


async def test_a_track_ends_with_its_publisher_and_with_the_session(side: Side) -> None:
    async with asyncio.timeout(60), Session(side.source(dispatch=False)) as one:
        await one.start()
        source = side.source(side.rooms[0], identity="other", dispatch=False)
        async with Session(source) as other:
            await other.start()

            async def read_all(reader: Session) -> None:
                async for _ in reader.data_tracks.value[0].frames():
                    pass

            await one.publish_data_track("a")
            theirs = await other.publish_data_track("b")
            await until(lambda: other.data_tracks.value and one.data_tracks.value)
            reads = [asyncio.create_task(read_all(one)), asyncio.create_task(read_all(other))]
            await asyncio.sleep(0.1)
            await other.end()
            await asyncio.gather(*reads)
            theirs.push(b"late")
            assert theirs.dropped == 1
            await until(lambda: not one.data_tracks.value)


async def test_a_name_that_is_taken_is_refused(side: Side) -> None:
    async with asyncio.timeout(60), Session(side.source(dispatch=False)) as one:
        await one.start()
        await one.publish_data_track("same")
        with pytest.raises(StreamError):
            await one.publish_data_track("same")
        with pytest.raises(TypeError):
            (await one.publish_data_track("other")).push("text")  # type: ignore[arg-type]
