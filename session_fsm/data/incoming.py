"""A stream that somebody sends: read as it comes, from the beginning, by any number of readers."""

from __future__ import annotations

import codecs
from contextlib import aclosing
from typing import TYPE_CHECKING

from session_fsm.data.saving import save
from session_fsm.errors import StreamError

if TYPE_CHECKING:
    import os
    from collections.abc import AsyncGenerator, AsyncIterator
    from pathlib import Path

    from session_fsm.data.info import StreamInfo
    from session_fsm.data.outcome import Progress, StreamEnd
    from session_fsm.data.reception import Reception
    from stores import Store


class IncomingStream:
    """A text or byte stream that is being received.

    It is received whether or not somebody reads it; what came is kept with this object, in memory
    up to ``Limits.stream_memory`` and else in a temporary file, and is gone with it. Every reader
    gets all of it, and one that is slow holds up nobody.

        async for chunk in stream:
            ...
    """

    def __init__(self, reception: Reception) -> None:
        """Not for users: sessions make these."""
        self._reception = reception

    @property
    def info(self) -> StreamInfo:
        """What its header says."""
        return self._reception.info

    @property
    def progress(self) -> Store[Progress]:
        """How many bytes are here, of how many."""
        return self._reception.progress

    @property
    def end(self) -> Store[StreamEnd | None]:
        """None until it has ended; then whether it is complete, broken off or cancelled."""
        return self._reception.ended

    def __aiter__(self) -> AsyncIterator[str | bytes]:
        """Iterate from the beginning: str for texts, bytes for byte streams, at most 64 KiB each.

        Raises:
            StreamError: It is not complete; raised after everything that did come.
        """
        return self._texts() if self._reception.is_text else self._reception.pieces()

    async def _texts(self) -> AsyncGenerator[str, None]:
        decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        async with aclosing(self._reception.pieces()) as pieces:
            async for piece in pieces:
                text = decoder.decode(piece)
                if text:
                    yield text
        rest = decoder.decode(b"", final=True)
        if rest:
            yield rest

    async def read_all(self, limit: int | None = None) -> str | bytes:
        """Wait for the end and return all of it: a str for a text, else bytes.

        Args:
            limit: Bytes that are taken at most; a text counts as UTF-8.

        Raises:
            StreamError: It is not complete, or longer than the limit (kind ``limit``).
        """
        whole = bytearray()
        async with aclosing(self._reception.pieces()) as pieces:
            async for piece in pieces:
                whole += piece
                if limit is not None and len(whole) > limit:
                    raise StreamError(
                        f"The stream {self.info.id!r} is longer than the {limit} bytes that "
                        "read_all() was to take: give it a higher limit, or iterate.",
                        kind="limit",
                    )
        return whole.decode(errors="replace") if self._reception.is_text else bytes(whole)

    async def save(self, path: str | os.PathLike[str]) -> Path:
        """Write all of it to a file, which is there only when the stream is complete.

        Args:
            path: A folder: the file gets the name that the sender gave it, made harmless, and a
                number if that is taken. Else the file itself, which is replaced if it is there.

        Returns:
            The file.

        Raises:
            StreamError: It is not complete.
            OSError: It cannot be written.
        """
        async with aclosing(self._reception.pieces()) as pieces:
            return await save(pieces, path, self.info.name or self.info.topic)

    def cancel(self) -> None:
        """Receive no more of it. What has ended stays as it ended."""
        self._reception.stop(StreamError("The stream was cancelled here.", kind="cancelled"))

    def __repr__(self) -> str:
        end = self.end.value
        state = "open" if end is None else end.outcome.value
        now = self.progress.value
        of = "" if now.size is None else f" of {now.size}"
        kind, topic = self.info.kind.value, self.info.topic
        return f"<IncomingStream {kind} {topic!r}, {now.transferred}{of} bytes, {state}>"
