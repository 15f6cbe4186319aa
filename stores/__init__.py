"""Observable values and events: consistent, isolated, and one step at a time.

A `Store` is a `reactivex.Observable` that always has a value; an `EventStream` is one that has
none. Both tell their observers in order, keep one observer's error from the others, and end only on
``close()``. Whoever makes the values keeps the writable kind private and hands out the other.

    >>> from stores import WritableStore
    >>> temperature = WritableStore(20)
    >>> is_warm = temperature.select(lambda degrees: degrees > 25)
    >>> subscription = is_warm.subscribe(lambda warm: print("warm:", warm))
    warm: False
    >>> temperature.set(21)
    >>> temperature.set(30)
    warm: True
"""

from __future__ import annotations

from .errors import WrongThread as WrongThread
from .event_stream import EventStream as EventStream
from .event_stream import WritableEventStream as WritableEventStream
from .store import Store as Store
from .store import WritableStore as WritableStore
from .unhandled import OnUnhandled as OnUnhandled
from .unhandled import Unhandled as Unhandled

__all__ = [
    "EventStream",
    "OnUnhandled",
    "Store",
    "Unhandled",
    "WritableEventStream",
    "WritableStore",
    "WrongThread",
]
