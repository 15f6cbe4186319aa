"""What can be shown of sound while it is heard: stores that change at a fixed rate."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from stores import WritableStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from session_fsm.media.frames import AudioFrame
    from stores import OnUnhandled

T = TypeVar("T")

TICK: Final = 0.032
"""Seconds from one value to the next; the smoothing of the analysis depends on it."""
SILENT_TICKS: Final = 4
"""So many without any sound mean that there is none: the value falls back."""


class Meter(WritableStore[T], Generic[T]):
    """A store of what is computed of the last sound, every 32 ms while there is any.

    Args:
        quiet: The value while there is no sound.
        take: Takes every frame.
        measure: Computes the value of what was taken.
        on_unhandled: Called with what observers raise.
    """

    def __init__(
        self,
        quiet: T,
        take: Callable[[AudioFrame], None],
        measure: Callable[[], T],
        on_unhandled: OnUnhandled | None = None,
    ) -> None:
        super().__init__(quiet, on_unhandled=on_unhandled)
        self._quiet = quiet
        self._take = take
        self._measure = measure
        self._timer: asyncio.TimerHandle | None = None
        self._empty = 0

    def hear(self, frame: AudioFrame) -> None:
        """Take a frame."""
        self._take(frame)
        self._empty = 0
        if self._timer is None:
            self._arm()

    def _arm(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(TICK, self._tick)

    def _tick(self) -> None:
        self._empty += 1
        if self._empty > SILENT_TICKS:
            self.fall_silent()
        else:
            self._arm()
            self.set(self._measure())

    def fall_silent(self) -> None:
        """Show that nothing is heard."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self.set(self._quiet)

    def end(self) -> None:
        """Show that nothing is heard, and complete."""
        self.fall_silent()
        self.close()
