"""A session over a WebSocket: the same documents as on the event stream, and commands back."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, cast

from session_fsm.asgi.commands import ordered
from session_fsm.asgi.problems import Refused, problem
from session_fsm.asgi.protocol import dumped, parsed, too_large

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from session_fsm.asgi.commands import Command
    from session_fsm.asgi.protocol import Header, Request
    from session_fsm.asgi.visit import Visit

logger = logging.getLogger("session_fsm")

DONE: Final = 1000
TOO_LARGE: Final = 1009
BROKEN: Final = 1011
TRY_AGAIN: Final = 1013
"""Codes that WebSockets are closed with (RFC 6455, and IANA's registry)."""

_LONGEST_ID: Final = 100


class Socket:
    """One WebSocket on a visit, from its acceptance to its end."""

    def __init__(
        self,
        request: Request,
        visit: Visit,
        commands: Mapping[str, Command],
        *,
        most: int,
        stall_seconds: float,
    ) -> None:
        """Make one that is not accepted yet.

        Args:
            request: Its opening.
            visit: Whose it is.
            commands: What can be ordered.
            most: Bytes of one message.
            stall_seconds: Seconds in which the page must take what it is sent.
        """
        self._request = request
        self._visit = visit
        self._commands = commands
        self._most = most
        self._stall_seconds = stall_seconds
        self._turn = asyncio.Lock()
        self._answers: set[asyncio.Task[None]] = set()

    async def serve(self, headers: Iterable[Header]) -> None:
        """Accept it, tell and listen until one of both comes to its end, and close it."""
        # The request to open is the first message; a page may be gone before it is answered.
        if (await self._request.receive())["type"] != "websocket.connect":
            return
        try:
            await self._request.send({"type": "websocket.accept", "headers": [*headers]})
        except OSError:  # it is gone
            return
        telling = asyncio.create_task(self._tell())
        listening = asyncio.create_task(self._listen())
        both = {telling, listening}
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (*both, *self._answers):
                task.cancel()
            await asyncio.wait({*both, *self._answers})
        codes = [_code(task) for task in (listening, telling)]
        # A page that is gone ends the listening, and nothing is to be closed then.
        await self._close(codes[0] if _is_over(listening) else codes[1])

    async def _tell(self) -> int:
        with self._visit.feed.reader() as reader:
            while (document := await reader.next()) is not None:
                await self._say(document.text)
        return DONE if self._visit.feed.why_closed == "session-closed" else TRY_AGAIN

    async def _listen(self) -> int | None:
        """Take messages; returns the code to close with, None where the page is gone."""
        while True:
            message = await self._request.receive()
            if message["type"] != "websocket.receive":
                return None
            text = message.get("text")
            size = (
                len(text.encode("utf-8", "replace")) if text else len(message.get("bytes") or b"")
            )
            if size > self._most:
                await self._answer(None, problem(too_large(self._most)))
                return TOO_LARGE
            await self._take(text)

    async def _take(self, text: str | None) -> None:
        number: Any = None
        try:
            number, document = _numbered(_document(text))
            task = self._visit.carry_out(ordered(self._commands, document))
        except Refused as refusal:
            # Nothing more is read before this is said: who floods us waits for himself.
            await self._answer(number, problem(refusal))
        else:
            answer = asyncio.create_task(self._answer_later(number, task))
            self._answers.add(answer)
            answer.add_done_callback(self._answers.discard)

    async def _answer_later(self, number: Any, task: asyncio.Task[Any]) -> None:
        await asyncio.wait({task})
        with suppress(OSError):  # it is gone or takes nothing: the other tasks notice, too
            await self._answer(number, outcome(task))

    async def _answer(self, number: Any, told: Mapping[str, Any]) -> None:
        await self._say(dumped({"type": "answer", "id": number} | dict(told)))

    async def _say(self, text: str) -> None:
        async with asyncio.timeout(self._stall_seconds), self._turn:
            await self._request.send({"type": "websocket.send", "text": text})

    async def _close(self, code: int | None) -> None:
        if code is None:
            return
        with suppress(OSError):  # it is gone, or takes nothing
            async with asyncio.timeout(1):
                await self._request.send({"type": "websocket.close", "code": code})


def outcome(task: asyncio.Task[Any]) -> dict[str, Any]:
    """Return what the answer to a command says."""
    if task.cancelled():
        return problem(Refused("closed", "The session was closed before that was done."))
    error = task.exception()
    if error is None:
        return {"result": task.result()}
    if not isinstance(error, Exception):
        raise error
    return problem(error)


def _document(text: str | None) -> object:
    if text is None:
        raise Refused("bad-json", "Send text, not bytes: one JSON object.")
    return parsed(text)


def _numbered(document: object) -> tuple[Any, object]:
    """Split the id off, which comes back with the answer."""
    if not isinstance(document, dict):
        return None, document
    rest = dict(cast("dict[str, object]", document))
    number = rest.pop("id", None)
    fits = isinstance(number, int) or (isinstance(number, str) and len(number) <= _LONGEST_ID)
    if number is not None and not fits:
        raise Refused("bad-request", "id must be a number or a short text.")
    return number, rest


def _is_over(task: asyncio.Task[Any]) -> bool:
    return task.done() and not task.cancelled()


def _code(task: asyncio.Task[int] | asyncio.Task[int | None]) -> int | None:
    """Return the code to close with; None where the page is gone."""
    if task.cancelled():
        return None
    error = task.exception()
    if error is None:
        return task.result()
    if isinstance(error, TimeoutError):  # it takes nothing
        return TRY_AGAIN
    if isinstance(error, OSError):
        return None
    logger.error("a WebSocket broke off", exc_info=error)
    return BROKEN
