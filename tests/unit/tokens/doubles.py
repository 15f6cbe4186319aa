"""Tokens with claims at will, a source and a clock that obey, and a server on 127.0.0.1."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import TYPE_CHECKING, Any

import attrs
from aiohttp import web

from session_fsm.tokens import ConnectionDetails, TokenOptions, TokenSource

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aiohttp.test_utils import TestServer


def part(value: object) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def make_token(**claims: Any) -> str:
    return f"{part({'alg': 'HS256'})}.{part(claims)}.c2lnbmF0dXJl"


def make_details(**claims: Any) -> ConnectionDetails:
    return ConnectionDetails("wss://server.test", make_token(**claims))


@attrs.define
class Clock:
    now: float = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@attrs.define
class Scripted(TokenSource):
    """Counts its fetches; each ends when the test says so, or at once."""

    answers: list[Any] = attrs.Factory(list)
    asked: list[tuple[TokenOptions | None, bool]] = attrs.Factory(list)
    gate: asyncio.Event | None = None
    cancelled: int = 0

    async def fetch(
        self, options: TokenOptions | None = None, *, force: bool = False
    ) -> ConnectionDetails:
        self.asked.append((options, force))
        answer = self.answers.pop(0)
        try:
            if self.gate is not None:
                await self.gate.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if isinstance(answer, Exception):
            raise answer
        return answer


@attrs.define
class Peer:
    """What the token server saw, and what it answers."""

    server: TestServer | None = None
    requests: list[dict[str, Any]] = attrs.Factory(list)
    answer: Callable[[web.Request], Awaitable[web.StreamResponse]] | None = None

    @property
    def url(self) -> str:
        assert self.server is not None
        return str(self.server.make_url("/token"))

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.text()
        self.requests.append(
            {
                "method": request.method,
                "path": request.path_qs,
                "headers": list(request.headers.items()),
                "body": body,
            }
        )
        if self.answer is not None:
            return await self.answer(request)
        return web.json_response({"server_url": "wss://a.test", "participant_token": "t"})

    def says(self, **answer: Any) -> None:
        async def respond(_request: web.Request) -> web.StreamResponse:
            return web.Response(**answer)

        self.answer = respond

    @property
    def connections(self) -> int:
        assert self.server is not None
        assert isinstance(self.server.runner.server, web.Server)
        return len(self.server.runner.server.connections)

    async def until_no_connection_is_left(self) -> None:
        async with asyncio.timeout(2):
            while self.connections:  # noqa: ASYNC110 - a fact of the server's
                await asyncio.sleep(0)
