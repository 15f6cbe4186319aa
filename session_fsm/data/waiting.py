"""Waiting for what a snapshot shows, for other futures, or for the time to be over."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from session_fsm.states import SessionState

if TYPE_CHECKING:
    from collections.abc import Callable

    from session_fsm.snapshot import SessionSnapshot
    from stores import Store

NO_RUN: Final = frozenset({SessionState.IDLE, SessionState.ENDING})


async def reached(
    snapshots: Store[SessionSnapshot],
    predicate: Callable[[SessionSnapshot], bool],
    until: float,
    *others: asyncio.Future[None],
) -> None:
    """Return when the predicate has held once, one of the others is done, or ``until`` is passed.

    Args:
        snapshots: What is looked at.
        predicate: Holds for a snapshot that is waited for.
        until: A time of the loop's clock.
        others: They are not cancelled.
    """
    if predicate(snapshots.value):
        return
    loop = asyncio.get_running_loop()
    seen: asyncio.Future[None] = loop.create_future()

    def look(now: SessionSnapshot) -> None:
        if not seen.done() and predicate(now):
            seen.set_result(None)

    subscription = snapshots.subscribe(look)
    try:
        await any_of({seen, *others}, until)
    finally:
        subscription.dispose()


async def any_of(futures: set[asyncio.Future[Any]], until: float) -> None:
    """Return when one of them is done, or ``until`` is passed; none of them is cancelled.

    It waits for a time and not for a span: spans that are computed twice differ by a rounding.
    """
    loop = asyncio.get_running_loop()
    alarm: asyncio.Future[None] = loop.create_future()
    timer = loop.call_at(until, alarm.set_result, None)
    try:
        await asyncio.wait({alarm, *futures}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        timer.cancel()


class Life:
    """One run, seen by something that is done in it."""

    def __init__(self, snapshots: Store[SessionSnapshot], seconds: float) -> None:
        self._snapshots = snapshots
        self._epoch = snapshots.value.epoch
        self.until = round(asyncio.get_running_loop().time() + seconds, 6)

    @property
    def left(self) -> float:
        """Seconds until the time is over, 0 after it."""
        return max(0.0, round(self.until - asyncio.get_running_loop().time(), 6))

    def is_over(self, now: SessionSnapshot) -> bool:
        """Say whether the run has ended, or is about to."""
        return now.epoch != self._epoch or now.state in NO_RUN

    async def ready(self, predicate: Callable[[SessionSnapshot], bool]) -> SessionSnapshot:
        """Return a snapshot of now: the predicate holds, the run is over, or the time is."""
        while True:
            await reached(
                self._snapshots, lambda now: predicate(now) or self.is_over(now), self.until
            )
            now = self._snapshots.value
            if predicate(now) or self.is_over(now) or self.left == 0.0:
                return now

    async def any_of(self, *futures: asyncio.Future[Any]) -> None:
        """Return when one of them is done, or the time is over; none of them is cancelled."""
        await any_of(set(futures), self.until)


def is_linked(now: SessionSnapshot) -> bool:
    """Say whether the room is joined and the link is up."""
    return now.is_connected and not now.is_reconnecting


def look_at(task: asyncio.Task[object]) -> None:
    """Ask a task for its error, which asyncio prints otherwise when nobody does."""
    if not task.cancelled():
        task.exception()
