"""Tells how far an attachment is: at once when it begins and ends, else not too often."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, Protocol

import attrs

from session_fsm.events import AttachmentChanged
from session_fsm.messages.attachment import Attachment, AttachmentState

if TYPE_CHECKING:
    from session_fsm.data.outcome import Progress, StreamEnd
    from session_fsm.errors import StreamError
    from session_fsm.transports.base import Sink
    from stores import Store

PAUSE: Final = 0.1
"""Seconds between two facts about one attachment."""


class Transfer(Protocol):
    """A stream, in either direction."""

    @property
    def progress(self) -> Store[Progress]:
        """How far it is."""
        ...

    @property
    def end(self) -> Store[StreamEnd | None]:
        """How it ended."""
        ...


def follow(message_id: str, attachment: Attachment, transfer: Transfer, tell: Sink) -> None:
    """Tell what becomes of an attachment while it is transferred."""
    loop = asyncio.get_running_loop()
    told = 0.0

    def moved(now: Progress) -> None:
        nonlocal told
        if transfer.end.value is None and (told == 0.0 or loop.time() - told >= PAUSE):
            told = loop.time()
            changed = attrs.evolve(
                attachment, transferred=now.transferred, state=AttachmentState.TRANSFERRING
            )
            tell(AttachmentChanged(message_id, changed))

    def ended(end: StreamEnd | None) -> None:
        if end is not None:
            changed = attrs.evolve(
                attachment,
                transferred=transfer.progress.value.transferred,
                state=AttachmentState(end.outcome.value),
                error=end.error,
            )
            tell(AttachmentChanged(message_id, changed))

    transfer.progress.subscribe(moved)
    transfer.end.subscribe(ended)


def failed(attachment: Attachment, error: StreamError) -> Attachment:
    """Return an attachment of which nothing comes or goes any more."""
    cancelled = error.kind == "cancelled"
    state = AttachmentState.CANCELLED if cancelled else AttachmentState.BROKEN_OFF
    return attrs.evolve(attachment, state=state, error=error)
