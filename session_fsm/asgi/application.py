"""What all applications here have in common: routes, refusals, CORS, and the server's lifespan."""

from __future__ import annotations

import abc
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Final, TypeAlias

from session_fsm.asgi.problems import Refused, problem, status_of
from session_fsm.asgi.protocol import Answer, Disconnected, Header, Request, dumped

if TYPE_CHECKING:
    from session_fsm.asgi.access import Access
    from session_fsm.asgi.protocol import Receive, Scope, Send

Handler: TypeAlias = Callable[[Request, tuple[Header, ...]], Awaitable[Answer | None]]
"""Answers a request, or returns None when it has answered itself, with these headers."""

POLICY_VIOLATION: Final = 1008


class Application(abc.ABC):
    """An ASGI 3 application."""

    def __init__(self, access: Access) -> None:
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection, as ASGI 3 has it."""
        match scope["type"]:
            case "http":
                await self._http(Request.of(scope, receive, send))
            case "websocket":
                await self._websocket(Request.of(scope, receive, send))
            case "lifespan":
                await self._lifespan(receive, send)
            case other:
                raise ValueError(f"{type(self).__name__} serves http and websocket, not {other!r}.")

    @abc.abstractmethod
    def _routes(self, path: str) -> Mapping[str, Handler]:
        """Return method -> handler of a path; empty where there is nothing."""

    async def _open(self, request: Request) -> None:
        """Serve a WebSocket that may be opened as far as its origin goes."""
        raise Refused("not-found", f"There is no WebSocket at {request.path[:100]!r}.")

    @abc.abstractmethod
    async def close(self) -> None:
        """End everything; the server's lifespan does it where the application is not mounted."""

    async def _http(self, request: Request) -> None:
        headers: tuple[Header, ...] = ()
        try:
            headers = self._access.check(request)
            answer = await self._routed(request, headers)
        except Disconnected:
            return
        except Exception as error:  # noqa: BLE001 - whoever asked is told
            more = error.headers if isinstance(error, Refused) else ()
            answer = Answer(status_of(error), problem(error), more)
        if answer is not None:
            with suppress(OSError):  # it is gone
                await request.answer(answer, headers)

    async def _routed(self, request: Request, headers: tuple[Header, ...]) -> Answer | None:
        handlers = self._routes(request.path)
        if not handlers:
            raise Refused("not-found", f"There is nothing at {request.path[:100]!r}.")
        if request.method == "OPTIONS":
            return self._access.preflight(request, handlers)
        handler = handlers.get(request.method)
        if handler is None:
            allowed = ", ".join(handlers)
            raise Refused("wrong-method", f"Use {allowed} here.", [(b"allow", allowed.encode())])
        return await handler(request, headers)

    async def _websocket(self, request: Request) -> None:
        try:
            self._access.check(request)
            await self._open(request)
        except Exception as error:  # noqa: BLE001 - whoever asked is told
            with suppress(OSError):  # it is gone
                await _refuse(request, error)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                await self.close()
                await send({"type": "lifespan.shutdown.complete"})
                return


async def _refuse(request: Request, error: Exception) -> None:
    """Refuse to open a WebSocket, with the reason where the server can hand it on."""
    told = problem(error)
    if "websocket.http.response" not in request.scope.get("extensions", {}):
        await request.send({"type": "websocket.close", "code": POLICY_VIOLATION})
        return
    body = dumped(told).encode()
    more = error.headers if isinstance(error, Refused) else ()
    await request.send(
        {
            "type": "websocket.http.response.start",
            "status": status_of(error),
            "headers": [
                (b"content-type", b"application/json"),
                (b"content-length", str(len(body)).encode()),
                *more,
            ],
        }
    )
    await request.send({"type": "websocket.http.response.body", "body": body})
