"""Event loops whose time passes as fast as the program allows."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine

T = TypeVar("T")


def virtual_loop() -> asyncio.AbstractEventLoop:
    """Return a new loop that jumps to the next timer instead of waiting for it.

    A program that could only wait for ever raises ``async_solipsism.SleepForeverError``.

    Raises:
        ImportError: The extra ``testing`` is not installed.
    """
    try:
        import async_solipsism  # noqa: PLC0415 # pyright: ignore[reportMissingTypeStubs] - an extra
    except ImportError as error:
        raise ImportError(
            "Virtual time needs an extra: pip install 'session-fsm[testing]'."
        ) from error
    loop: asyncio.AbstractEventLoop = async_solipsism.EventLoop()
    return loop


def run_virtual(main: Coroutine[object, object, T]) -> T:
    """Run a coroutine as ``asyncio.run`` does, in virtual time."""
    with asyncio.Runner(loop_factory=virtual_loop) as runner:
        return runner.run(main)
