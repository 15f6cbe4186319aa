"""The toolkits, as far as the same test can run on each of them.

A test is a coroutine on the thread of the user interface. Where that has no asyncio loop, ``until``
lets it work, and the coroutine never waits for anything else.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Final

import pytest

from stores import WritableStore

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager

    from reactivex.abc import DisposableBase

    from adapters.elsewhere import Elsewhere

PATIENCE: Final = 60.0
NAMES: Final = ("asyncio", "textual", "qt", "tk", "tk_polled", "nicegui")


class Toolkit(ABC):
    """A user interface that runs.

    Attributes:
        bind: What its adapter has.
    """

    bind: Callable[..., DisposableBase]

    @abstractmethod
    async def owner(self) -> Any:
        """Return something new that can own a subscription."""

    @abstractmethod
    async def destroy(self, owner: Any) -> None:
        """Take it away, and wait until the toolkit has."""

    @abstractmethod
    def touch(self, owner: Any, text: str) -> None:
        """Do what is forbidden on any other thread, or out of place."""

    @abstractmethod
    def touched(self, owner: Any) -> list[str]:
        """Return what `touch` has put there."""

    @abstractmethod
    async def turn(self) -> None:
        """Let the toolkit work off what is due."""

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Let the toolkit work until something is so."""
        end = time.monotonic() + PATIENCE
        while not is_so():
            assert time.monotonic() < end, "it did not come about"
            await self.turn()

    async def settled(self, elsewhere: Elsewhere) -> None:
        """Let the toolkit work until all has come that was written before."""
        last = WritableStore(0)
        seen: list[int] = []
        self.bind(last, await self.owner(), seen.append)
        elsewhere.do(last.set, 1)
        await self.until(lambda: seen == [0, 1])


def running(name: str) -> AbstractAsyncContextManager[Toolkit]:
    """Run a toolkit; skip the test where it is not installed."""
    module = pytest.importorskip(f"adapters.toolkits.on_{name}", exc_type=ImportError)
    return module.running()
