"""A timer whose clock can be stopped."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class PausableTimer:
    """Calls back once, after so many seconds in which it was not paused."""

    def __init__(self) -> None:
        self._left: float | None = None
        self._callback: Callable[[], None] | None = None
        self._handle: asyncio.TimerHandle | None = None
        self._when = 0.0
        self._paused = False

    def set(self, seconds: float | None, callback: Callable[[], None]) -> None:
        """Wait for this instead of what was waited for; None seconds: for ever."""
        self.cancel()
        self._left = seconds
        self._callback = callback
        if not self._paused:
            self._run()

    def pause(self, *, paused: bool) -> None:
        """Stop the clock, or let it go on."""
        if paused == self._paused:
            return
        self._paused = paused
        if paused:
            self._stop()
        else:
            self._run()

    def cancel(self) -> None:
        """Wait for nothing."""
        self._stop()
        self._left = None
        self._callback = None

    def _run(self) -> None:
        if self._left is not None and self._callback is not None:
            loop = asyncio.get_running_loop()
            # Not asked of the handle: qasync's does not know.
            self._when = loop.time() + self._left
            self._handle = loop.call_later(self._left, self._fire)

    def _fire(self) -> None:
        callback = self._callback
        self._handle = self._left = self._callback = None
        if callback is not None:
            callback()

    def _stop(self) -> None:
        if self._handle is not None:
            loop = asyncio.get_running_loop()
            self._left = max(0.0, self._when - loop.time())
            self._handle.cancel()
            self._handle = None
