"""The part of the port that streams go through, both ways."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from session_fsm.data.info import StreamHeader, StreamInfo, StreamKind

    Opened: TypeAlias = Callable[[StreamInfo], "StreamFeed | None"]


class StreamFeed(Protocol):
    """Takes what arrives of one stream."""

    def feed(self, chunk: str | bytes) -> bool:
        """Take a chunk; False: no more of it is wanted, and ``end`` is not called."""
        ...

    def end(self, attributes: Mapping[str, str], error: str | None) -> None:
        """The stream has ended; called once.

        Args:
            attributes: The trailer's attributes; they override the header's.
            error: Why it broke off, or None where it is complete.
        """
        ...


class StreamWriter(Protocol):
    """One stream of our own."""

    async def write(self, chunk: str | bytes) -> None:
        """Send more of it; returns when the transport has taken it.

        Raises:
            StreamError: The transport refused, or the link broke.
        """
        ...

    async def close(self, attributes: Mapping[str, str] | None = None, *, reason: str = "") -> None:
        """End it; with a reason it counts as broken off for whoever reads it.

        Without one it returns when a receiver has all of it: until then leaving the room would cut
        it off, and a link that is lost would lose it.

        Raises:
            StreamError: The transport refused, the link broke, or nobody confirmed that it arrived.
        """
        ...


class StreamPort(Protocol):
    """The streams of one link."""

    def listen(self, kind: StreamKind, topic: str, opened: Opened) -> None:
        """Call ``opened`` for every stream of this kind and topic, from now on.

        May be called before the room is joined, and more than once for a topic: everybody who
        listens gets every stream. What nobody wants (None, from all of them) is not kept.
        Every feed is ended exactly once, also when the sender, the link or the room is gone.
        """
        ...

    async def open(self, header: StreamHeader) -> StreamWriter:
        """Open a stream of our own.

        Raises:
            StreamError: The transport refused.
        """
        ...
