"""The streams of a loopback room: what a user's link takes, and what it sends."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import attrs

from session_fsm.data.info import StreamInfo
from session_fsm.errors import StreamError
from session_fsm.transports.listeners import Feeds, Listeners

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from session_fsm.data.info import StreamHeader, StreamKind
    from session_fsm.transports.loopback.network import LoopbackNetwork
    from session_fsm.transports.loopback.room import LoopbackRoom
    from session_fsm.transports.streams import Opened

CONFIRM: Final = 20.0
"""Seconds in which a receiver must have got all of a stream."""


def described(header: StreamHeader, sender: str, sender_name: str) -> StreamInfo:
    """Return what receivers are told of a stream."""
    return StreamInfo(
        header.id,
        header.kind,
        header.topic,
        sender,
        datetime.now(UTC),
        sender_name,
        header.name,
        header.mime_type,
        header.size,
        header.attributes,
        header.attachments,
    )


@attrs.define(eq=False)
class RoomStream:
    """A stream that somebody is sending to those who were in the room when it was opened.

    Attributes:
        info: What its header says.
        takers: What each receiver takes it with.
        network: What it goes through.
        forget: Called once, when it has ended.
    """

    info: StreamInfo
    takers: list[Feeds]
    network: LoopbackNetwork
    forget: Callable[[RoomStream], None]
    is_open: bool = True

    def write(self, chunk: str | bytes) -> None:
        """Send more of it."""
        if self.is_open and not self.network.is_silent:
            for taker in self.takers:
                taker.feed(chunk)

    def close(self, attributes: Mapping[str, str] | None = None, *, reason: str = "") -> None:
        """End it; with a reason it broke off."""
        if self.is_open:
            self.is_open = False
            self.forget(self)
            for taker in () if self.network.is_silent else self.takers:
                taker.end({**self.info.attributes, **(attributes or {})}, reason or None)


class LoopbackStreams:
    """The streams of one user's link."""

    def __init__(self, identity: str, room: Callable[[], Awaitable[LoopbackRoom]]) -> None:
        """Make it.

        Args:
            identity: Who sends them.
            room: Waits until the link is up, and returns the room; raises when it is left.
        """
        self._identity = identity
        self._room = room
        self._listeners = Listeners()
        self._taken: list[Feeds] = []
        self._writers: set[LoopbackWriter] = set()

    def listen(self, kind: StreamKind, topic: str, opened: Opened) -> None:
        """Call ``opened`` for every stream of this kind and topic."""
        self._listeners.add(kind, topic, opened)

    def take(self, info: StreamInfo) -> Feeds:
        """Take a stream that somebody else in the room opens."""
        feeds = self._listeners.open(info)
        self._taken = [one for one in (*self._taken, feeds) if one]
        return feeds

    async def open(self, header: StreamHeader) -> LoopbackWriter:
        """Open a stream of our own; waits until the link is up.

        Raises:
            StreamError: The room was left.
        """
        room = await self._room()
        writer = LoopbackWriter(room.open_stream(self._identity, header), self._writers.discard)
        self._writers.add(writer)
        return writer

    def break_off(self, reason: str) -> None:
        """End all streams, both ways."""
        taken, self._taken = self._taken, []
        for feeds in taken:
            feeds.end({}, reason)
        for writer in tuple(self._writers):
            writer.break_off(reason)


class LoopbackWriter:
    """One stream of a user."""

    def __init__(self, stream: RoomStream, forget: Callable[[LoopbackWriter], None]) -> None:
        self._stream = stream
        self._forget = forget
        self._broken: str | None = None
        self._ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def write(self, chunk: str | bytes) -> None:
        """Send more of it.

        Raises:
            StreamError: The link broke.
        """
        await asyncio.sleep(0)
        self._check()
        self._stream.write(chunk)

    async def close(self, attributes: Mapping[str, str] | None = None, *, reason: str = "") -> None:
        """End it.

        Raises:
            StreamError: The link broke, or nobody confirmed that it arrived.
        """
        self._check()
        self._stream.close(attributes, reason=reason)
        if self._stream.network.is_silent and not reason:
            await asyncio.wait({self._ended}, timeout=CONFIRM)
            self._check()
            raise StreamError(
                "All of the stream was sent, and nobody confirmed that it arrived.",
                kind="unconfirmed",
            )
        self._forget(self)

    def break_off(self, reason: str) -> None:
        """The link cannot carry it any more."""
        if self._broken is None:
            self._broken = reason
            self._ended.set_result(None)
        self._stream.close(reason=f"the sender is gone: {reason}")
        self._forget(self)

    def _check(self) -> None:
        if self._broken is not None:
            raise StreamError(f"The stream broke off: {self._broken}.", kind="broken-off")
