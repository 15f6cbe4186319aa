"""Values for code on an event loop: notebooks, web back ends, and every toolkit that has one.

from stores.asyncio import bind

bind(session.agent.state, asyncio.current_task(), show)
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

from .deliver import Mode, deliver

if TYPE_CHECKING:
    from collections.abc import Callable

    from reactivex import Observable
    from reactivex.abc import DisposableBase

T = TypeVar("T")


def bind(
    store: Observable[T],
    owner: asyncio.Task[Any] | None,
    fn: Callable[[T], object],
    mode: Mode = "latest",
) -> DisposableBase:
    """Call ``fn`` with the values on the running loop; see `stores.deliver.deliver`.

    Args:
        store: It may live on another thread.
        owner: The subscription ends with this task; None: with the loop.
        fn: Called on the thread of the loop.
        mode: ``"latest"`` or ``"all"``.

    Returns:
        What to call ``.dispose()`` on, on any thread.

    Raises:
        RuntimeError: No loop runs on this thread.
        ValueError: There is no such mode.
    """
    loop = asyncio.get_running_loop()
    delivery = deliver(store, fn, loop.call_soon_threadsafe, mode=mode)
    if owner is not None:
        owner.add_done_callback(lambda _: delivery.dispose())
    return delivery
