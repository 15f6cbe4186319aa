"""A selector with a comparer of its own."""

import operator

from stores import Unhandled, WritableStore


def test_it_decides_what_counts_as_the_same() -> None:
    store = WritableStore([1])
    seen: list[list[int]] = []
    store.select(lambda items: items[:], comparer=operator.is_).subscribe(seen.append)
    store.set([1, 2])
    assert seen == [[1], [1, 2]]
    by_parity = store.select(len, comparer=lambda old, new: old % 2 == new % 2)
    lengths: list[int] = []
    by_parity.subscribe(lengths.append)
    store.set([1, 2, 3, 4])
    store.set([1])
    assert lengths == [2, 1]


def test_identity_tells_of_an_equal_value() -> None:
    store = WritableStore(0)
    told: list[tuple[int, ...]] = []
    store.select(lambda _: (1000, 1000), comparer=operator.is_).subscribe(told.append)
    other: list[list[int]] = []
    store.select(lambda value: [value // 10], comparer=operator.is_).subscribe(other.append)
    store.set(1)
    assert other == [[0], [0]]


def test_a_selector_of_a_selector_takes_the_comparer_that_it_is_given() -> None:
    store = WritableStore(1)
    tenths = store.select(lambda value: value / 10)
    near = tenths.select(lambda value: value, comparer=lambda old, new: abs(old - new) < 1)
    seen: list[float] = []
    near.subscribe(seen.append)
    store.set(5)
    store.set(20)
    assert seen == [0.1, 2.0]


def test_one_that_raises_keeps_the_value_and_is_reported() -> None:
    reports: list[Unhandled] = []
    store = WritableStore(1, on_unhandled=lambda _, unhandled: reports.append(unhandled))

    def fails(old: int, new: int) -> bool:
        raise ValueError(old, new)

    selected = store.select(lambda value: value, comparer=fails)
    seen: list[int] = []
    selected.subscribe(seen.append)
    store.set(2)
    assert seen == [1]
    assert selected.value == 1
    assert [one.role for one in reports] == ["selector"]


def test_unobserved_it_reads_the_value_that_counts_as_the_same() -> None:
    store = WritableStore(1)
    selected = store.select(lambda value: value, comparer=lambda *_: True)
    store.set(2)
    assert selected.value == 1
