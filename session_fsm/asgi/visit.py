"""A session that pages use, and what they have going on it."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from session_fsm.asgi.feed import Feed
from session_fsm.asgi.problems import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from session_fsm.asgi.commands import Order
    from session_fsm.asgi.web_limits import WebLimits
    from session_fsm.session import Session


class Visit:
    """One session, its feed, the commands that are under way, and the time without anybody."""

    def __init__(
        self, session: Session, limits: WebLimits, forget: Callable[[Visit], object] | None
    ) -> None:
        self.session = session
        self.feed = Feed(session)
        self._limits = limits
        self._forget = forget
        self._connections = 0
        self._tasks: set[asyncio.Task[Any]] = set()
        self._idle: asyncio.TimerHandle | None = None
        self._is_over = False
        self._touch()

    @contextmanager
    def connection(self) -> Generator[None]:
        """Count a stream or WebSocket for as long as it is open.

        Raises:
            Refused: There are too many.
        """
        if self._connections >= self._limits.connections:
            raise Refused(
                "too-many",
                f"{self._connections} streams and WebSockets are open on this session "
                "(WebLimits.connections): close one of them.",
                [(b"retry-after", b"10")],
            )
        self._connections += 1
        try:
            yield
        finally:
            self._connections -= 1
            self._touch()

    def carry_out(self, order: Order) -> asyncio.Task[Any]:
        """Begin to do what is ordered.

        It belongs to the visit and not to whoever waits for it: what a page asked for before it was
        closed, or went on, is done, and ends with the session at the latest.

        Raises:
            Refused: There is too much under way.
        """
        if len(self._tasks) >= self._limits.commands:
            raise Refused(
                "too-many",
                f"{len(self._tasks)} commands are under way (WebLimits.commands): wait for one.",
                [(b"retry-after", b"1")],
            )
        self._touch()
        task = asyncio.get_running_loop().create_task(order.carry_out(self.session))
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # whoever waits for it is told; it may be nobody

    def _touch(self) -> None:
        """Count the time without anybody from now on."""
        if self._idle is not None:
            self._idle.cancel()
        if self._forget is not None and not self._is_over:
            seconds = self._limits.idle_seconds
            self._idle = asyncio.get_running_loop().call_later(seconds, self._is_idle)

    def _is_idle(self) -> None:
        if self._connections == 0 and self._forget is not None:
            self._forget(self)

    async def end(self, why: str) -> None:
        """Complete the streams, end the session, and close it if it was made for this visit."""
        self._is_over = True
        if self._idle is not None:
            self._idle.cancel()
        self.feed.close(why)
        try:
            await (self.session.end() if self._forget is None else self.session.close())
        finally:
            for task in self._tasks:
                task.cancel()
