"""Sources as asynchronous iterators."""

from __future__ import annotations

import asyncio
from collections import deque
from threading import get_ident
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from .source import Source

T = TypeVar("T")


async def iterate(source: Source[T], limit: int | None) -> AsyncGenerator[T, None]:
    """Yield what the source delivers until it completes.

    Args:
        source: Subscribed to at the first step of the iteration.
        limit: How many values wait for a slow consumer, the latest ones; None for all of them.
    """
    waiting: deque[T] = deque(maxlen=limit)
    ready = asyncio.Event()
    loop, thread = asyncio.get_running_loop(), get_ident()
    closed = False

    def wake() -> None:
        if get_ident() == thread:
            ready.set()
        else:
            loop.call_soon_threadsafe(ready.set)

    def on_next(value: T) -> None:
        waiting.append(value)
        wake()

    def on_completed() -> None:
        nonlocal closed
        closed = True
        wake()

    with source.subscribe(on_next, None, on_completed):
        finished = False
        while not finished:
            await ready.wait()
            ready.clear()
            finished = closed  # looked at first: what came before the end is still to be yielded
            while waiting:
                yield waiting.popleft()
