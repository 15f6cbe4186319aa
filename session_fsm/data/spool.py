"""Where the payload of a stream is kept: in memory, and what is too much in a temporary file."""

from __future__ import annotations

import asyncio
import os
import tempfile
import weakref
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Spool:
    """Bytes that are appended at the end and can be read from anywhere, by any number of readers.

    The file is deleted with this object, or when the program ends, and is open only while it is
    written or read: many that are kept do not use up the files that a process may have open. That
    happens in threads: a slow disk delays neither the loop nor whoever appends. What waits for it
    stays in memory.
    """

    def __init__(self, memory: int, failed: Callable[[OSError], object]) -> None:
        """Make an empty one.

        Args:
            memory: Bytes that are kept in memory before a file is made.
            failed: Called when the file cannot be written; nothing more is kept then.
        """
        self._memory = memory
        self._failed = failed
        self._rest = bytearray()
        self._path: Path | None = None
        self._in_file = 0
        self._writing: asyncio.Task[None] | None = None

    @property
    def size(self) -> int:
        """Bytes in all."""
        return self._in_file + len(self._rest)

    def append(self, data: bytes) -> None:
        """Keep more; must be called on a running loop."""
        self._rest += data
        if len(self._rest) > self._memory and self._writing is None:
            self._writing = asyncio.get_running_loop().create_task(self._move())

    async def read(self, start: int, length: int) -> bytes:
        """Return at most so many bytes from there on; none when there are no more yet.

        Raises:
            OSError: The file cannot be read.
        """
        if start < self._in_file:
            return await asyncio.to_thread(self._load, start, min(length, self._in_file - start))
        place = start - self._in_file
        return bytes(self._rest[place : place + length])

    async def _move(self) -> None:
        """Move what is in memory to the file, again and again until it is little."""
        try:
            while len(self._rest) > self._memory:
                batch = bytes(self._rest)
                await asyncio.to_thread(self._store, batch)
                self._in_file += len(batch)
                del self._rest[: len(batch)]
        except OSError as error:
            self._failed(error)
        else:
            self._writing = None

    def _store(self, batch: bytes) -> None:
        if self._path is None:
            descriptor, name = tempfile.mkstemp(prefix="stream-")
            os.close(descriptor)
            self._path = Path(name)
            weakref.finalize(self, self._path.unlink, missing_ok=True)
        with self._path.open("ab", buffering=0) as file:
            file.truncate(self._in_file)
            left = memoryview(batch)
            while left:
                left = left[file.write(left) :]

    def _load(self, start: int, length: int) -> bytes:
        if self._path is None:
            raise AssertionError("what is in the file has a file")
        with self._path.open("rb", buffering=0) as file:
            file.seek(start)
            return file.read(length)
