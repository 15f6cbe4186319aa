"""Who is told: the mechanism that stores and event streams share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from .lock import LOCK

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .hub import Hub
    from .slot import Slot

T = TypeVar("T")


class Observers(Generic[T]):
    """The subscriptions of one source, in the order in which they were made."""

    __slots__ = ("__weakref__", "hub", "slots")

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.slots: dict[Slot[T], None] = {}

    def join(self, slot: Slot[T]) -> None:
        """Add a subscription, or complete it when the source is closed."""
        with LOCK:
            closed = self.hub.closed
            if not closed:
                self.slots[slot] = None
        if closed:
            slot.finish()

    def leave(self, slot: Slot[T]) -> None:
        """Remove a subscription; needs the lock."""
        self.slots.pop(slot, None)

    def tell(self, slots: Iterable[Slot[T]], value: T) -> None:
        """Deliver a value to each of these; what one of them raises is reported."""
        for slot in slots:
            push = slot.push
            try:
                push(value)
            except BaseException as error:  # noqa: BLE001
                self.hub.report(error, "observer", push, value)

    def emit(self, value: T) -> None:
        """Tell everybody, in turn with the other writes.

        Raises:
            WrongThread: Another thread owns this source.
        """
        if self.slots:
            self.hub.run(self._tell_all, value)
        else:
            self.hub.check_thread()

    def close(self) -> None:
        """Complete everybody, in turn with the writes.

        Raises:
            WrongThread: Another thread owns this source.
        """
        self.hub.run(self._finish, None)

    def take_all(self) -> list[Slot[T]]:
        """Take out every subscription, for their completion; needs the lock."""
        slots = list(self.slots)
        self.slots.clear()
        return slots

    def _tell_all(self, value: T) -> None:
        with LOCK:
            slots = tuple(self.slots)
        self.tell(slots, value)

    def _finish(self, _: None) -> None:
        with LOCK:
            self.hub.closed = True
            slots = self.take_all()
        for slot in slots:
            slot.finish()
