"""Values for Tk's widgets, by tkinter.

from stores.tk import bind

bind(thread.session.agent.state, label, lambda state: label.configure(text=state))
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar
from weakref import WeakKeyDictionary

from .deliver import Mode, deliver
from .tk_calls import Caller, when_destroyed

if TYPE_CHECKING:
    import tkinter as tk
    from collections.abc import Callable

    from reactivex import Observable
    from reactivex.abc import DisposableBase

T = TypeVar("T")

_CALLERS: Final[WeakKeyDictionary[tk.Misc, Caller]] = WeakKeyDictionary()
_INTERPRETERS: Final[list[object]] = []
"""Kept to the end of the program, which would be at once if another thread's garbage collector
found one: Tcl aborts when an interpreter is deleted on a thread that is not its own.
"""


def bind(
    store: Observable[T],
    owner: tk.Misc,
    fn: Callable[[T], object],
    mode: Mode = "latest",
) -> DisposableBase:
    """Call ``fn`` with the values in Tk's main loop; see `stores.deliver.deliver`.

    Args:
        store: It may live on another thread.
        owner: A widget or a window; the subscription ends when it is destroyed.
        fn: Called on the thread of the main loop.
        mode: ``"latest"`` or ``"all"``.

    Returns:
        What to call ``.dispose()`` on, on any thread.

    Raises:
        tkinter.TclError: The owner has been destroyed.
        ValueError: There is no such mode.
    """
    root = owner.nametowidget(".")
    caller = _CALLERS.get(root)
    if caller is None:
        caller = _CALLERS[root] = Caller(root)
        _INTERPRETERS.append(root.tk)
    delivery = deliver(store, fn, caller.post, mode=mode)
    when_destroyed(owner, delivery.dispose)
    return delivery
