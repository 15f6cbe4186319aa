"""NiceGUI."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from nicegui import Client, core, ui

from adapters.toolkits import Toolkit
from stores.nicegui import bind

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class NiceGuiToolkit(Toolkit):
    """A page of a server, and columns as owners."""

    bind = staticmethod(bind)

    def __init__(self, client: Any) -> None:
        self.client = client

    async def owner(self) -> Any:
        with self.client:
            return ui.column()

    async def destroy(self, owner: Any) -> None:
        owner.delete()

    def touch(self, owner: Any, text: str) -> None:
        ui.label(text)

    def touched(self, owner: Any) -> list[str]:
        return [child.text for child in owner.default_slot.children]

    async def turn(self) -> None:
        await asyncio.sleep(0)


@asynccontextmanager
async def running() -> AsyncIterator[Toolkit]:

    before, core.loop = core.loop, asyncio.get_running_loop()
    client = Client(ui.page(""), request=None)
    try:
        yield NiceGuiToolkit(client)
    finally:
        client.delete()
        core.loop = before
