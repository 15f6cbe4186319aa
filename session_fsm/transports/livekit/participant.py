"""Changes of one's own name, metadata and attributes, with the server's answer.

The SDK's methods wait for the answer and drop the error in it (livekit 1.1.21 to 1.2.1), so the
request goes to the native library from here.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

from livekit.rtc._ffi_client import FfiClient
from livekit.rtc._proto.ffi_pb2 import FfiRequest

from session_fsm.errors import UpdateError
from session_fsm.redact import redact
from session_fsm.roster import Local
from session_fsm.transports.participant import Update

if TYPE_CHECKING:
    from session_fsm.transports.livekit.seat import Seat

FORBIDDEN: Final = (
    "The server does not allow this participant to change its own name, metadata or attributes: "
    "the token needs the grant canUpdateOwnMetadata."
)
ANSWERED: Final = "request error"
"""How the native library begins what the server refused; other errors are its own."""

logger = logging.getLogger("session_fsm")


class LiveKitParticipant:
    """This participant in one room."""

    def __init__(self, seat: Seat) -> None:
        self._seat = seat

    async def update(self, update: Update) -> None:
        """Send one request for each thing that is to change."""
        if update.attributes is not None:
            entries = [{"key": key, "value": value} for key, value in update.attributes.items()]
            await self._ask("set_local_attributes", attributes=entries)
        if update.metadata is not None:
            await self._ask("set_local_metadata", metadata=update.metadata)
        if update.name is not None:
            await self._ask("set_local_name", name=update.name)

    async def restore(self, before: Local) -> None:
        """Have what it was in another Room again, where that was not in the token; never raises."""
        now = self._seat.room.local_participant
        update = Update(
            before.name if before.name != now.name else None,
            before.metadata if before.metadata != now.metadata else None,
            {**dict.fromkeys(now.attributes, ""), **before.attributes},
        )
        if update.is_in(Local(now.name, now.metadata, now.attributes)):
            return
        try:
            await self.update(update)
        except Exception as error:  # noqa: BLE001 - the session goes on without it
            logger.warning("name, metadata or attributes were not restored: %r", redact(str(error)))

    async def _ask(self, what: str, **fields: Any) -> None:
        handle = self._seat.room.local_participant._ffi_handle.handle  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
        request: Any = {what: {"local_participant_handle": handle, **fields}}
        client: Any = FfiClient.instance
        queue: Any = client.queue.subscribe()
        try:
            asked = getattr(client.request(FfiRequest(**request)), what).async_id
            while True:
                answer = getattr(await queue.get(), what)
                if answer.async_id == asked:
                    break
        finally:
            client.queue.unsubscribe(queue)
        said = str(answer.error)
        if said.startswith(ANSWERED):
            raise refused(said)
        if said:
            # The server did not say so: the echo, or its absence, tells what became of it.
            logger.debug("%s: %s", what, redact(said))


def refused(said: str) -> UpdateError:
    """Return what is raised for the server's refusal."""
    if "NotAllowed" in said or "permission" in said:
        return UpdateError(FORBIDDEN, kind="permission")
    return UpdateError(f"The server refused the change: {redact(said)[:200]}.", kind="refused")
