"""A text that is being written."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Self

from session_fsm.data.outgoing_base import Outgoing
from session_fsm.errors import StreamError

if TYPE_CHECKING:
    from types import TracebackType


class OutgoingText(Outgoing):
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
            self._settle(self._cancelled())
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
                self._cancelled()
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
            self._settle(self._cancelled())
            raise
        finally:
            await self._cut_short()
        self._check()

    def cancel(self) -> None:
        """Send no more of it; writing raises from now on, and for its receivers it broke off."""
        self.stop(self._cancelled())

    def stop(self, error: StreamError) -> None:
        """End it with an error, unless it has ended."""
        self._settle(error)
