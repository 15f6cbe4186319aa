"""Values for Qt's objects, by PySide6, with or without an asyncio loop.

from stores.qt import bind

bind(session.agent.state, label, label.setText)
"""

from __future__ import annotations

import threading
from types import MethodType
from typing import TYPE_CHECKING, Final, TypeVar

from .deliver import Mode, deliver
from .extras import needed_for
from .weak import WeakCallback

with needed_for("stores.qt", "PySide6", "pip install 'session-fsm[qt]'"):
    from PySide6.QtCore import QObject, Qt, QThread, Signal
    from shiboken6 import isValid

if TYPE_CHECKING:
    from collections.abc import Callable

    from reactivex import Observable
    from reactivex.abc import DisposableBase

T = TypeVar("T")


class Caller(QObject):
    """Calls functions on the thread that it was made on."""

    wanted = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.wanted.connect(self._call, Qt.ConnectionType.QueuedConnection)

    def _call(self, fn: Callable[[], None]) -> None:
        fn()


class _Local(threading.local):
    """One for each thread, for its whole life: a `QObject` must be destroyed where it lives."""

    caller: Caller | None = None


_LOCAL: Final = _Local()


def bind(
    store: Observable[T],
    owner: QObject,
    fn: Callable[[T], object],
    mode: Mode = "latest",
) -> DisposableBase:
    """Call ``fn`` with the values on the thread of ``owner``; see `stores.deliver.deliver`.

    Args:
        store: It may live on another thread.
        owner: The subscription ends when Qt destroys it.
        fn: Called on this thread. A method of the owner does not keep it alive.
        mode: ``"latest"`` or ``"all"``.

    Returns:
        What to call ``.dispose()`` on, on any thread.

    Raises:
        RuntimeError: The owner lives on another thread, or is destroyed.
        ValueError: There is no such mode.
    """
    if not isValid(owner):
        raise RuntimeError("the owner has been destroyed by Qt already")
    if owner.thread() != QThread.currentThread():
        raise RuntimeError(f"{owner!r} lives on another thread: call bind() there")
    if _LOCAL.caller is None:
        _LOCAL.caller = Caller()

    is_own = isinstance(fn, MethodType) and fn.__self__ is owner
    callback = WeakCallback(fn) if is_own else fn
    delivery = deliver(store, callback, _LOCAL.caller.wanted.emit, mode=mode)
    if isinstance(callback, WeakCallback):
        callback.subscription = delivery
    owner.destroyed.connect(delivery.dispose)
    return delivery
