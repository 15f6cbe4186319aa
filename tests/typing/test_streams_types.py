"""What type checkers are told about streams and attachments; the checkers are the test."""

from __future__ import annotations

from pathlib import Path
from typing import assert_type

from session_fsm import (
    Attachment,
    IncomingStream,
    Message,
    OutgoingStream,
    OutgoingText,
    Progress,
    Session,
    StreamEnd,
    StreamHeader,
)
from stores import EventStream, Store


async def receives(session: Session) -> None:
    streams = session.byte_streams("files")
    assert_type(streams, EventStream[IncomingStream])
    assert_type(session.text_streams("notes"), EventStream[IncomingStream])
    async for stream in streams.values():
        assert_type(stream, IncomingStream)
        assert_type(stream.progress, Store[Progress])
        assert_type(stream.end, Store[StreamEnd | None])
        async for piece in stream:
            assert_type(piece, str | bytes)
        assert_type(await stream.read_all(limit=5), str | bytes)
        assert_type(await stream.save("folder"), Path)


async def sends(session: Session) -> None:
    stream = session.send_file(Path("a"), "files", to=["one", "two"], attributes={"a": "b"})
    assert_type(stream, OutgoingStream)
    assert_type(await stream, StreamHeader)
    assert_type(session.send_bytes(b"", "files", to="one"), OutgoingStream)
    async with session.send_text_stream("notes") as text:
        assert_type(text, OutgoingText)
        await text.write("word")


async def attaches(session: Session) -> None:
    message = await session.send("look", attachments=["a.png", Path("b.png")])
    assert_type(message, Message)
    assert_type(message.attachments, tuple[Attachment, ...])
    assert_type(await message.attachments[0].read_all(), bytes)
