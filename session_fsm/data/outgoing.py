"""A file, or bytes, on their way."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from session_fsm.data.outgoing_base import Outgoing
from session_fsm.errors import StreamError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from session_fsm.data.info import StreamHeader
    from session_fsm.data.sources import Source
    from session_fsm.transports.streams import StreamPort
    from stores import OnUnhandled


class OutgoingStream(Outgoing):
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
        self.stop(self._cancelled())

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
            self._settle(self._cancelled())
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
