"""All streams of our own in a `livekit.rtc.Room`, and what becomes of them with the link."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from session_fsm.transports.livekit.writer import LiveKitWriter

if TYPE_CHECKING:
    from collections.abc import Collection

    from session_fsm.data.info import StreamHeader
    from session_fsm.transports.livekit.seat import Seat


class LiveKitWriters:
    """Opens streams, and breaks them off when they cannot go on."""

    def __init__(self, seat: Seat) -> None:
        self._seat = seat
        self._open: set[LiveKitWriter] = set()
        self._aborting: set[asyncio.Task[None]] = set()

    async def open(self, header: StreamHeader) -> LiveKitWriter:
        """Send the header; waits while the SDK restores the link.

        Raises:
            StreamError: The SDK refused, or the link is gone.
        """
        writer = LiveKitWriter(self._seat.room, header, self._open.discard)
        self._open.add(writer)
        opening = asyncio.create_task(writer.send_header())
        try:
            await writer.carry(opening, give_up=partial(self._abort, writer))
        except BaseException:
            self._open.discard(writer)
            raise
        return writer

    async def send_text(self, header: StreamHeader, text: str) -> None:
        """Send a text that lists attachments, which the SDK's own ``send_text`` cannot.

        Raises:
            StreamError: The SDK refused, or the link broke.
        """
        writer = await self.open(header)
        try:
            await writer.write(text)
            await writer.finish({}, "")
        except BaseException:
            self._break_off(writer, "it was given up")
            raise
        self._open.discard(writer)

    def _abort(self, writer: LiveKitWriter, opening: asyncio.Future[None] | None = None) -> None:
        """Close what is open, or is about to be: the native library holds it otherwise."""
        task = asyncio.create_task(writer.abort(opening))
        self._aborting.add(task)
        task.add_done_callback(self._aborting.discard)

    def left(self, identity: str) -> None:
        """Break off what only this participant was to get."""
        for writer in tuple(self._open):
            if writer.left(identity):
                self._break_off(writer, "the receiver left")

    def restored(self, kept: Collection[str]) -> None:
        """Break off what nobody of those who were there all the time gets."""
        for writer in tuple(self._open):
            if not writer.reaches(kept):
                self._break_off(writer, "the link to the server was lost on the way")

    def _break_off(self, writer: LiveKitWriter, reason: str) -> None:
        writer.break_off(reason)
        self._abort(writer)  # for those who did get the beginning

    def close(self, reason: str) -> None:
        """Break off everything."""
        for writer in tuple(self._open):
            writer.break_off(reason)
        for task in self._aborting:
            task.cancel()
