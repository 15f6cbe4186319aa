"""A thread that owns stores."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, ParamSpec, Self, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from stores import WritableStore

P = ParamSpec("P")
T = TypeVar("T")


class Elsewhere:
    """One thread, which does what it is told, one after the other."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, "elsewhere")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown()

    def soon(self, fn: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Have something done there."""
        return self._pool.submit(fn, *args, **kwargs)

    def do(self, fn: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Have something done there, and wait for it: that must never need the user interface."""
        return self.soon(fn, *args, **kwargs).result(30)

    def set_all(self, store: WritableStore[Any], values: range) -> None:
        """Write values into a store, as fast as it takes them, and wait for that."""
        self.do(set_all, store, values)


def set_all(store: WritableStore[Any], values: range) -> None:
    """Write values into a store."""
    for value in values:
        store.set(value)
