"""A session for programs that have no asyncio loop: Tk, Qt's own loop, scripts."""

from __future__ import annotations

import asyncio
import atexit
import logging
import threading
from concurrent.futures import CancelledError, Future
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

from session_fsm.errors import SessionStateError

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from session_fsm.session import Session

T = TypeVar("T")

CLOSING: Final = 10.0
"""Seconds that a session has to end and its loop to finish: twice what ``ending`` may last."""
CLOSED: Final = "This SessionThread is closed: make another one, with another Session."
OWN_LOOP: Final = (
    "{} waits for the session's thread, and this is that thread: await the session's own method."
)

logger = logging.getLogger("session_fsm")


class SessionThread:
    """A loop in a daemon thread, and a session that lives on it.

    Its stores can be read and subscribed to on every thread; `stores.tk`, `stores.qt` and
    `stores.deliver` bring their values to the thread of a user interface. Its coroutines are called
    anywhere and handed to `submit` or `run`. Leaving a ``with`` block closes it, and so does the
    end of the program: nobody stays in the room.

    Attributes:
        session: The session.

    Example:
        thread = SessionThread(Session(TokenSource.endpoint(url)))
        bind(thread.session.agent.state, label, lambda state: label.configure(text=state))
        thread.submit(thread.session.start())
    """

    def __init__(self, session: Session) -> None:
        """Start the thread.

        Args:
            session: One that has not been started on another loop.
        """
        self.session = session
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, name="session-fsm session", daemon=True)
        self._closing = threading.Lock()
        self._is_closed = False
        self._thread.start()
        atexit.register(self.close)

    def submit(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Have a coroutine run on the session's loop.

        Args:
            work: Such as ``thread.session.send("Hello!")``.

        Returns:
            What it will return or raise; cancelling it cancels the coroutine. Its callbacks are
            called on the session's thread.

        Raises:
            SessionStateError: This is closed.
        """
        if self._is_closed:
            work.close()
            raise SessionStateError(CLOSED, kind="closed")
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def run(self, work: Coroutine[Any, Any, T], timeout: float | None = None) -> T:
        """Have a coroutine run on the session's loop, and wait for it.

        Args:
            work: Such as ``thread.session.start()``.
            timeout: Seconds after which it is cancelled; None waits for ever.

        Returns:
            What it returns.

        Raises:
            TimeoutError: It took longer.
            SessionStateError: This is closed, or was meanwhile, or it is called on the session's
                thread itself.
            Exception: What the coroutine raises.
        """
        if threading.current_thread() is self._thread:
            work.close()
            raise SessionStateError(OWN_LOOP.format("run()"), kind="wrong-loop")
        future = self.submit(work)
        try:
            return future.result(timeout)
        except CancelledError:
            if self._is_closed:
                raise SessionStateError(CLOSED, kind="closed") from None
            raise
        finally:
            future.cancel()

    def close(self) -> None:
        """End the session and the thread, and complete all stores; safe to call again.

        It returns when the room is left, or after ten seconds.

        Raises:
            SessionStateError: It is called on the session's thread itself, or the session belongs
                to another loop.
        """
        if threading.current_thread() is self._thread:
            raise SessionStateError(OWN_LOOP.format("close()"), kind="wrong-loop")
        with self._closing:
            if self._is_closed:
                return
            self._is_closed = True
            atexit.unregister(self.close)
            ended = asyncio.run_coroutine_threadsafe(self._end(), self._loop)
            self._thread.join(CLOSING)
        if self._thread.is_alive():
            logger.warning("the session's thread is still busy after %.0f s: left alone", CLOSING)
        else:
            ended.result()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        state = "closed" if self._is_closed else "running"
        return f"<SessionThread {state}, {self.session!r}>"

    async def _end(self) -> None:
        try:
            await self.session.close()
        finally:
            self._loop.stop()

    def _serve(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.get_loop().run_forever()
