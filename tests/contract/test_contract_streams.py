"""Text and byte streams, both ways, on both sides."""

import asyncio
import hashlib
from contextlib import aclosing
from pathlib import Path

import pytest

from contract.calls import PATIENCE, converse, until
from contract.sides import Side
from session_fsm import (
    IncomingStream,
    Limits,
    Session,
    StreamError,
    StreamKind,
    StreamOutcome,
)

CONTENT = bytes(range(256)) * 2_000


def byte_streams(session: Session, topic: str = "files") -> list[IncomingStream]:
    seen: list[IncomingStream] = []
    session.byte_streams(topic).subscribe(seen.append)
    return seen


def text_streams(session: Session, topic: str = "notes") -> list[IncomingStream]:
    seen: list[IncomingStream] = []
    session.text_streams(topic).subscribe(seen.append)
    return seen


async def test_a_file_goes_to_the_agent_and_back(side: Side, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(CONTENT)
    async with asyncio.timeout(60), Session(side.source()) as session:
        came = byte_streams(session)
        await session.start()
        agent = session.agent.identity.value
        assert agent is not None
        stream = session.send_file(tmp_path / "a.png", "files", to=agent, attributes={"a": "b"})
        steps: list[int] = []
        stream.progress.subscribe(lambda now: steps.append(now.transferred))
        await stream
        assert steps[0] == 0
        assert steps[-1] == len(CONTENT)
        assert len(steps) > 5
        await until(lambda: came)
        back = came[0]
        assert back.info.sender == agent
        assert (back.info.name, back.info.mime_type) == ("a.png", "image/png")
        assert back.info.size == len(CONTENT)
        assert back.info.attributes == {"a": "b"}
        assert back.info.timestamp.utcoffset() is not None
        saved = await back.save(tmp_path)
        assert saved == tmp_path / "a (2).png"
        assert saved.read_bytes() == CONTENT
        assert back.progress.value.fraction == 1
        assert back.end.value is not None
        assert back.end.value.outcome is StreamOutcome.COMPLETE
        await converse(session)


async def test_a_text_goes_to_the_agent_and_back_as_it_is_written(side: Side) -> None:
    async with asyncio.timeout(60), Session(side.source()) as session:
        came = text_streams(session)
        await session.start()
        async with session.send_text_stream("notes", attributes={"x": "y"}) as stream:
            for word in ("Grüße ", "an ", "日本"):
                await stream.write(word)
        await until(lambda: came)
        assert await came[0].read_all() == "Grüße an 日本"
        assert came[0].info.kind is StreamKind.TEXT
        assert came[0].info.attributes == {"x": "y"}


async def test_two_sessions_and_one_for_whom_it_is_not(side: Side) -> None:
    room = side.fresh_room()
    async with (
        asyncio.timeout(60),
        Session(side.source(room)) as first,
        Session(side.source(room, identity="second")) as second,
        Session(side.source(room, identity="third")) as third,
    ):
        came = [byte_streams(one, "other") for one in (first, second, third)]
        for one in (first, second, third):
            await one.start()
        await first.send_bytes(b"for everybody", "other", name="all.txt")
        await first.send_bytes(b"for one", "other", to="second")
        await until(lambda: len(came[1]) == 2)
        assert [await one.read_all() for one in came[1]] == [b"for everybody", b"for one"]
        assert [one.info.sender for one in came[1]] == ["user", "user"]
        assert [await one.read_all() for one in came[2]] == [b"for everybody"]
        assert came[0] == [], "not to oneself"


async def test_the_topics_of_the_conversation_are_free_for_others_too(side: Side) -> None:
    async with asyncio.timeout(60), Session(side.source()) as session:
        transcripts = text_streams(session, "lk.transcription")
        await session.start()
        await converse(session)
        assert [str(await one.read_all()).strip() for one in transcripts] == ["echo: hello"]


async def test_a_topic_survives_restarts(side: Side) -> None:
    async with asyncio.timeout(90), Session(side.source()) as session:
        came = byte_streams(session)
        for number in range(2):
            await session.start()
            await session.send_bytes(b"%d" % number, "files")
            await until(lambda number=number: len(came) > number)
            assert await came[number].read_all() == b"%d" % number
            await session.end()


async def test_a_stream_that_its_sender_cancels_breaks_off(side: Side) -> None:
    room = side.fresh_room()
    async with (
        asyncio.timeout(60),
        Session(side.source(room)) as first,
        Session(side.source(room, identity="second")) as second,
    ):
        came = byte_streams(second, "other")
        await first.start()
        await second.start()
        sending = first.send_bytes(b"x" * 20_000_000, "other")
        await until(lambda: came and came[0].progress.value.transferred)
        sending.cancel()
        with pytest.raises(StreamError) as caught:
            await came[0].read_all()
        assert caught.value.kind == "broken-off"
        with pytest.raises(StreamError) as caught:
            await sending
        assert caught.value.kind == "cancelled"
        await first.send_bytes(b"and on", "other")
        await until(lambda: len(came) == 2)
        assert await came[1].read_all() == b"and on"
        await converse(first)


async def test_a_stream_that_its_receiver_cancels_ends_there(side: Side) -> None:
    async with asyncio.timeout(60), Session(side.source()) as session:
        came = byte_streams(session)
        await session.start()
        await session.send_bytes(CONTENT * 4, "files")
        await until(lambda: came and came[0].progress.value.transferred)
        came[0].cancel()
        assert came[0].end.value is not None
        await session.send_bytes(b"next", "files")
        await until(lambda: len(came) == 2)
        assert await came[1].read_all() == b"next"
        await converse(session)


@pytest.mark.parametrize("how", ["end", "leave", "throw out", "delete"])
async def test_every_reader_ends(side: Side, how: str) -> None:
    """Whoever is gone: one's own session, the sender, or the room."""
    room = side.fresh_room()
    async with (
        asyncio.timeout(90),
        Session(side.source(room)) as first,
        Session(side.source(room, identity="second")) as second,
    ):
        came = text_streams(second, "other")
        await first.start()
        await second.start()
        writer = first.send_text_stream("other")
        await writer.__aenter__()
        await writer.write("half of it")
        await until(lambda: came and came[0].progress.value.transferred)
        match how:
            case "end":
                await second.end()
            case "leave":
                await first.end()
            case "throw out":
                await side.remove_user(room, "user")
            case _:
                await side.delete_room(room)
        got: list[object] = []

        async def read() -> None:
            async for piece in came[0]:
                got.append(piece)  # noqa: PERF401 - it raises

        with pytest.raises(StreamError) as caught:
            await asyncio.wait_for(read(), PATIENCE)
        assert got == ["half of it"]
        assert caught.value.kind in {"broken-off", "run-ended"}
        assert came[0].end.value is not None
        assert came[0].end.value.outcome is StreamOutcome.BROKEN_OFF
        await first.end()
        with pytest.raises(StreamError):
            await writer.write("the other half")


async def test_a_link_that_is_rebuilt_ends_streams_and_the_session_goes_on(side: Side) -> None:
    room = side.fresh_room()
    async with asyncio.timeout(120), Session(side.source(room)) as session:
        came = byte_streams(session)
        await session.start()
        await converse(session, "before")
        sending = session.send_bytes(b"x" * 8_000_000, "files")
        async with aclosing(sending.progress.values()) as steps:
            async for now in steps:
                if now.transferred:
                    break
        await side.break_link(session, "rebuilt")
        await side.mend_link(session)
        with pytest.raises(StreamError) as caught:
            await sending
        assert caught.value.kind == "broken-off"
        await session.wait_until(lambda now: not now.is_reconnecting, PATIENCE)
        await converse(session, "after")
        await session.send_bytes(CONTENT, "files")
        await until(lambda: came)
        assert hashlib.sha256(bytes(await came[-1].read_all())).digest() == (  # type: ignore[arg-type]
            hashlib.sha256(CONTENT).digest()
        )


async def test_limits_hold(side: Side) -> None:
    limits = Limits(stream_size=100_000, stream_memory=1)
    async with asyncio.timeout(60), Session(side.source(), limits=limits) as session:
        came = byte_streams(session)
        await session.start()
        await session.send_bytes(b"x" * 100_001, "files")
        await until(lambda: came)
        with pytest.raises(StreamError, match="stream_size"):
            await came[0].read_all()
        await session.send_bytes(b"x" * 100_000, "files")
        await until(lambda: len(came) == 2)
        assert len(await came[1].read_all()) == 100_000


async def test_files_that_go_with_a_text(side: Side, tmp_path: Path) -> None:
    paths = [tmp_path / "a.png", tmp_path / "b.txt"]
    for path in paths:
        path.write_bytes(path.name.encode() * 60_000)
    room = side.fresh_room()
    async with (
        asyncio.timeout(90),
        Session(side.source(room)) as first,
        Session(side.source(room, identity="second")) as second,
    ):
        await first.start()
        await second.start()
        seen = first.room.remote_participants if first.room else {"second": None}
        await until(lambda: "second" in seen)  # texts go to those who are seen: 3 s late
        sent = await first.send("look at these", attachments=paths)
        assert [one.state.value for one in sent.attachments] == ["complete"] * 2
        now = await second.wait_until(
            lambda now: any(
                [each.state.value for each in one.attachments] == ["complete"] * 2
                for one in now.messages
            ),
            PATIENCE,
        )
        (got,) = (one for one in now.messages if one.attachments)
        assert got.text == "look at these"
        assert got.sender == "participant:user", "the other session is called like a role"
        assert [one.name for one in got.attachments] == ["a.png", "b.txt"]
        assert [one.id for one in got.attachments] == [one.id for one in sent.attachments]
        for one, path in zip(got.attachments, paths, strict=True):
            assert await one.read_all() == path.read_bytes()
            saved = await one.save(tmp_path)
            assert saved.read_bytes() == path.read_bytes()
        assert "look at these" in side.heard(room)


async def test_files_that_come_with_a_text(side: Side) -> None:
    async with asyncio.timeout(60), Session(side.source()) as session:
        await session.start()
        await side.agent_attaches(session)
        now = await session.wait_until(
            lambda now: any(
                one.attachments and all(each.state.value in ENDED for each in one.attachments)
                for one in now.messages
            ),
            PATIENCE,
        )
        (got,) = (one for one in now.messages if one.attachments)
        assert got.text == "two files"
        assert got.final
        assert [one.state.value for one in got.attachments] == ["complete", "broken-off"]
        assert [one.name for one in got.attachments] == ["file 0.txt", "file 1.txt"]
        whole, half = got.attachments
        assert await whole.read_all() == b"x" * 20_000 + b"y" * 20_000
        assert whole.transferred == whole.size == 40_000
        assert half.error is not None
        assert half.error.kind == "broken-off"
        await converse(session)


ENDED = {"complete", "broken-off"}
