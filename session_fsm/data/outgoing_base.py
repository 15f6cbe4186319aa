"""What all streams of our own have in common."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from session_fsm.data.outcome import Progress, StreamEnd, StreamOutcome, broken
from session_fsm.errors import StreamError
from stores import WritableStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from session_fsm.data.info import StreamHeader
    from session_fsm.transports.streams import StreamPort, StreamWriter
    from stores import OnUnhandled, Store

CUT_SHORT: Final = 2.0
"""Seconds in which the transport must take the news that a stream ends before its time."""


class Outgoing:
    """Stores, and one end."""

    def __init__(
        self,
        header: StreamHeader,
        port: StreamPort,
        forget: Callable[[Any], object],
        on_unhandled: OnUnhandled | None,
    ) -> None:
        self._header = header
        self._port = port
        self._forget = forget
        self._writer: StreamWriter | None = None
        self._progress = WritableStore(Progress(0, header.size), on_unhandled=on_unhandled)
        self._end: WritableStore[StreamEnd | None] = WritableStore(None, on_unhandled=on_unhandled)

    @property
    def header(self) -> StreamHeader:
        """What the stream was opened with."""
        return self._header

    @property
    def progress(self) -> Store[Progress]:
        """How many bytes the transport has taken, of how many."""
        return self._progress

    @property
    def end(self) -> Store[StreamEnd | None]:
        """None until it has ended; then whether it is complete, broken off or cancelled."""
        return self._end

    def _check(self) -> None:
        end = self._end.value
        if end is not None and end.error is not None:
            raise end.error.with_traceback(None)

    async def _write(self, data: str | bytes) -> None:
        if self._writer is None:
            raise AssertionError("nothing is written before the stream is open")
        await self._writer.write(data)
        size = len(data.encode() if isinstance(data, str) else data)
        now = self._progress.value
        self._progress.set(Progress(now.transferred + size, now.size))

    def _settle(self, error: StreamError | None) -> None:
        if self._end.value is None:
            self._forget(self)
            self._end.set(StreamEnd(StreamOutcome.COMPLETE) if error is None else broken(error))
            self._end.close()
            self._progress.close()

    async def _cut_short(self) -> None:
        """Tell the receivers that no more comes, as far as the link still carries it."""
        writer, self._writer = self._writer, None
        if writer is None:
            return
        try:
            async with asyncio.timeout(CUT_SHORT):
                await writer.close(reason="broken off by the sender")
        except (StreamError, TimeoutError):
            return

    @staticmethod
    def _cancelled() -> StreamError:
        """Return the error of a stream that is cancelled."""
        return StreamError("The stream was cancelled.", kind="cancelled")
