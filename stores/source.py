"""What stores and event streams have in common for their users."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from reactivex import Observable, abc

from .slot import Slot, ignore
from .weak import WeakCallback

if TYPE_CHECKING:
    from collections.abc import Callable

    from .observers import Observers

T_co = TypeVar("T_co", covariant=True)


class Source(Observable[T_co], Generic[T_co]):
    """An Observable that isolates its observers from each other and never errs."""

    def __init__(self, observers: Observers[T_co]) -> None:
        super().__init__()
        self._observers = observers

    def subscribe(
        self,
        on_next: abc.ObserverBase[T_co] | Callable[[T_co], object] | None = None,
        on_error: abc.OnError | None = None,  # noqa: ARG002 - part of the Rx signature
        on_completed: Callable[[], object] | None = None,
        *,
        scheduler: abc.SchedulerBase | None = None,  # noqa: ARG002 - part of the Rx signature
    ) -> abc.DisposableBase:
        """Subscribe callbacks or an observer, on any thread; the source keeps them alive.

        What a callback raises is logged and given to ``on_unhandled``; it stays subscribed.

        Args:
            on_next: Called with each value, or an observer, which then gets everything.
            on_error: Never called; here because Rx passes it.
            on_completed: Called once, when the source is closed.
            scheduler: Not used; here because Rx passes it.

        Returns:
            What to call ``.dispose()`` on to unsubscribe. Dropping it does not unsubscribe.
        """
        callback: Any = on_next
        if callable(getattr(callback, "on_next", None)):
            callback, on_completed = callback.on_next, callback.on_completed
        slot: Slot[T_co] = Slot(
            self._observers,
            ignore if callback is None else callback,
            ignore if on_completed is None else on_completed,
        )
        self._observers.join(slot)
        return slot

    def subscribe_weak(self, method: Callable[[T_co], object]) -> abc.DisposableBase:
        """Subscribe a bound method without keeping its object alive.

        The subscription ends with the object, so a widget that is gone is not called any more.

        Args:
            method: A bound method, such as ``label.set_text``.

        Returns:
            What to call ``.dispose()`` on to unsubscribe earlier.

        Raises:
            TypeError: It is not a bound method, or its object cannot be referenced weakly.
        """
        callback = WeakCallback(method)
        callback.subscription = self.subscribe(callback)
        return callback.subscription
