"""A session on a loopback, an agent that echoes streams, and the streams that come."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

from session_fsm import IncomingStream, Limits, Session, StreamKind, TokenSource
from session_fsm.data.info import StreamHeader
from session_fsm.testing import ScriptedAgent


def header(
    topic: str = "files",
    kind: StreamKind = StreamKind.BYTES,
    *,
    name: str = "",
    size: int | None = None,
    to: tuple[str, ...] = (),
) -> StreamHeader:
    return StreamHeader(str(uuid4()), kind, topic, to, name, size=size)


class World:
    """`streams` are those of the topic "files", and `texts` those of "notes"."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.agent = ScriptedAgent(echoes=("files", "notes"))
        self.session = Session(TokenSource.loopback(self.agent), limits=limits or Limits())
        self.streams: list[IncomingStream] = []
        self.texts: list[IncomingStream] = []
        self.session.byte_streams("files").subscribe(self.streams.append)
        self.session.text_streams("notes").subscribe(self.texts.append)


@asynccontextmanager
async def started(limits: Limits | None = None) -> AsyncIterator[World]:
    world = World(limits)
    async with asyncio.timeout(600), world.session:
        await world.session.start()
        yield world
    world.agent.network.delete_rooms()
