"""Observable values."""

from __future__ import annotations

import reprlib
from typing import TYPE_CHECKING, Generic, Literal, NoReturn, TypeVar

from .aiter import iterate
from .cells import Cell, Root
from .equality import same
from .hub import Hub
from .source import Source

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from .unhandled import OnUnhandled

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
K = TypeVar("K")


class Store(Source[T_co], Generic[T_co]):
    """A value that can be read at any time and observed; it cannot be written through this class.

    A subscriber gets the current value at once, each later one once, and completion when the store
    is closed; after that, the last value and completion. It never errs, and every Rx operator works
    on it. While anybody is being told of a change, all stores of the same root show the new state.
    """

    def __init__(self, cell: Cell[T_co]) -> None:
        """Not for users: stores come from `WritableStore` and `select`."""
        super().__init__(cell)
        self._cell = cell

    @property
    def value(self) -> T_co:
        """The current value, the last one after closing; can be read on every thread."""
        return self._cell.read()

    def select(
        self, fn: Callable[[T_co], K], *, comparer: Callable[[K, K], bool] | None = None
    ) -> Store[K]:
        """Derive a store that changes when ``fn`` of the value does.

        It costs nothing while nobody observes it. While somebody does, it is kept alive and ``fn``
        is called once per commit, before anybody is told. If ``fn`` raises then, that is reported,
        and the last value stays.

        Args:
            fn: A function of the value alone, which gives equal results for equal values.
            comparer: Says whether two results count as the same; None takes identity, then ``==``.

        Raises:
            Exception: ``fn`` raised on the current value.

        Example:
            >>> from stores import WritableStore
            >>> name = WritableStore("ada")
            >>> length = name.select(len)
            >>> name.set("grace")
            >>> length.value
            5
        """
        return Store(self._cell.derive(fn, comparer or same))

    def values(self, policy: Literal["latest", "all"] = "latest") -> AsyncGenerator[T_co, None]:
        """Iterate over the current value and the later ones, until the store is closed.

        Use it with `contextlib.aclosing` if the loop can be left early: that unsubscribes at once.

        Args:
            policy: What a slow consumer gets: ``"latest"``, only the newest value that it has not
                seen, or ``"all"`` of them.

        Raises:
            ValueError: There is no such policy.

        Example:
            async with aclosing(store.values()) as values:
                async for value in values:
                    print(value)
        """
        if policy not in ("latest", "all"):
            raise ValueError(f"policy must be 'latest' or 'all', not {policy!r}")
        return iterate(self, 1 if policy == "latest" else None)

    def __bool__(self) -> NoReturn:
        raise TypeError("a store is neither true nor false: use .value")

    def __repr__(self) -> str:
        value = self.value
        return f"<{type(self).__name__}[{type(value).__name__}] {reprlib.repr(value)}>"


class WritableStore(Store[T], Generic[T]):
    """The store of an owner, who alone may write; others get it typed as `Store`.

    The thread of the first write owns it. A write made while observers are being told waits until
    all of them have been, and then the next one is delivered.

    Example:
        >>> volume = WritableStore(5)
        >>> subscription = volume.subscribe(print)
        5
        >>> volume.update(lambda value: value + 1)
        6
        >>> volume.close()
    """

    def __init__(self, value: T, *, on_unhandled: OnUnhandled | None = None) -> None:
        """Make a store.

        Args:
            value: The first value.
            on_unhandled: Called with the error of an observer, selector or update, and an
                `Unhandled` that says which; the error is logged to the logger ``stores`` as well.
        """
        root = Root(value, Hub(on_unhandled))
        super().__init__(root)
        self._root = root

    @property
    def is_observed(self) -> bool:
        """Whether anybody is subscribed at this moment, to it or to what is selected from it."""
        return bool(self._root.slots or self._root.live)

    def set(self, value: T) -> None:
        """Change the value; an equal one tells nobody, and a closed store ignores it.

        Raises:
            WrongThread: Another thread owns this store.
        """
        self._root.set(value)

    def update(self, fn: Callable[[T], T]) -> None:
        """Change the value to ``fn(value)``, where the value is the one right before the change.

        Raises:
            WrongThread: Another thread owns this store.
            Exception: ``fn`` raised, and nothing has changed. When the update had to wait for its
                turn, the error goes to ``on_unhandled`` instead.
        """
        self._root.update(fn)

    def close(self) -> None:
        """Complete all observers, also those of derived stores; the last value stays readable.

        Raises:
            WrongThread: Another thread owns this store.
        """
        self._root.close()
