"""What a store raises on purpose."""

from __future__ import annotations

import threading


class WrongThread(RuntimeError):  # noqa: N818 - the name says it all
    """A store or stream was written on another thread than the one that owns it.

    The thread of the first write is the owner: only there can the order of values be the order in
    which they were made. Reading ``.value`` and subscribing are allowed on every thread. To write
    from elsewhere, hand the call over to the owner, for an event loop with
    ``loop.call_soon_threadsafe(store.set, value)``.
    """

    def __init__(self, owner: int) -> None:
        """Say who owns it, who tried, and what to do.

        Args:
            owner: The identifier of the owning thread.
        """
        names = (f"thread {t.name!r}" for t in threading.enumerate() if t.ident == owner)
        name = next(names, "a thread that has ended")
        super().__init__(
            f"written on thread {threading.current_thread().name!r}, but it belongs to {name}, "
            "which wrote it first. Hand the call over to that thread: "
            "loop.call_soon_threadsafe(store.set, value)"
        )
