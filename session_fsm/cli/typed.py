"""The lines of stdin, one after the other, until its end."""

from __future__ import annotations

import asyncio
import os
import sys
from threading import Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


async def typed() -> AsyncIterator[str]:
    """Iterate over the lines that are typed, or piped in, that hold more than spaces."""
    lines: asyncio.Queue[str | None] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def tell(line: str | None) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(lines.put_nowait, line)

    def read() -> None:
        # Not by sys.stdin: a thread that waits there keeps Python from ending.
        rest = b""
        while data := _read():
            *whole, rest = (rest + data).split(b"\n")
            for line in whole:
                tell(line.decode(errors="replace"))
        tell(rest.decode(errors="replace"))
        tell(None)

    Thread(target=read, name="typed", daemon=True).start()
    while (text := await lines.get()) is not None:
        if text.strip():
            yield text.strip()


def _read() -> bytes:
    """Return what comes next; nothing where stdin is over, or closed from the beginning."""
    try:
        return os.read(sys.stdin.fileno(), 4096)
    except (AttributeError, OSError, ValueError):
        return b""
