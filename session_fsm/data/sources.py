"""What is sent: a file or bytes, in pieces, never all in memory."""

from __future__ import annotations

import asyncio
import mimetypes
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

import attrs

from session_fsm.errors import StreamError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

PIECE: Final = 60_000
"""Bytes that are sent at a time; a data channel takes 64,000."""
UNKNOWN_TYPE: Final = "application/octet-stream"


@attrs.frozen
class Source:
    """What a byte stream carries.

    Attributes:
        name: The file's name for the receiver.
        mime_type: What it is, guessed from the name if it was not given.
        size: Bytes in all.
        content: The bytes, or the open file.
    """

    name: str
    mime_type: str
    size: int
    content: bytes | BinaryIO = attrs.field(repr=False)

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        """Yield ``size`` bytes; a file is read in a thread, and closed at the end.

        Raises:
            OSError: The file cannot be read.
            StreamError: The file has become shorter.
        """
        if isinstance(self.content, bytes):
            for place in range(0, self.size, PIECE):
                yield self.content[place : place + PIECE]
            return
        left = self.size
        while left:
            piece = await asyncio.to_thread(self.content.read, min(PIECE, left))
            if not piece:
                raise StreamError(
                    f"The file {self.name!r} has become shorter while it was sent.",
                    kind="broken-off",
                )
            left -= len(piece)
            yield piece

    def close(self) -> None:
        """Close the file."""
        if not isinstance(self.content, bytes):
            self.content.close()


def from_file(path: str | os.PathLike[str], name: str | None, mime_type: str | None) -> Source:
    """Open a file.

    Raises:
        OSError: There is none, or it cannot be read, or it is no plain file.
    """
    place = Path(path)
    if not stat.S_ISREG(place.stat().st_mode):  # opening a pipe would wait for its other end
        kind = IsADirectoryError if place.is_dir() else OSError
        raise kind(f"{os.fspath(path)!r} is no plain file: it cannot be sent.")
    file = place.open("rb")
    shown = place.name if name is None else name
    return Source(shown, mime_type or _guess(shown), os.fstat(file.fileno()).st_size, file)


def from_bytes(data: object, name: str | None, mime_type: str | None) -> Source:
    """Return what sends these bytes.

    Raises:
        TypeError: They are no bytes.
    """
    if not isinstance(data, bytes | bytearray):
        raise TypeError(f"data must be bytes, not {type(data).__name__}.")
    shown = name or ""
    return Source(shown, mime_type or _guess(shown), len(data), bytes(data))


def _guess(name: str) -> str:
    return mimetypes.guess_type(name)[0] or UNKNOWN_TYPE
