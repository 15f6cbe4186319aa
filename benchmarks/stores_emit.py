"""What one write costs, beside a plain loop and a reactivex BehaviorSubject in the same run.

Run it with ``python benchmarks/stores_emit.py``. The contestants take turns in every round, so that
a slow moment of the machine hits all of them; the medians of the rounds are printed.
"""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from reactivex.subject import BehaviorSubject

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from stores import WritableEventStream, WritableStore

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 15
WRITES = 2000
SELECTORS = 15


def observer(_: object) -> None:
    pass


def plain(count: int) -> Callable[[tuple[int, int]], object]:
    observers = [observer] * count

    def write(value: tuple[int, int]) -> None:
        for tell in observers:
            tell(value)

    return write


def subject(count: int) -> Callable[[tuple[int, int]], object]:
    source = BehaviorSubject((0, 0))
    for _ in range(count):
        source.subscribe(observer)
    return source.on_next


def root(count: int) -> Callable[[tuple[int, int]], object]:
    store = WritableStore((0, 0))
    for _ in range(count):
        store.subscribe(observer)
    return store.set


def selector(facet: int, count: int) -> Callable[[tuple[int, int]], object]:
    store = WritableStore((0, 0))
    selected = store.select(lambda value: value[facet])
    for _ in range(count):
        selected.subscribe(observer)
    return store.set


def many_selectors(count: int) -> Callable[[tuple[int, int]], object]:
    store = WritableStore((0, 0))
    for _ in range(count):
        store.subscribe(observer)
    for _ in range(SELECTORS):
        store.select(lambda value: value[1]).subscribe(observer)
    return store.set


def stream(count: int) -> Callable[[tuple[int, int]], object]:
    events = WritableEventStream[tuple[int, int]]()
    for _ in range(count):
        events.subscribe(observer)
    return events.emit


CONTESTANTS: dict[str, Callable[[int], Callable[[tuple[int, int]], object]]] = {
    "plain loop": plain,
    "BehaviorSubject": subject,
    "Store": root,
    f"Store, and {SELECTORS} selectors unchanged": many_selectors,
    "selector, unchanged": lambda count: selector(1, count),
    "selector, changed": lambda count: selector(0, count),
    "EventStream": stream,
}


def microseconds(write: Callable[[tuple[int, int]], object]) -> float:
    values = [(number, 0) for number in range(1, WRITES + 1)]
    begin = time.perf_counter_ns()
    for value in values:
        write(value)
    return (time.perf_counter_ns() - begin) / WRITES / 1000


def main() -> None:
    for count in (1, 10, 100):
        writes = {name: make(count) for name, make in CONTESTANTS.items()}
        times: dict[str, list[float]] = {name: [] for name in writes}
        for _ in range(ROUNDS):
            for name, write in writes.items():
                times[name].append(microseconds(write))
        median = {name: statistics.median(series) for name, series in times.items()}
        print(f"\n{count} subscribers{'µs per write':>36}{'x plain':>10}{'x subject':>11}")
        for name, cost in median.items():
            ratios = (cost / median["plain loop"], cost / median["BehaviorSubject"])
            print(f"  {name:<36}{cost:>10.2f}{ratios[0]:>10.2f}{ratios[1]:>11.2f}")


if __name__ == "__main__":
    main()
