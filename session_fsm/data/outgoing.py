"""A stream of our own: a file or bytes that are on their way, and a text that is being written."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, Final, Self

from session_fsm.data.outcome import Progress, StreamEnd, StreamOutcome, broken
from session_fsm.errors import StreamError
from stores import WritableStore

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from types import TracebackType

    from session_fsm.data.info import StreamHeader
    from session_fsm.data.sources import Source
    from session_fsm.transports.streams import StreamPort, StreamWriter
    from stores import OnUnhandled, Store

CUT_SHORT: Final = 2.0
"""Seconds in which the transport must take the news that a stream ends before its time."""


class _Outgoing:
    """What both have in common: stores, and one end."""

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


class OutgoingStream(_Outgoing):
    """A file, or bytes, on their way.

    ``await stream`` waits for the end and returns the header. Cancelling whoever awaits it cancels
    the stream.

    Raises:
        StreamError: From ``await``: it was not sent, or nobody confirmed that it arrived.
    """

    def __init__(
        self,
        header: StreamHeader,
        port: StreamPort,
        source: Source,
        forget: Callable[[Any], object],
        on_unhandled: OnUnhandled | None = None,
    ) -> None:
        """Not for users: sessions make these. The stream is being sent from now on."""
        super().__init__(header, port, forget, on_unhandled)
        loop = asyncio.get_running_loop()
        self._done: asyncio.Future[None] = loop.create_future()
        self._task = loop.create_task(self._send(source))
        self._task.add_done_callback(lambda _: source.close())

    def __await__(self) -> Generator[Any, None, StreamHeader]:
        return self._result().__await__()

    async def _result(self) -> StreamHeader:
        try:
            await asyncio.wait({self._done})
        except asyncio.CancelledError:
            self.cancel()
            raise
        self._check()
        return self._header

    def cancel(self) -> None:
        """Send no more of it; for its receivers it broke off. What has ended stays as it ended."""
        self.stop(StreamError("The stream was cancelled.", kind="cancelled"))

    def stop(self, error: StreamError) -> None:
        """End it with an error, unless it has ended."""
        if self._end.value is None:
            self._settle(error)
            self._task.cancel()

    def _settle(self, error: StreamError | None) -> None:
        super()._settle(error)
        if not self._done.done():
            self._done.set_result(None)

    async def _send(self, source: Source) -> None:
        try:
            await self._carry(source)
        except StreamError as error:
            self._settle(error)
        except OSError as error:
            failure = StreamError(
                f"The file {source.name!r} could not be read: {error.strerror or error}.",
                kind="broken-off",
            )
            failure.__cause__ = error
            self._settle(failure)
        except asyncio.CancelledError:
            self._settle(StreamError("The stream was cancelled.", kind="cancelled"))
            raise
        finally:
            await self._cut_short()

    async def _carry(self, source: Source) -> None:
        self._writer = await self._port.open(self._header)
        async with aclosing(source.pieces()) as pieces:
            async for piece in pieces:
                await self._write(piece)
        await self._writer.close()
        self._writer = None
        self._settle(None)


class OutgoingText(_Outgoing):
    """A text that is being written.

    Use it with ``async with``: entering opens the stream, leaving ends it. Leaving by an exception
    makes it broken off for whoever reads it.
    """

    _entered = False

    async def __aenter__(self) -> Self:
        """Open the stream.

        Raises:
            StreamError: The transport refused, or the session ended.
        """
        self._check()
        if self._entered:
            raise StreamError("A text is written once: make a new one.", kind="transport")
        self._entered = True
        try:
            writer = await self._port.open(self._header)
        except StreamError as error:
            self._settle(error)
            raise
        except asyncio.CancelledError:
            self._settle(StreamError("The stream was cancelled.", kind="cancelled"))
            raise
        self._writer = writer
        if self._end.value is not None:
            await self._cut_short()
        self._check()
        return self

    async def write(self, text: str) -> None:
        """Send more of it.

        Raises:
            StreamError: It cannot go on, or it has ended.
            TypeError: The text is no str.
        """
        if not isinstance(text, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"text must be a str, not {type(text).__name__}.")
        self._check()
        if self._writer is None:
            raise StreamError("The stream is not open: write within its block.", kind="transport")
        try:
            await self._write(text)
        except StreamError as error:
            self._settle(error)
            self._check()

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End the stream.

        Raises:
            StreamError: It was not sent, or nobody confirmed that it arrived.
        """
        if exc is not None:
            cancelled = isinstance(exc, asyncio.CancelledError)
            self._settle(
                StreamError("The stream was cancelled.", kind="cancelled")
                if cancelled
                else StreamError("The stream was left by an exception.", kind="broken-off")
            )
            await self._cut_short()
            return
        try:
            if self._writer is not None and self._end.value is None:
                await self._writer.close()
                self._writer = None
                self._settle(None)
        except StreamError as error:
            self._settle(error)
        except asyncio.CancelledError:
            self._settle(StreamError("The stream was cancelled.", kind="cancelled"))
            raise
        finally:
            await self._cut_short()
        self._check()

    def cancel(self) -> None:
        """Send no more of it; writing raises from now on, and for its receivers it broke off."""
        self.stop(StreamError("The stream was cancelled.", kind="cancelled"))

    def stop(self, error: StreamError) -> None:
        """End it with an error, unless it has ended."""
        self._settle(error)
