"""asyncio."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from adapters.toolkits import Toolkit
from stores.asyncio import bind

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class AsyncioToolkit(Toolkit):
    """No toolkit at all: a loop, and tasks as owners."""

    bind = staticmethod(bind)

    def __init__(self) -> None:
        self.texts: dict[Any, list[str]] = {}
        self.tasks: list[asyncio.Task[Any]] = []

    async def owner(self) -> Any:
        task = asyncio.get_running_loop().create_task(asyncio.Event().wait())
        self.tasks.append(task)
        return task

    async def destroy(self, owner: Any) -> None:
        owner.cancel()
        await asyncio.wait({owner})
        await self.turn()

    def touch(self, owner: Any, text: str) -> None:
        asyncio.get_running_loop()
        self.texts.setdefault(owner, []).append(text)

    def touched(self, owner: Any) -> list[str]:
        return self.texts.get(owner, [])

    async def turn(self) -> None:
        await asyncio.sleep(0)


@asynccontextmanager
async def running() -> AsyncIterator[Toolkit]:
    toolkit = AsyncioToolkit()
    yield toolkit
    for task in toolkit.tasks:
        task.cancel()
    await asyncio.gather(*toolkit.tasks, return_exceptions=True)
