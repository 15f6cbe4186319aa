"""Writing a received stream to a file: all of it, or nothing."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar
from uuid import uuid4

from session_fsm.data.file_names import candidates, harmless

if TYPE_CHECKING:
    import os
    from collections.abc import AsyncIterator, Callable

P = ParamSpec("P")
T = TypeVar("T")


async def save(pieces: AsyncIterator[bytes], path: str | os.PathLike[str], name: str) -> Path:
    """Write the pieces beside the place where they go, and put the file there when it is whole.

    Args:
        pieces: What is written.
        path: A folder, or a file that the caller chose, which is replaced if it is there.
        name: What the sender calls the file; made harmless, and used in a folder only.

    Returns:
        The file.

    Raises:
        OSError: It cannot be written. Nothing of it is left.
    """
    place = Path(path)
    into_folder = await asyncio.to_thread(place.is_dir)
    partial = _Partial(place if into_folder else place.parent)
    try:
        await _finished(partial.begin)
        async for piece in pieces:
            await _finished(partial.write, piece)
        if into_folder:
            return await _finished(partial.put_new, harmless(name))
        return await _finished(partial.put, place)
    finally:
        partial.discard()


async def _finished(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run it in a thread; also when cancelled, it has finished when this is over."""
    running = asyncio.ensure_future(asyncio.to_thread(work, *args, **kwargs))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait({running})
        running.exception()
        raise


class _Partial:
    """A file that is not whole, under a name that nobody else takes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / f".{uuid4().hex}.part"
        self._file: Any = None

    def begin(self) -> None:
        self._file = self._path.open("xb")

    def write(self, piece: bytes) -> None:
        self._file.write(piece)

    def put(self, place: Path) -> Path:
        """Take the place of what is there."""
        self._file.close()
        return self._path.replace(place)

    def put_new(self, name: str) -> Path:
        """Take a name that nothing has; making it first keeps it from everybody else."""
        self._file.close()
        for candidate in candidates(name):
            place = self._folder / candidate
            try:
                place.open("xb").close()
            except FileExistsError:
                continue
            try:
                return self._path.replace(place)
            except OSError:
                place.unlink()
                raise
        raise AssertionError("there is always one more name")

    def discard(self) -> None:
        """Leave nothing behind, unless it was put in its place."""
        if self._file is not None:
            self._file.close()
            with suppress(FileNotFoundError):
                self._path.unlink()
