"""What all view models have in common: subscriptions that end, and stores that complete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self, TypeVar

from stores import Store, WritableStore

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Any

    from reactivex.abc import DisposableBase

    from session_fsm.view import SessionView
    from stores import EventStream

T = TypeVar("T")


class ViewModel:
    """Follows a session, or the replay of one, until it is closed or the session is."""

    def __init__(self, view: SessionView) -> None:
        self._view = view
        self._subscriptions: list[DisposableBase] = []
        self._owned: list[WritableStore[Any]] = []
        self._is_closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Follow the session no longer, and complete all stores; they keep their last values."""
        if self._is_closed:
            return
        self._is_closed = True
        for subscription in self._subscriptions:
            subscription.dispose()
        self._subscriptions.clear()
        for store in self._owned:
            store.close()

    def _store(self, value: T) -> WritableStore[T]:
        store = WritableStore(value)
        self._owned.append(store)
        return store

    def _follow(self, source: Store[T] | EventStream[T], later: Callable[[T], object]) -> None:
        """Hand over what comes after the present value, until the session is closed.

        The present value is for the constructor to look at: showing it must not write a store,
        which would give it to the thread that happens to make the model.
        """
        is_later = not isinstance(source, Store)

        def take(value: T) -> None:
            nonlocal is_later
            if is_later:
                later(value)
            is_later = True

        subscription = source.subscribe(take, None, self._end)
        if self._is_closed:
            subscription.dispose()
        else:
            self._subscriptions.append(subscription)

    def _end(self) -> None:
        """Do what is to be done when the session is closed."""
        self.close()
