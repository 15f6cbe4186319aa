"""How another thread has a function called in Tk's main loop."""

from __future__ import annotations

import os
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from .extras import needed_for
from .lock import LOCK

with needed_for("stores.tk", "tkinter", "install the system's python3-tk"):
    import tkinter as tk

if TYPE_CHECKING:
    from collections.abc import Callable

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


def when_destroyed(widget: tk.Misc, fn: Callable[[], None]) -> None:
    """Call ``fn`` when a widget is destroyed, and not when one inside of it is."""

    def destroyed(event: tk.Event[tk.Misc]) -> None:
        if str(event.widget) == path:
            fn()

    path = str(widget)
    widget.bind("<Destroy>", destroyed, add="+")
