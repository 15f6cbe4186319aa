"""Values for Tk's widgets, by tkinter.

from stores.tk import bind

bind(thread.session.agent.state, label, lambda state: label.configure(text=state))
"""

from __future__ import annotations

import os
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Final, TypeVar
from weakref import WeakKeyDictionary

from .deliver import Mode, deliver
from .extras import needed_for
from .lock import LOCK

with needed_for("stores.tk", "tkinter", "install the system's python3-tk"):
    import tkinter as tk

if TYPE_CHECKING:
    from collections.abc import Callable

    from reactivex import Observable
    from reactivex.abc import DisposableBase

T = TypeVar("T")

WAITS_FOR_PIPES: Final = os.name == "posix"
POLL_MS: Final = 15
"""How often functions are looked for where Tk cannot wait for a pipe: about once a frame."""
MUCH: Final = 4096


class Caller:
    """Calls functions in the main loop of one root window.

    What Tk has for this itself keeps the other thread waiting until Tk has time.
    """

    def __init__(self, root: tk.Misc) -> None:
        self._wanted: deque[Callable[[], None]] = deque()
        self._pipe: tuple[int, int] | None = None
        self._is_over = False
        self._tk = root.tk
        if WAITS_FOR_PIPES:
            self._pipe = os.pipe()
            for end in self._pipe:
                os.set_blocking(end, False)
            self._tk.createfilehandler(self._pipe[0], tk.READABLE, self._readable)
        else:
            self._tk.createtimerhandler(POLL_MS, self._poll)  # pyright: ignore[reportUnknownMemberType]
        when_destroyed(root, self._close)

    def post(self, fn: Callable[[], None]) -> None:
        """Have a function called, from any thread.

        Raises:
            RuntimeError: The window is gone.
        """
        with LOCK:  # what is written to a pipe that was closed meanwhile ends in somebody's file
            if self._is_over:
                raise RuntimeError("the window has been destroyed")
            self._wanted.append(fn)
            if self._pipe is not None:
                with suppress(BlockingIOError):  # full, so somebody is being woken
                    os.write(self._pipe[1], b"\0")

    def _readable(self, end: int, _: int) -> None:
        os.read(end, MUCH)
        self._call_all()

    def _poll(self) -> None:
        if not self._is_over:
            self._tk.createtimerhandler(POLL_MS, self._poll)  # pyright: ignore[reportUnknownMemberType]
            self._call_all()

    def _call_all(self) -> None:
        for _ in range(len(self._wanted)):  # what comes meanwhile has its turn after Tk's
            self._wanted.popleft()()

    def _close(self) -> None:
        with LOCK:
            self._is_over = True
            pipe, self._pipe = self._pipe, None
            self._wanted.clear()
            if pipe is not None:
                self._tk.deletefilehandler(pipe[0])
                for end in pipe:
                    os.close(end)


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


def when_destroyed(widget: tk.Misc, fn: Callable[[], None]) -> None:
    """Call ``fn`` when a widget is destroyed, and not when one inside of it is."""

    def destroyed(event: tk.Event[tk.Misc]) -> None:
        if str(event.widget) == path:
            fn()

    path = str(widget)
    widget.bind("<Destroy>", destroyed, add="+")
