"""What a store shares with its selectors: whose turn it is, and where errors go.

Writes are run to completion, first in first out: a write made by a callback waits until everybody
has been told of the one before. All of them happen on one thread.

Callbacks belong to somebody else, and whatever one raises is reported instead of passed on, even
``CancelledError``, which a synchronous callback can only have got from the result of some future.
``KeyboardInterrupt`` and ``SystemExit`` are meant for the program: the write during which they come
raises them, once everybody has been told and nothing waits any more. A second one leaves at once,
and drops the writes that wait: a loop of writes without end can be left that way. Outside of a
write (the first value of a subscriber) they are raised where they come.
"""

from __future__ import annotations

import logging
from collections import deque
from threading import get_ident
from typing import TYPE_CHECKING, Any, TypeVar

from .errors import WrongThread
from .lock import LOCK
from .unhandled import Unhandled, origin_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from .unhandled import OnUnhandled, Role

P = TypeVar("P")

_STOPS = (KeyboardInterrupt, SystemExit)
_log = logging.getLogger("stores")


class Hub:
    """The turns and the errors of one root."""

    __slots__ = ("_busy", "_on_unhandled", "_owner", "_stop", "_waiting", "closed")

    def __init__(self, on_unhandled: OnUnhandled | None) -> None:
        self._on_unhandled = on_unhandled
        self._owner: int | None = None
        self._busy = False
        self._waiting: deque[tuple[Callable[[Any], None], Any]] = deque()
        self._stop: BaseException | None = None
        self.closed = False

    @property
    def is_busy(self) -> bool:
        """Whether a write is going on, so that the next one will have to wait."""
        return self._busy

    def run(self, step: Callable[[P], None], payload: P) -> None:
        """Run ``step(payload)`` now, or after the steps that are before it.

        Raises:
            WrongThread: Another thread owns this root.
            Exception: The step itself raised; not when it had to wait.
        """
        self.check_thread()
        if self._busy:
            self._waiting.append((step, payload))
            return
        self._busy = True
        try:
            step(payload)
        finally:
            self._drain()

    def check_thread(self) -> None:
        """Make this thread the owner, if there is none.

        Raises:
            WrongThread: Another thread owns this root.
        """
        if get_ident() != self._owner:
            self._claim()

    def report(
        self, error: BaseException, role: Role, callback: Callable[..., object], value: object
    ) -> None:
        """Log what a callback raised and hand it to ``on_unhandled``.

        Raises:
            BaseException: The error is a reason to stop, and no write is going on.
        """
        if isinstance(error, _STOPS):
            self._hold(error)
            return
        unhandled = Unhandled(role, callback, value, origin_of(error))
        _log.error("%s", unhandled, exc_info=error)
        if self._on_unhandled is None:
            return
        try:
            self._on_unhandled(error, unhandled)
        except _STOPS as stop:
            self._hold(stop)
        except BaseException:  # noqa: BLE001
            _log.exception("on_unhandled itself failed, on: %s", unhandled)

    def _claim(self) -> None:
        with LOCK:
            if self._owner is None:
                self._owner = get_ident()
            elif self._owner != get_ident():
                raise WrongThread(self._owner)

    def _drain(self) -> None:
        try:
            while self._waiting:
                step, payload = self._waiting.popleft()
                step(payload)
        finally:
            self._waiting.clear()
            self._busy = False
            stop, self._stop = self._stop, None
        if stop is not None:
            raise stop

    def _hold(self, stop: BaseException) -> None:
        if not self._busy or get_ident() != self._owner or self._stop is not None:
            raise stop
        self._stop = stop
