"""Streams of our own in a `livekit.rtc.Room`: each write ends, whatever becomes of the link.

Measured with livekit 1.2.1:

- While the link is being restored a write waits. When the link is *resumed* the SDK sends again
  what the server missed, and the stream goes on. When it is *rebuilt* the SDK goes on writing, too,
  but for everybody else this participant left in the middle, and their readers have ended.
- A write that waits when the server never comes back fails after 20 s; one whose room is left
  raises whatever it runs into, an AssertionError among others.
- `aclose` returns when the native library has taken the rest, up to 2.5 s before the receivers have
  it; leaving the room meanwhile cuts the stream off. An RPC goes the same way behind the stream:
  its answer says that the stream arrived.
- A native writer that nobody closes stays open for its receivers until this participant leaves.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, Final

from livekit import rtc

from session_fsm.data.info import StreamKind
from session_fsm.errors import StreamError
from session_fsm.redact import redact, redacted_cause
from session_fsm.transports.livekit.asking import hears

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from session_fsm.data.info import StreamHeader

logger = logging.getLogger("session_fsm")

CONFIRM: Final = 20.0
"""Seconds in which a receiver must have got what the native library still holds at the end."""
UNSEEN: Final = 4.0
"""The same for a receiver that is not seen in the room; the server announces it 3 s late."""


class LiveKitWriter:
    """One stream of our own."""

    def __init__(
        self, room: rtc.Room, header: StreamHeader, forget: Callable[[LiveKitWriter], None]
    ) -> None:
        self._room = room
        self._header = header
        self._forget = forget
        self._to = set(header.to)
        self._sdk: Any = None
        self._broken: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def send_header(self) -> None:
        """Have the stream opened by the SDK."""
        self._sdk = _sdk_writer(self._room.local_participant, self._header)
        await self._sdk._send_header()  # noqa: SLF001 - stream_text knows no attachments

    async def abort(self, opening: asyncio.Future[None] | None) -> None:
        """End it as soon as it is open."""
        try:
            if opening is not None:
                await opening
            await self._sdk.aclose(reason="broken off")
        except Exception as error:  # noqa: BLE001 - nobody waits for it any more
            logger.debug("a stream that was given up: %s", _said(error))

    async def write(self, chunk: str | bytes) -> None:
        """Send more; waits while the native library holds enough, or restores the link.

        Raises:
            StreamError: The SDK refused, or the stream cannot go on.
        """
        if chunk:
            await self.carry(asyncio.create_task(self._sdk.write(chunk)))

    async def close(self, attributes: Mapping[str, str] | None = None, *, reason: str = "") -> None:
        """End it; without a reason it returns when a receiver has all of it.

        Raises:
            StreamError: The SDK refused, the link broke, or nobody confirmed that it arrived.
        """
        try:
            await self.finish(dict(attributes or {}), reason)
            if not reason:
                await self.carry(asyncio.create_task(self._confirm()))
        finally:
            self._forget(self)

    async def finish(self, attributes: dict[str, str], reason: str) -> None:
        """Have the stream closed by the SDK.

        Raises:
            StreamError: The SDK refused, or the stream broke off.
        """
        closing = self._sdk.aclose(reason=reason, attributes=attributes)
        await self.carry(asyncio.create_task(closing))

    # What the link tells ------------------------------------------------------------------------

    def left(self, identity: str) -> bool:
        """Say whether this was the last of those that the stream is for."""
        if identity not in self._to:
            return False
        self._to.discard(identity)
        return not self._to

    def reaches(self, identities: Collection[str]) -> bool:
        """Say whether one of these gets the stream."""
        return not self._to.isdisjoint(identities) if self._header.to else bool(identities)

    def break_off(self, reason: str) -> None:
        """Fail what is under way and whatever comes."""
        if not self._broken.done():
            self._broken.set_result(reason)
        self._forget(self)

    # The SDK's calls ----------------------------------------------------------------------------

    async def carry(
        self,
        call: asyncio.Task[None],
        *,
        give_up: Callable[[asyncio.Future[None]], None] | None = None,
    ) -> None:
        """Wait for a call of the SDK, but not longer than the stream can go on.

        Raises:
            StreamError: The call failed, or the stream broke off meanwhile.
        """
        call.add_done_callback(_retrieve)
        waiting: set[asyncio.Future[Any]] = {call, self._broken}
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            if not call.done():
                (give_up or _cancel)(call)
        if self._broken.done():
            raise StreamError(f"The stream broke off: {self._broken.result()}.", kind="broken-off")
        failure = call.exception()
        if failure is None:
            return
        if isinstance(failure, StreamError):
            raise failure
        self.break_off("it failed before")
        said = StreamError(f"The stream could not be sent: {_said(failure)}.", kind="transport")
        said.__cause__ = redacted_cause(failure) if isinstance(failure, Exception) else failure
        raise said

    async def _confirm(self) -> None:
        """Ask one of those who get the stream, agents first; the question follows the stream."""
        people = self._room.remote_participants
        asked = sorted(self._to) or sorted(people, key=lambda one: people[one].kind != _AGENT)
        for identity in asked:
            patience = CONFIRM if identity in people else UNSEEN
            if await hears(self._room, identity, patience):
                return
        if asked:
            raise StreamError(
                "All of the stream was sent, and nobody confirmed that it arrived.",
                kind="unconfirmed",
            )


_AGENT: Final = rtc.ParticipantKind.PARTICIPANT_KIND_AGENT


def _cancel(call: asyncio.Future[None]) -> None:
    call.cancel()


def _retrieve(call: asyncio.Future[None]) -> None:
    """Ask for an error that nobody waits for: asyncio would print it."""
    if not call.cancelled():
        call.exception()


def _said(failure: BaseException) -> str:
    return redact(str(failure)) or type(failure).__name__


def _sdk_writer(local: rtc.LocalParticipant, header: StreamHeader) -> Any:
    to = list(header.to)
    attributes = dict(header.attributes)
    if header.kind is StreamKind.BYTES:
        return rtc.ByteStreamWriter(
            local,
            name=header.name,
            topic=header.topic,
            attributes=attributes,
            stream_id=header.id,
            total_size=header.size,
            mime_type=header.mime_type or "application/octet-stream",
            destination_identities=to,
        )
    writer: Any = rtc.TextStreamWriter(
        local,
        topic=header.topic,
        attributes=attributes,
        stream_id=header.id,
        destination_identities=to,
    )
    writer._options.attached_stream_ids.extend(header.attachments)  # noqa: SLF001 - no argument
    return writer
