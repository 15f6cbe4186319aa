"""One file that belongs to a message."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    import os
    from pathlib import Path

    from session_fsm.data.incoming import IncomingStream
    from session_fsm.errors import StreamError


class AttachmentState(StrEnum):
    """How far an attachment is."""

    PENDING = "pending"
    """The message lists it, and nothing of it has come or gone yet."""
    TRANSFERRING = "transferring"
    COMPLETE = "complete"
    BROKEN_OFF = "broken-off"
    CANCELLED = "cancelled"


@attrs.frozen
class Attachment:
    """A file that belongs to a message.

    Attributes:
        id: Id of the byte stream that carries it.
        name: The file's name as its sender gave it: data, never a path; empty while pending.
        mime_type: What it is, as the sender says.
        size: Bytes in all, or None where that is not known.
        transferred: Bytes that have come, or gone.
        state: ``pending``, ``transferring``, ``complete``, ``broken-off`` or ``cancelled``.
        error: Why it is not complete, once that is certain.
        stream: The stream that carries one that is received; None while pending, and for one's own.
    """

    id: str
    name: str = ""
    mime_type: str = ""
    size: int | None = None
    transferred: int = 0
    state: AttachmentState = AttachmentState.PENDING
    error: StreamError | None = None
    stream: IncomingStream | None = attrs.field(default=None, repr=False, eq=False)

    async def read_all(self, limit: int | None = None) -> bytes:
        """Wait for the end of one that is received, and return all of it.

        Args:
            limit: Bytes that are taken at most.

        Raises:
            StreamError: It is not complete, or longer than the limit.
            ValueError: Nothing of it has come yet, or it is one's own.
        """
        content = await self._received().read_all(limit)
        if isinstance(content, str):
            raise TypeError("an attachment carries bytes")
        return content

    async def save(self, path: str | os.PathLike[str]) -> Path:
        """Write one that is received to a file or into a folder; see `IncomingStream.save`.

        Raises:
            OSError: It cannot be written.
            StreamError: It is not complete.
            ValueError: Nothing of it has come yet, or it is one's own.
        """
        return await self._received().save(path)

    def _received(self) -> IncomingStream:
        if self.stream is None:
            raise ValueError(
                f"There is nothing to read of the attachment {self.id!r}: it is "
                f"{self.state.value}, or one's own."
            )
        return self.stream
