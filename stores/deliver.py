"""Values for code that has a thread of its own, such as a user interface.

    >>> from stores import WritableStore
    >>> from stores.deliver import deliver
    >>> turns = []  # what a toolkit would run on its thread
    >>> volume = WritableStore(5)
    >>> with deliver(volume, print, turns.append):  # called on that thread
    ...     volume.set(6)
    5
    6

`stores.qt`, `stores.textual`, `stores.tk`, `stores.nicegui` and `stores.asyncio` are this for one
toolkit each; for another one, ``post`` is all that is to be written.
"""

from __future__ import annotations

from collections import deque
from contextvars import copy_context
from threading import get_ident
from typing import TYPE_CHECKING, Any, Final, Generic, Literal, TypeAlias, TypeVar

from reactivex import abc
from reactivex.disposable import SerialDisposable

from .hub import Hub
from .lock import LOCK
from .slot import ignore
from .source import Source

if TYPE_CHECKING:
    from collections.abc import Callable

    from reactivex import Observable

T = TypeVar("T")

Post: TypeAlias = "Callable[[Callable[[], None]], object]"
"""Has a function called on the thread of the toolkit, soon, from any thread, and does not wait."""
Mode: TypeAlias = Literal["latest", "all"]
"""What a receiver gets that is slower than its source: the newest value, or all of them."""
BATCH: Final = 256
"""After so many values in a row the toolkit has a turn, to paint and to take input."""


def deliver(
    source: Observable[T],
    fn: Callable[[T], object],
    post: Post,
    *,
    mode: Mode = "latest",
) -> Delivery[T]:
    """Subscribe ``fn``, which is called on this thread alone, whichever thread the values come on.

    What comes on this thread is delivered at once, a store's current value before this returns.
    What comes on another waits, and one call of ``post`` has all of it delivered, in its order;
    whoever writes is never kept waiting. ``fn`` runs with the context variables of this call. What
    it raises is reported as for every observer of a store, and the next value is delivered.

    Args:
        source: A store, an event stream, or any other observable.
        fn: Gets the values.
        post: Runs a function on this thread; a `RuntimeError` says that the thread is gone.
        mode: ``"latest"`` is for what is shown, ``"all"`` for what must not be missed: the changes
            of a list, transitions.

    Returns:
        What to call ``.dispose()`` on, on any thread, or to leave as a ``with`` block. Called on
        this thread, nothing is delivered after it.

    Raises:
        ValueError: There is no such mode.
    """
    if mode not in ("latest", "all"):
        raise ValueError(f"mode must be 'latest' or 'all', not {mode!r}")
    delivery = Delivery(fn, post, mode, _hub_of(source))
    delivery.subscription.disposable = source.subscribe(delivery, delivery.failed)
    return delivery


class Delivery(abc.DisposableBase, Generic[T]):
    """A subscription whose values are delivered on the thread that it was made on.

    Attributes:
        subscription: Of the source.
    """

    def __init__(
        self,
        fn: Callable[[T], object],
        post: Post,
        mode: Mode,
        hub: Hub,
    ) -> None:
        self.subscription = SerialDisposable()
        self._post = post
        self._hub = hub
        self._thread = get_ident()
        self._context = copy_context()
        self._waiting: deque[T] = deque(maxlen=1 if mode == "latest" else None)
        self._is_posted = False
        self._fn: Callable[[T], object] | None = fn

    def __call__(self, value: T) -> None:
        """Take a value, on any thread."""
        if not self._waiting and get_ident() == self._thread:
            self._tell(value)
            return
        with LOCK:
            self._waiting.append(value)
            if self._is_posted:
                return
            self._is_posted = True
        self._wake()

    def failed(self, error: Exception) -> None:
        """Report the end of an observable that erred; stores never do."""
        self._hub.report(error, "observer", self._fn or ignore, None)

    def dispose(self) -> None:
        """Deliver nothing any more, and let go of everything."""
        self._fn = None
        self.subscription.dispose()
        with LOCK:
            self._waiting.clear()

    def _wake(self) -> None:
        try:
            self._post(self._deliver_waiting)
        except RuntimeError:  # its loop is closed, its window is gone
            self.dispose()

    def _deliver_waiting(self) -> None:
        # First, so that a dialog which `fn` opens and waits for is told of what comes meanwhile.
        self._is_posted = False
        for _ in range(BATCH):
            with LOCK:
                if not self._waiting:
                    return
                value = self._waiting.popleft()
            self._tell(value)
        with LOCK:
            again = bool(self._waiting) and not self._is_posted
            self._is_posted |= again
        if again:
            self._wake()

    def _tell(self, value: T) -> None:
        fn = self._fn
        if fn is None:
            return
        try:
            # A copy, because a context cannot be entered twice, as by `fn` of `fn`'s dialog.
            self._context.copy().run(fn, value)
        except BaseException as error:  # noqa: BLE001 - anybody's callback
            self._hub.report(error, "observer", fn, value)


def _hub_of(source: Observable[Any]) -> Hub:
    """Return where the errors of the source's observers go."""
    if isinstance(source, Source):
        return source._observers.hub  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
    return Hub(None)
