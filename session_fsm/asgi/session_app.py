"""``SessionApp``: a session that web pages see and command."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from session_fsm.asgi.access import Access
from session_fsm.asgi.application import Application
from session_fsm.asgi.commands import commands, ordered
from session_fsm.asgi.event_stream import stream
from session_fsm.asgi.problems import Refused
from session_fsm.asgi.protocol import Answer
from session_fsm.asgi.socket import Socket
from session_fsm.asgi.visitors import Visitors
from session_fsm.asgi.web_limits import DEFAULT_WEB_LIMITS, WebLimits
from session_fsm.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from session_fsm.asgi.application import Handler
    from session_fsm.asgi.commands import Start
    from session_fsm.asgi.protocol import Header, Request


class SessionApp(Application):
    """An ASGI application through which web pages see a session and command it.

    ``GET /events`` is a stream of Server-Sent Events, ``POST /commands`` takes a command,
    ``/ws`` is a WebSocket that does both; docs/asgi.md has all documents and errors.

    Args:
        new_session: One session, for all visitors; or a function without arguments that makes one
            for each visitor. It is called within the visitor's request, so that it can read the
            context variables that a middleware has set.
        origins: Origins besides its own whose pages may use it, e.g. ``"http://localhost:3000"``.
        hosts: The names under which pages reach it, e.g. ``"talk.example.com"``; those of loopback
            are known.
        start: What the command ``start`` does: for starting with a microphone, say.
        limits: How much of pages is taken.

    Raises:
        TypeError: An argument is of the wrong type.
        ValueError: An origin or a host is none.
    """

    def __init__(
        self,
        new_session: Session | Callable[[], Session],
        *,
        origins: Iterable[str] = (),
        hosts: Iterable[str] = (),
        start: Start = Session.start,
        limits: WebLimits = DEFAULT_WEB_LIMITS,
    ) -> None:
        super().__init__(Access(origins, hosts, cookies=True))
        if not callable(start):
            raise TypeError(f"start must be callable, not {type(start).__name__}.")
        if not isinstance(limits, WebLimits):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"limits must be a WebLimits, not {type(limits).__name__}.")
        self._visitors = Visitors(new_session, limits)
        self._limits = limits
        self._commands = commands(start)
        self._paths: Mapping[str, Mapping[str, Handler]] = {
            "/events": {"GET": self._events},
            "/commands": {"POST": self._command},
        }

    async def close(self) -> None:
        """End all sessions, within five seconds, and complete all streams.

        Sessions that were made for visitors are closed; a session for all of them is ended, and
        stays its owner's to close. Later visitors are refused. A server does this when it shuts
        down; where the application is mounted in another one, that one has to.
        """
        await self._visitors.close()

    def _routes(self, path: str) -> Mapping[str, Handler]:
        return self._paths.get(path, {})

    async def _events(self, request: Request, headers: tuple[Header, ...]) -> None:
        visit, cookies = self._visitors.arrive(request)
        with visit.connection():
            await stream(request, visit.feed, (*headers, *cookies), self._limits.stall_seconds)

    async def _command(self, request: Request, _: tuple[Header, ...]) -> Answer | None:
        order = ordered(self._commands, await request.json(self._limits.request_size))
        task = self._visitors.visit(request).carry_out(order)
        gone = asyncio.create_task(request.gone())
        both: set[asyncio.Task[Any]] = {task, gone}
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            gone.cancel()
        if not task.done():
            return None
        if task.cancelled():
            raise Refused("closed", "The session was closed before that was done.")
        return Answer(HTTPStatus.OK, {"result": task.result()})

    async def _open(self, request: Request) -> None:
        if request.path != "/ws":
            await super()._open(request)
        visit, cookies = self._visitors.arrive(request)
        with visit.connection():
            socket = Socket(
                request,
                visit,
                self._commands,
                most=self._limits.request_size,
                stall_seconds=self._limits.stall_seconds,
            )
            await socket.serve(cookies)
