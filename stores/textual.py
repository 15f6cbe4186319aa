"""Values for Textual's widgets and apps.

from stores.textual import bind

class Status(Label):
    def on_mount(self) -> None:
        bind(session.agent.state, self, self.update)
"""

from __future__ import annotations

import asyncio
import functools
from typing import TYPE_CHECKING, Any, TypeVar

from .deliver import Mode, deliver
from .extras import needed_for

with needed_for("stores.textual", "textual", "pip install 'session-fsm[cli]'"):
    from textual.app import App

if TYPE_CHECKING:
    from collections.abc import Callable

    from reactivex import Observable
    from reactivex.abc import DisposableBase
    from textual.widget import Widget

T = TypeVar("T")


def bind(
    store: Observable[T],
    owner: Widget | App[Any],
    fn: Callable[[T], object],
    mode: Mode = "latest",
) -> DisposableBase:
    """Call ``fn`` with the values, as a part of ``owner``; see `stores.deliver.deliver`.

    Args:
        store: It may live on another thread.
        owner: A widget, a screen or an app; the subscription ends when it is removed.
        fn: May do all that the owner's own methods may.
        mode: ``"latest"`` or ``"all"``.

    Returns:
        What to call ``.dispose()`` on, on any thread.

    Raises:
        RuntimeError: The owner is not mounted, or this is not the app's thread: call it in
            ``on_mount``.
        ValueError: There is no such mode.
    """
    node = owner.screen_stack[0] if isinstance(owner, App) and owner.is_running else owner
    if isinstance(node, App) or not node.is_attached:
        raise RuntimeError(f"{owner!r} is not mounted: call bind() in its on_mount()")

    @functools.wraps(fn)
    def tell(value: T) -> None:
        if node.is_attached:  # Textual takes it out of its tree before it stops
            fn(value)

    loop = asyncio.get_running_loop()
    delivery = deliver(store, tell, loop.call_soon_threadsafe, mode=mode)
    _end_with(node, delivery)
    return delivery


def _end_with(node: Widget, delivery: DisposableBase) -> None:
    """Dispose of it when the task ends that works for this widget."""
    try:
        task: asyncio.Task[None] | None = node.task  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    except AssertionError:  # an eager task runs before it is known; so with Python 3.12 and newer
        task = None
    if task is None:
        node.call_next(_end_with, node, delivery)
    else:
        task.add_done_callback(lambda _: delivery.dispose())
