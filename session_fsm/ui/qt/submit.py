"""How a widget has something done on the thread of its model."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from session_fsm.errors import SessionStateError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

Submit: TypeAlias = "Callable[[Coroutine[Any, Any, object]], object]"
"""Has a coroutine run on the loop of the session, and does not wait for it: `SessionThread.submit`,
or `to_this_loop`."""

NO_LOOP: Final = (
    "no asyncio loop runs on the thread of the window: run the program on qasync.QEventLoop, or "
    "give the widget a SessionThread"
)
_running: Final[set[asyncio.Task[object]]] = set()
"""A loop alone does not keep its tasks alive."""


def to_this_loop(work: Coroutine[Any, Any, object]) -> None:
    """Run it on the loop of this thread, such as qasync's.

    Raises:
        RuntimeError: There is none.
    """
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        work.close()
        raise RuntimeError(NO_LOOP) from None
    task = loop.create_task(work)
    _running.add(task)
    task.add_done_callback(_running.discard)


def hand_over(submit: Submit, work: Coroutine[Any, Any, object]) -> None:
    """Submit it, unless the session is over for good: then there is nothing to be done any more."""
    with suppress(SessionStateError):
        submit(work)


def call(submit: Submit, fn: Callable[[], object]) -> None:
    """Have a plain method of a model called on its thread; at once where that is this one."""

    async def work() -> None:
        fn()

    if submit is to_this_loop:
        fn()
    else:
        hand_over(submit, work())
