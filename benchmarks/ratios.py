"""Times several ways of doing one thing, in turn and in one process, and prints their ratios."""

import gc
from collections.abc import Callable, Mapping
from statistics import median
from time import perf_counter

Way = Callable[[int], object]
"""Does the thing so many times."""


def compare(title: str, ways: Mapping[str, Way], *, times: int, rounds: int = 25) -> None:
    """Print the median time of each way, and its ratio to the first, round by round."""
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for way in ways.values():
        way(times)
    gc.collect()
    gc.disable()
    try:
        for _ in range(rounds):
            for name, way in ways.items():
                began = perf_counter()
                way(times)
                taken[name].append((perf_counter() - began) / times)
    finally:
        gc.enable()
    base = next(iter(taken.values()))
    print(f"\n{title} (median of {rounds} rounds of {times})")
    for name, seconds in taken.items():
        ratio = median(mine / theirs for mine, theirs in zip(seconds, base, strict=True))
        print(f"  {name:<48} {median(seconds) * 1e6:9.2f} us  {ratio:6.2f} x")
