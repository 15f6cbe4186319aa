"""A token source and a transport that do nothing by themselves: the test says what happens."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import TYPE_CHECKING

import attrs

from session_fsm import ConnectionDetails, SessionError, StreamError, TokenSource

if TYPE_CHECKING:
    from collections.abc import Sequence

    from session_fsm.data.info import StreamHeader
    from session_fsm.events import Fact, RoomJoined
    from session_fsm.tokens import TokenOptions
    from session_fsm.transports.base import Sink
    from session_fsm.transports.streams import StreamWriter


def details(*, dispatches: bool) -> ConnectionDetails:
    claims = {
        "video": {"roomJoin": True, "room": "room"},
        "roomConfig": {"agents": [{"agentName": ""}] if dispatches else []},
    }
    parts = (base64.urlsafe_b64encode(json.dumps(part).encode()) for part in ({}, claims))
    return ConnectionDetails("ws://nowhere", b".".join([*parts, b"none"]).decode().replace("=", ""))


@attrs.define(eq=False)
class SilentTokens(TokenSource):
    """Answers when the test does; once cancelled it lingers until the test lets go."""

    answer: asyncio.Future[ConnectionDetails] | None = None
    let_go: asyncio.Event = attrs.Factory(asyncio.Event)
    forced: list[bool] = attrs.Factory(list)

    async def fetch(
        self, options: TokenOptions | None = None, *, force: bool = False
    ) -> ConnectionDetails:
        self.forced.append(force)
        self.let_go.clear()
        self.answer = asyncio.get_running_loop().create_future()
        try:
            return await self.answer
        except asyncio.CancelledError:
            await self.let_go.wait()
            raise


class NoTracks:
    """Nobody publishes data tracks."""

    def listen(self, *_: object) -> None:
        pass


class SilentStreams:
    """Nobody sends anything, and nothing can be sent."""

    def listen(self, *_: object) -> None:
        pass

    async def open(self, header: StreamHeader) -> StreamWriter:
        raise StreamError("Nothing can be sent.", kind="transport")


@attrs.define(eq=False)
class SilentLink:
    """Tells what the test tells through ``sink``; closes when the test lets go."""

    sink: Sink
    joined: asyncio.Future[RoomJoined | SessionError] = attrs.Factory(
        lambda: asyncio.get_running_loop().create_future()
    )
    let_go: asyncio.Event = attrs.Factory(asyncio.Event)
    sent: list[str] = attrs.Factory(list)
    room: None = None
    publishes: bool = True
    streams: SilentStreams = attrs.Factory(SilentStreams)
    rpc: object = None
    participant: object = None
    data_tracks: NoTracks = attrs.Factory(NoTracks)

    async def connect(self) -> None:
        outcome = await self.joined
        if isinstance(outcome, SessionError):
            raise outcome
        self.sink(outcome)

    async def send_text(
        self, text: str, topic: str, agent: str | None = None, attachments: Sequence[str] = ()
    ) -> None:
        self.sent.append(text)

    async def probe(self, identity: str, timeout: float) -> bool:  # noqa: ASYNC109
        return True

    async def close(self) -> None:
        await self.let_go.wait()


@attrs.define(eq=False)
class SilentTransport:
    """Opens such links."""

    links: list[SilentLink] = attrs.Factory(list)

    def open(self, details: ConnectionDetails, sink: Sink) -> SilentLink:
        self.links.append(SilentLink(sink))
        return self.links[-1]

    def tell(self, fact: Fact) -> None:
        self.links[-1].sink(fact)


async def settle(turns: int = 12) -> None:
    """Let everything run that can run without time passing."""
    for _ in range(turns):
        await asyncio.sleep(0)
