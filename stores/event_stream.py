"""Observable events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from .aiter import iterate
from .hub import Hub
from .observers import Observers
from .source import Source

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from .unhandled import OnUnhandled

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class EventStream(Source[T_co], Generic[T_co]):
    """Things that happen, told to those who are subscribed at that time.

    There is no current value: a subscriber gets later events only, and completion when the stream
    is closed, or at once if it is. It never errs, and every Rx operator works on it.
    """

    def values(self) -> AsyncGenerator[T_co, None]:
        """Iterate over the events, from the first step of the iteration until the stream closes.

        Use it with `contextlib.aclosing` if the loop can be left early: that unsubscribes at once.
        """
        return iterate(self, None)

    @property
    def is_observed(self) -> bool:
        """Whether anybody is subscribed at this moment."""
        return bool(self._observers.slots)

    def __repr__(self) -> str:
        state = (
            "closed" if self._observers.hub.closed else f"observers: {len(self._observers.slots)}"
        )
        return f"<{type(self).__name__} {state}>"


class WritableEventStream(EventStream[T], Generic[T]):
    """The stream of an owner, who alone may emit; others get it typed as `EventStream`.

    The thread of the first write owns it. An event that is emitted while observers are being told
    of another waits until all of them have been.

    Example:
        >>> clicks = WritableEventStream[str]()
        >>> subscription = clicks.subscribe(print)
        >>> clicks.emit("left")
        left
        >>> clicks.close()
    """

    def __init__(self, *, on_unhandled: OnUnhandled | None = None) -> None:
        """Make a stream.

        Args:
            on_unhandled: Called with the error of an observer and an `Unhandled` that says which;
                the error is logged to the logger ``stores`` as well.
        """
        super().__init__(Observers(Hub(on_unhandled)))

    def emit(self, event: T) -> None:
        """Tell everybody who is subscribed; a closed stream tells nobody.

        Raises:
            WrongThread: Another thread owns this stream.
        """
        self._observers.emit(event)

    def close(self) -> None:
        """Complete all observers.

        Raises:
            WrongThread: Another thread owns this stream.
        """
        self._observers.close()
