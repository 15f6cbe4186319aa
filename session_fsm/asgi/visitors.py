"""Who has which session, how long, and how many of them there are.

A visitor is known by an unguessable id that this application made, in a cookie that scripts cannot
read (HttpOnly) and that no other site's page sends along (SameSite=Strict). Streams, WebSockets and
commands all carry it, and so a page that is loaded again, and a second tab, are in the same
conversation. An id that was not made here, or is no longer in use, opens nothing.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import secrets
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from session_fsm.asgi.problems import Refused
from session_fsm.asgi.visit import Visit
from session_fsm.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from session_fsm.asgi.protocol import Header, Request
    from session_fsm.asgi.web_limits import WebLimits

COOKIE: Final = "session_fsm_visitor"

logger = logging.getLogger("session_fsm")


class Visitors:
    """All who use an application: everybody one session, or each one of their own."""

    def __init__(self, new_session: Session | Callable[[], Session], limits: WebLimits) -> None:
        if not isinstance(new_session, Session) and not _is_plain(new_session):
            raise TypeError(
                "SessionApp needs a Session for all visitors, or a plain function that makes one "
                f"for each, not {type(new_session).__name__}."
            )
        self._new_session = new_session
        self._limits = limits
        self._shared: Visit | None = None
        self._visits: dict[str, Visit] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self._is_closed = False

    def visit(self, request: Request) -> Visit:
        """Return the visit that a command is for.

        Raises:
            Refused: There is none.
        """
        self._check_open()
        if isinstance(self._new_session, Session):
            return self._of_all(self._new_session)
        found = self._known(request)
        if found is None:
            raise Refused(
                "no-session",
                "You have no session here, or no longer. Open /events or /ws first, "
                "and send the cookie that it sets along.",
            )
        return found

    def arrive(self, request: Request) -> tuple[Visit, tuple[Header, ...]]:
        """Return the visit of whoever opens a stream, and the headers that make it known.

        Raises:
            Refused: There are too many visitors, or no session could be made.
        """
        self._check_open()
        if isinstance(self._new_session, Session):
            return self._of_all(self._new_session), ()
        found = self._known(request)
        if found is not None:
            return found, ()
        if len(self._visits) + len(self._ending) >= self._limits.sessions:
            raise Refused(
                "full",
                f"{self._limits.sessions} visitors have a session (WebLimits.sessions): "
                "come back later.",
                [(b"retry-after", b"30")],
            )
        name = secrets.token_urlsafe(32)
        session = self._new_session()
        if not isinstance(session, Session):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"new_session must return a Session, not {type(session).__name__}.")
        visit = Visit(session, self._limits, lambda _: self._leave(name))
        self._visits[name] = visit
        return visit, (_cookie(name, request),)

    async def close(self) -> None:
        """End all sessions, and take no more visitors."""
        self._is_closed = True
        for name in tuple(self._visits):
            self._leave(name, "shutdown")
        if self._shared is not None:
            await self._shared.end("shutdown")
        elif isinstance(self._new_session, Session):
            await self._new_session.end()
        if self._ending:
            await asyncio.wait(self._ending)

    def _check_open(self) -> None:
        if self._is_closed:
            raise Refused("closed", "The server is shutting down: come back later.")

    def _of_all(self, session: Session) -> Visit:
        if self._shared is None:
            self._shared = Visit(session, self._limits, None)
        return self._shared

    def _known(self, request: Request) -> Visit | None:
        for name in _names(request):
            visit = self._visits.get(name)
            if visit is not None and visit.feed.why_closed is None:
                return visit
            if visit is not None:  # the program has closed its session
                self._leave(name)
        return None

    def _leave(self, name: str, why: str = "idle") -> None:
        visit = self._visits.pop(name, None)
        if visit is None:
            return
        task = asyncio.get_running_loop().create_task(visit.end(why))
        self._ending.add(task)
        task.add_done_callback(self._left)

    def _left(self, task: asyncio.Task[None]) -> None:
        self._ending.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            logger.error("the session of a visitor could not be closed", exc_info=error)


def _is_plain(given: object) -> bool:
    return callable(given) and not inspect.iscoroutinefunction(given)


def _names(request: Request) -> Iterator[str]:
    """Yield the ids that a browser sends: of several paths, the closest one first."""
    for header in request.headers.get(b"cookie", []):
        for part in header.decode("latin-1").split(";"):
            name, _, value = part.strip().partition("=")
            if name == COOKIE:
                yield value


def _cookie(name: str, request: Request) -> Header:
    path = quote(request.root or "/")
    secure = "; Secure" if request.is_secure else ""
    value = f"{COOKIE}={name}; Path={path}; HttpOnly; SameSite=Strict{secure}"
    return b"set-cookie", value.encode()
