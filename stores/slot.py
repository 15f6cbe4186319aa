"""One subscription."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Generic, TypeVar

from reactivex import abc

from .lock import LOCK

if TYPE_CHECKING:
    from collections.abc import Callable

    from .observers import Observers

T = TypeVar("T")


class Slot(abc.DisposableBase, Generic[T]):
    """What to call for one observer, and the Disposable that its owner gets.

    A source calls ``push``: the observer itself while subscribed, and nothing once it is disposed.
    While an observer gets its first value, which can be on another thread than the writes, ``push``
    keeps the values that come meanwhile, so that an older value never comes after a newer one.
    """

    __slots__ = ("_group", "_kept", "_on_completed", "_on_next", "_over", "push")

    def __init__(
        self,
        group: Observers[T],
        on_next: Callable[[T], object],
        on_completed: Callable[[], object],
    ) -> None:
        self._group: Observers[T] | None = group
        self._on_next = on_next
        self._on_completed = on_completed
        self._kept: deque[T] | None = None
        self._over = False
        self.push: Callable[[T], object] = on_next

    def dispose(self) -> None:
        """Unsubscribe; nothing is delivered from now on, and the observer is let go of."""
        with LOCK:
            group, self._group = self._group, None
            if group is not None:
                group.leave(self)
        # Outside of the lock: letting go of a callback can run somebody's __del__.
        self.push = self._on_next = ignore
        self._on_completed = ignore

    def hold(self, value: T) -> None:
        """Make ``value`` the first one, and keep what comes until `start`; needs the lock."""
        self._kept = deque((value,))
        self.push = self._keep

    def start(self) -> None:
        """Deliver what is kept; from then on the source calls the observer directly."""
        try:
            while self._deliver_kept():
                pass
        except BaseException:
            self.dispose()
            raise
        if self._over:
            self.finish()

    def finish(self) -> None:
        """Complete the observer, after what is kept for it."""
        with LOCK:
            if self._kept is not None:
                self._over = True
                return
            group, callback = self._group, self._on_completed
        self.dispose()
        if group is not None:
            try:
                callback()
            except BaseException as error:  # noqa: BLE001
                group.hub.report(error, "completion", callback, None)

    def _keep(self, value: T) -> None:
        with LOCK:
            if self._kept is not None:
                self._kept.append(value)
                return
        self.push(value)

    def _deliver_kept(self) -> bool:
        with LOCK:
            group, callback, kept = self._group, self._on_next, self._kept
            if group is None or not kept:
                self._kept = None
                self.push = ignore if group is None else callback
                return False
            value = kept.popleft()
        try:
            callback(value)
        except BaseException as error:  # noqa: BLE001
            group.hub.report(error, "observer", callback, value)
        return True


def ignore(_: object = None) -> None:
    """Stand in for a callback that was not given, or that is gone."""
