"""A value on its way to a user interface, beside each toolkit's own signal.

Needs the toolkits (``requirements/dev.txt``) and Xvfb. Run: python benchmarks/delivery.py
"""

import asyncio
import os
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median, quantiles
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from PySide6.QtCore import QEventLoop, QObject, Qt, QTimer, Signal
from ratios import Way, compare

from adapters.toolkits import NAMES, Toolkit, running
from peers.display import invisible_screen
from stores import WritableStore

TICKS, EVERY = 500, 0.004
BLOCKED = 1.0

Send = Callable[[Any], object]


class Emitter(QObject):
    direct, queued = Signal(object), Signal(object)


def qt_own(toolkit: Any, fn: Send) -> tuple[Send, Send]:
    emitter = Emitter(toolkit.app)
    emitter.direct.connect(fn)
    emitter.queued.connect(fn, Qt.ConnectionType.QueuedConnection)
    return emitter.direct.emit, emitter.queued.emit


def tk_own(toolkit: Any, fn: Send) -> tuple[Send, Send]:
    values: list[Any] = []
    root = toolkit.root
    root.bind("<<Value>>", lambda _: fn(values.pop(0)))

    def emit(value: Any) -> None:
        values.append(value)
        root.event_generate("<<Value>>", when="tail")

    def direct(value: Any) -> None:
        values.append(value)
        root.event_generate("<<Value>>", when="now")

    return direct, emit


def loop_own(_: Toolkit, fn: Send) -> tuple[Send, Send]:
    loop = asyncio.get_running_loop()
    return fn, lambda value: loop.call_soon_threadsafe(fn, value)


OWN: dict[str, tuple[str, Callable[[Any, Send], tuple[Send, Send]]]] = {
    "asyncio": ("call_soon_threadsafe", loop_own),
    "textual": ("call_soon_threadsafe", loop_own),
    "qt": ("a signal", qt_own),
    "tk": ("event_generate", tk_own),
    "nicegui": ("call_soon_threadsafe", loop_own),
}


async def by_loop(_: Toolkit, seconds: float) -> None:
    await asyncio.sleep(seconds)


async def by_qt(_: Toolkit, seconds: float) -> None:
    loop = QEventLoop()
    QTimer.singleShot(round(seconds * 1000), loop.quit)
    loop.exec()


async def by_tk(toolkit: Any, seconds: float) -> None:
    toolkit.root.after(round(seconds * 1000), toolkit.root.quit)
    toolkit.root.mainloop()


WAITS: dict[str, Callable[[Any, float], Awaitable[None]]] = {"qt": by_qt, "tk": by_tk}


def ticking(send: Send, took: list[float]) -> None:
    """Send the time, again and again; note how long each took."""
    for _ in range(TICKS):
        began = time.perf_counter()
        send(began)
        took.append(time.perf_counter() - began)
        time.sleep(EVERY)


async def across(toolkit: Toolkit, name: str, send: Send, late: list[float]) -> str:
    took: list[float] = []
    late.clear()
    other = threading.Thread(target=ticking, args=(send, took))
    other.start()
    while other.is_alive():
        await WAITS.get(name, by_loop)(toolkit, 0.1)
    await WAITS.get(name, by_loop)(toolkit, 0.1)
    steps = quantiles(late, n=20)
    return (
        f"{median(late) * 1e6:7.0f} us, 95 %: {steps[-1] * 1e6:6.0f} us, "
        f"{len(late)} of {TICKS} came"
    )


async def stalled(toolkit: Toolkit, name: str, send: Send) -> str:
    """Say how long the longest write took while the interface did nothing for a second."""
    took: list[float] = []
    other = threading.Thread(target=ticking, args=(send, took))
    await WAITS.get(name, by_loop)(toolkit, 0.05)
    other.start()
    time.sleep(BLOCKED)  # noqa: ASYNC251 - that is the point
    while other.is_alive():
        await WAITS.get(name, by_loop)(toolkit, 0.1)
    return f"{max(took) * 1e3:.2f} ms"


async def measure(name: str) -> None:
    async with running(name) as toolkit:
        what, own = OWN[name]
        late: list[float] = []

        def arrived(sent: float) -> None:
            late.append(time.perf_counter() - sent)

        print(f"\n{name}")
        direct, queued = own(toolkit, arrived)
        for label, send in (("bind()", None), (what, queued)):
            told = await across(toolkit, name, send or await bound(toolkit, arrived), late)
            print(f"  from another thread, {label:<22} {told}")
            worst = await stalled(toolkit, name, send or await bound(toolkit, arrived))
            print(f"    longest write while the interface is busy for 1 s {worst}")
        await same_thread(toolkit, what, direct)


async def bound(toolkit: Toolkit, fn: Send) -> Send:
    """Return what writes a store whose values come to ``fn``."""
    store = WritableStore(time.perf_counter())
    toolkit.bind(store, await toolkit.owner(), fn, "all")
    return store.set


async def same_thread(toolkit: Toolkit, what: str, direct: Send) -> None:
    bare, delivered = WritableStore(0), WritableStore(0)
    bare.subscribe(ignore)
    toolkit.bind(delivered, await toolkit.owner(), ignore)
    compare(
        "  an update on the thread of the interface",
        {
            "a store, subscribed": writing(bare),
            "a store, bind()": writing(delivered),
            what: lambda times: [direct(0.0) for _ in range(times)],
        },
        times=2_000,
    )


def ignore(_: object) -> None:
    return None


def writing(store: WritableStore[int]) -> Way:
    def run(times: int) -> None:
        first = store.value + 1
        for value in range(first, first + times):
            store.set(value)

    return run


def main() -> None:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with invisible_screen(640, 480) as os.environ["DISPLAY"]:
        for name in NAMES:
            if name in OWN:
                asyncio.run(measure(name))


if __name__ == "__main__":
    main()
