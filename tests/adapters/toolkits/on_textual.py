"""Textual."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from textual.app import App
from textual.containers import Vertical
from textual.widgets import Markdown

from adapters.toolkits import Toolkit
from stores.textual import bind

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class TextualToolkit(Toolkit):
    """An app, and widgets as owners; what they do is to mount Markdown, which needs its place."""

    bind = staticmethod(bind)

    def __init__(self, app: Any) -> None:
        self.app = app

    async def owner(self) -> Any:
        widget = Vertical()
        await self.app.mount(widget)
        return widget

    async def destroy(self, owner: Any) -> None:
        await owner.remove()

    def touch(self, owner: Any, text: str) -> None:
        owner.mount(Markdown(text))

    def touched(self, owner: Any) -> list[str]:
        return [child.source for child in owner.children]

    async def turn(self) -> None:
        await asyncio.sleep(0)


@asynccontextmanager
async def running() -> AsyncIterator[Toolkit]:

    app: Any = App()
    async with app.run_test():
        yield TextualToolkit(app)
