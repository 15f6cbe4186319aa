"""One stream that is being received: what the transport feeds, and what everybody reads."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from session_fsm.data.info import StreamKind
from session_fsm.data.outcome import Progress, StreamEnd, StreamOutcome, broken
from session_fsm.data.spool import Spool
from session_fsm.errors import StreamError
from stores import WritableStore

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping

    from session_fsm.data.info import StreamInfo
    from stores import OnUnhandled

PIECE: Final = 1 << 16
"""Bytes that a reader gets at most at a time."""


class Reception:
    """Takes a stream from the transport and keeps it. Ends once.

    Attributes:
        info: What its header says.
        progress: How much of it is here.
        ended: How it ended; None before that.
    """

    def __init__(
        self,
        info: StreamInfo,
        *,
        memory: int,
        limit: tuple[str, int],
        forget: Callable[[Reception], object],
        on_unhandled: OnUnhandled | None = None,
    ) -> None:
        """Begin to take it.

        Args:
            info: What its header says.
            memory: Bytes that are kept in memory.
            limit: Name of the limit of its size, and the bytes.
            forget: Called when it has ended.
            on_unhandled: Called with what observers raise.
        """
        self.info = info
        self._limit = limit
        self._forget = forget
        self._spool = Spool(memory, self._not_kept)
        self._news: asyncio.Future[None] | None = None
        self.progress = WritableStore(Progress(0, info.size), on_unhandled=on_unhandled)
        self.ended: WritableStore[StreamEnd | None] = WritableStore(None, on_unhandled=on_unhandled)

    # What the transport tells -------------------------------------------------------------------

    def feed(self, chunk: str | bytes) -> bool:
        """Take a chunk; False: no more of it is wanted."""
        if self.ended.value is not None:
            return False
        data = chunk.encode(errors="replace") if isinstance(chunk, str) else chunk
        size = self._spool.size + len(data)
        name, limit = self._limit
        if size > limit:
            self.stop(too_much(name, limit, f"the stream {self.info.id!r} has more bytes"))
            return False
        self._spool.append(data)
        self.progress.set(Progress(size, self.info.size))
        self._wake()
        return True

    def end(self, attributes: Mapping[str, str], error: str | None) -> None:
        """Take the end of it, as the transport tells it."""
        if error is None:
            self._end(StreamEnd(StreamOutcome.COMPLETE, None, attributes))
        else:
            text = f"The stream broke off: {error}."
            self._end(
                StreamEnd(
                    StreamOutcome.BROKEN_OFF, StreamError(text, kind="broken-off"), attributes
                )
            )

    def stop(self, error: StreamError) -> None:
        """End it from here, unless it has ended."""
        self._end(broken(error))

    def _end(self, end: StreamEnd) -> None:
        if self.ended.value is None:
            self._forget(self)
            self.ended.set(end)
            self.ended.close()
            self.progress.close()
            self._wake()

    def _not_kept(self, error: OSError) -> None:
        failure = StreamError(
            f"The stream could not be kept in a temporary file: {error.strerror or error}. "
            "Free some space, or raise Limits.stream_memory.",
            kind="transport",
        )
        failure.__cause__ = error
        self.stop(failure)

    # What is read -------------------------------------------------------------------------------

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        """Yield all of it from the beginning, as it comes.

        Raises:
            StreamError: It ended before it was complete; after what came of it.
        """
        place = 0
        while True:
            piece = await self._spool.read(place, PIECE)
            if piece:
                place += len(piece)
                yield piece
                continue
            end = self.ended.value
            if end is None:
                await self._more()
            elif end.error is None:
                return
            else:
                raise end.error.with_traceback(None)

    async def _more(self) -> None:
        if self._news is None:
            self._news = asyncio.get_running_loop().create_future()
        await asyncio.wait({self._news})

    def _wake(self) -> None:
        news: asyncio.Future[Any] | None = self._news
        self._news = None
        if news is not None and not news.done():
            news.set_result(None)

    @property
    def is_text(self) -> bool:
        """Whether it carries text."""
        return self.info.kind is StreamKind.TEXT


def too_much(name: str, limit: int, what: str) -> StreamError:
    """Return the error of a limit: ``what`` ends in "more bytes", "more streams" and the like."""
    return StreamError(
        f"Limits.{name} is {limit}, and {what}. Raise it with Session(limits=Limits({name}=...)).",
        kind="limit",
    )
