"""A session over Server-Sent Events: the whole of it first, then what changes."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

from session_fsm.asgi.protocol import ALWAYS, Answer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from session_fsm.asgi.feed import Document, Feed, Reader
    from session_fsm.asgi.protocol import Header, Request

logger = logging.getLogger("session_fsm")

KEEP_ALIVE: Final = 15.0
"""Seconds of silence after which a comment is sent, so that nothing on the way gives up."""
RETRY: Final = 2000
"""Milliseconds after which a browser comes back when the stream broke off."""

_HEADERS: Final[tuple[Header, ...]] = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"x-accel-buffering", b"no"),  # nginx is to hand on every event at once
)


async def stream(
    request: Request, feed: Feed, headers: Iterable[Header], stall_seconds: float
) -> None:
    """Tell a page everything until it goes away, takes nothing any more, or nothing comes."""
    telling = asyncio.create_task(_tell(request, feed, [*headers], stall_seconds))
    gone = asyncio.create_task(request.gone())
    both = {telling, gone}
    try:
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in both:
            task.cancel()
        await asyncio.wait(both)
    for error in [task.exception() for task in both if not task.cancelled()]:
        # An answer that has begun cannot become another one; the server breaks it off.
        if error is not None and not isinstance(error, OSError):  # it is gone, or takes nothing
            logger.error("an event stream broke off", exc_info=error)


async def _tell(request: Request, feed: Feed, headers: list[Header], stall_seconds: float) -> None:
    # A stream that ended would be asked for again; this answer tells browsers not to.
    if feed.why_closed == "session-closed":
        await request.answer(Answer(204), headers)
        return
    start = {"status": 200, "headers": [*ALWAYS, *_HEADERS, *headers]}
    await request.send({"type": "http.response.start", **start})
    await _write(request, f"retry: {RETRY}\n\n", stall_seconds)
    with feed.reader(request.header(b"last-event-id")) as reader:
        while (text := await _next(reader)) is not None:
            await _write(request, text, stall_seconds)
    await request.send({"type": "http.response.body", "body": b""})


async def _next(reader: Reader) -> str | None:
    try:
        async with asyncio.timeout(KEEP_ALIVE):
            document = await reader.next()
    except TimeoutError:
        return ": keep-alive\n\n"
    return None if document is None else _event(document)


def _event(document: Document) -> str:
    number = "" if document.id is None else f"id: {document.id}\n"
    return f"{number}data: {document.text}\n\n"


async def _write(request: Request, text: str, stall_seconds: float) -> None:
    async with asyncio.timeout(stall_seconds):
        await request.send({"type": "http.response.body", "body": text.encode(), "more_body": True})
