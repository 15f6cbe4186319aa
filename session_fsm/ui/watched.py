"""A store that tells its owner when somebody begins to look."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from stores import Store
from stores.equality import same

if TYPE_CHECKING:
    from collections.abc import Callable

    from reactivex import abc

    from stores.cells import Cell

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
K = TypeVar("K")


class Watched(Store[T_co]):
    """A store, and what to call after each subscription to it or to what is selected from it.

    Args:
        cell: Where its values are.
        watch: Called on the thread of the subscription.
    """

    def __init__(self, cell: Cell[T_co], watch: Callable[[], None]) -> None:
        super().__init__(cell)
        self._watch = watch

    @classmethod
    def of(cls, store: Store[T], watch: Callable[[], None]) -> Watched[T]:
        """Return the same store, watched."""
        return Watched(store._cell, watch)  # noqa: SLF001 - the same store

    def select(
        self, fn: Callable[[T_co], K], *, comparer: Callable[[K, K], bool] | None = None
    ) -> Watched[K]:
        """Derive a store; see `Store.select`."""
        return Watched(self._cell.derive(fn, comparer or same), self._watch)

    def subscribe(
        self,
        on_next: abc.ObserverBase[T_co] | Callable[[T_co], object] | None = None,
        on_error: abc.OnError | None = None,
        on_completed: Callable[[], object] | None = None,
        *,
        scheduler: abc.SchedulerBase | None = None,
    ) -> abc.DisposableBase:
        """Subscribe; see `Store.subscribe`."""
        subscription = super().subscribe(on_next, on_error, on_completed, scheduler=scheduler)
        self._watch()
        return subscription
