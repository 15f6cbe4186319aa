"""The values behind stores: a root that is written, and what is derived from it.

A commit has two phases: the root and all derived values that somebody observes get their new value,
and then the observers are told, the root's first. So whoever is told sees one consistent state.
"""

from __future__ import annotations

import functools
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from .equality import same
from .lock import LOCK
from .observers import Observers

if TYPE_CHECKING:
    from collections.abc import Callable

    from .hub import Hub
    from .slot import Slot

T = TypeVar("T")
K = TypeVar("K")
L = TypeVar("L")


class Cell(Observers[T], ABC):
    """Observers of something that has a value."""

    __slots__ = ()

    @abstractmethod
    def read(self) -> T:
        """Return the current value; allowed on every thread."""

    @abstractmethod
    def derive(self, fn: Callable[[T], K], same: Callable[[K, K], bool]) -> Derived[Any, K]:
        """Make a cell for ``fn`` of this value, which changes when it is not the same."""


class Root(Cell[T]):
    """The value that is written, and the derived cells that are observed."""

    __slots__ = ("live", "value")

    def __init__(self, value: T, hub: Hub) -> None:
        super().__init__(hub)
        self.value = value
        self.live: dict[Derived[T, Any], None] = {}

    def read(self) -> T:
        """Return the value that was committed last."""
        return self.value

    def derive(self, fn: Callable[[T], K], same: Callable[[K, K], bool]) -> Derived[T, K]:
        """Make a cell for ``fn`` of the value."""
        return Derived(self, self, fn, fn, same)

    def join(self, slot: Slot[T]) -> None:
        """Deliver the value, and add the subscription unless this is closed."""
        with LOCK:
            slot.hold(self.value)
            super().join(slot)
        slot.start()

    def set(self, value: T) -> None:
        """Commit a value, in turn."""
        self.hub.run(self._commit, value)

    def update(self, fn: Callable[[T], T]) -> None:
        """Commit what ``fn`` makes of the value, in turn."""
        self.hub.run(self._try_update if self.hub.is_busy else self._update, fn)

    def take_all(self) -> list[Slot[Any]]:
        """Take out every subscription, also those of derived cells; needs the lock."""
        slots = super().take_all()
        for cell in self.live:
            slots += cell.take_all()
        self.live.clear()
        return slots

    def _update(self, fn: Callable[[T], T]) -> None:
        if not self.hub.closed:
            self._commit(fn(self.value))

    def _try_update(self, fn: Callable[[T], T]) -> None:
        before = self.value
        try:
            self._update(fn)
        except BaseException as error:  # noqa: BLE001
            self.hub.report(error, "update", fn, before)

    def _commit(self, value: T) -> None:
        old = self.value
        if self.hub.closed or same(old, value):
            return
        with LOCK:
            self.value = value
            slots = tuple(self.slots)
            live = tuple(self.live)
        changes = self._recompute(value, live) if live else ()
        if slots:
            self.tell(slots, value)
        for cell, its_slots, new in changes:
            cell.tell(its_slots, new)

    def _recompute(
        self, value: T, live: tuple[Derived[T, Any], ...]
    ) -> list[tuple[Derived[T, Any], tuple[Slot[Any], ...], Any]]:
        changed: list[tuple[Derived[T, Any], Any, Any]] = []
        for cell in live:
            old = cell.value
            try:
                new = cell.fn(value)
                unchanged = new is old or cell.same(old, new)
            except BaseException as error:  # noqa: BLE001
                cell.fail(error, value)
                continue
            if unchanged:
                cell.source = value
            else:
                changed.append((cell, new, old))
        if not changed:
            return []
        # The old values go when the lock is free again: that can run somebody's __del__.
        with LOCK:
            return [(cell, cell.accept(value, new), new) for cell, new, _ in changed]


class Derived(Cell[K], Generic[T, K]):
    """``fn`` of the root's value; the root knows it only while somebody observes it."""

    __slots__ = ("_root", "fn", "same", "source", "value")

    def __init__(
        self,
        root: Root[T],
        parent: Cell[L],
        select: Callable[[L], K],
        fn: Callable[[T], K],
        same: Callable[[K, K], bool],
    ) -> None:
        super().__init__(root.hub)
        self._root = root
        self.fn = fn
        self.same = same
        self.source = root.value
        self.value = select(parent.read())

    def read(self) -> K:
        """Return the value for the root's present one."""
        seen = self._root.value
        return self.value if self.source is seen else self._refresh(seen)

    def derive(self, fn: Callable[[K], L], same: Callable[[L, L], bool]) -> Derived[T, L]:
        """Make a cell of the same root, so that all of them are recomputed in one loop."""
        inner = self.fn

        @functools.wraps(fn)
        def composed(value: T) -> L:
            return fn(inner(value))

        return Derived(self._root, self, fn, composed, same)

    def join(self, slot: Slot[K]) -> None:
        """Deliver the value, and add the subscription unless the root is closed."""
        while not self._joined(slot):
            pass
        slot.start()

    def leave(self, slot: Slot[K]) -> None:
        """Remove a subscription; after the last one the root lets go of this; needs the lock."""
        super().leave(slot)
        if not self.slots:
            self._root.live.pop(self, None)

    def fail(self, error: BaseException, seen: T) -> None:
        """Keep the value so far for this value of the root, and report why."""
        # Marked first: an error handler that looks at the value must not end up here again.
        self.source = seen
        self.hub.report(error, "selector", self.fn, seen)

    def accept(self, seen: T, new: K) -> tuple[Slot[K], ...]:
        """Change the value and return whom to tell; needs the lock."""
        if self.source is seen:
            # It was let go of and observed anew while the others were computed.
            return ()
        # In this order, because a reader on another thread takes no lock and checks the source.
        self.value = new
        self.source = seen
        return tuple(self.slots)

    def _joined(self, slot: Slot[K]) -> bool:
        self.read()
        with LOCK:
            if not self.slots and self.source is not self._root.value:
                return False  # another thread has written since
            slot.hold(self.value)
            super().join(slot)
            if self.slots:
                self._root.live[self] = None
            return True

    def _refresh(self, seen: T) -> K:
        old = (self.source, self.value)
        try:
            new = self.fn(seen)
            if self.same(self.value, new):
                new = self.value
        except BaseException as error:  # noqa: BLE001
            self.fail(error, seen)
            return self.value
        with LOCK:
            # While it is observed, its value changes with the commits alone.
            if not self.slots and self._root.value is seen:
                self.accept(seen, new)
        del old  # only now: that can run somebody's __del__
        return new
