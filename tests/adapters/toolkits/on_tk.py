"""Tk."""

from __future__ import annotations

import tkinter as tk
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from adapters.toolkits import Toolkit
from stores.tk import bind

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class TkToolkit(Toolkit):
    """Tk's own loop, and list boxes as owners."""

    bind = staticmethod(bind)

    def __init__(self, root: Any) -> None:
        self.root = root

    async def owner(self) -> Any:
        widget = tk.Listbox(self.root)
        widget.pack()
        return widget

    async def destroy(self, owner: Any) -> None:
        owner.destroy()

    def touch(self, owner: Any, text: str) -> None:
        owner.insert("end", text)

    def touched(self, owner: Any) -> list[str]:
        return list(owner.get(0, "end"))

    async def turn(self) -> None:
        self.root.update()


@asynccontextmanager
async def running() -> AsyncIterator[Toolkit]:
    root = tk.Tk()
    try:
        yield TkToolkit(root)
    finally:
        root.destroy()
