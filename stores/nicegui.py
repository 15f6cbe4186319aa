"""Values for NiceGUI's pages and elements.

from stores.nicegui import bind

@ui.page("/")
def page() -> None:
    label = ui.label()
    bind(session.agent.state, label, label.set_text)
"""

from __future__ import annotations

import asyncio
import functools
from typing import TYPE_CHECKING, TypeVar

from .deliver import Mode, deliver
from .extras import needed_for

with needed_for("stores.nicegui", "nicegui", "pip install 'session-fsm[nicegui]'"):
    from nicegui import Client

if TYPE_CHECKING:
    from collections.abc import Callable

    from nicegui.element import Element
    from reactivex import Observable
    from reactivex.abc import DisposableBase

T = TypeVar("T")


def bind(
    store: Observable[T],
    owner: Element | Client,
    fn: Callable[[T], object],
    mode: Mode = "latest",
) -> DisposableBase:
    """Call ``fn`` with the values, as a part of ``owner``; see `stores.deliver.deliver`.

    Args:
        store: It may live on another thread.
        owner: An element, or the client of a page; the subscription ends with it, and with the
            page at the latest. Elements that ``fn`` makes come into it.
        fn: Called on the loop of the server.
        mode: ``"latest"`` or ``"all"``.

    Returns:
        What to call ``.dispose()`` on, on any thread.

    Raises:
        RuntimeError: This is not the thread of the server, or the owner is deleted.
        ValueError: There is no such mode.
    """
    if owner.is_deleted:
        raise RuntimeError("the owner has been deleted already")

    @functools.wraps(fn)
    def tell(value: T) -> None:
        if owner.is_deleted:
            delivery.dispose()
            return
        with owner:
            fn(value)

    loop = asyncio.get_running_loop()
    delivery = deliver(store, tell, loop.call_soon_threadsafe, mode=mode)
    client = owner if isinstance(owner, Client) else owner.client
    client.on_delete(delivery.dispose)  # pyright: ignore[reportUnknownMemberType]
    return delivery
