"""Derived stores."""

from __future__ import annotations

import gc
import weakref
from typing import TYPE_CHECKING

import pytest

from stores import Unhandled, WritableStore

if TYPE_CHECKING:
    from reactivex.abc import DisposableBase

Pair = tuple[int, int]


class Value:
    """Something that a weak reference can point to; equal to its like."""

    def __init__(self, number: int = 0) -> None:
        self.number = number

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Value) and other.number == self.number

    __hash__ = None  # type: ignore[assignment]


def first(pair: Pair) -> int:
    return pair[0]


def second(pair: Pair) -> int:
    return pair[1]


def test_a_selector_tells_only_changes() -> None:
    store = WritableStore((1, 2))
    seen: list[int] = []
    store.select(first).subscribe(seen.append)
    store.set((1, 3))
    store.set((2, 3))
    store.set((2, 4))
    assert seen == [1, 2]


@pytest.mark.parametrize("observed", [True, False])
def test_the_value_is_right_whether_observed_or_not(observed: bool) -> None:  # noqa: FBT001
    store = WritableStore((1, 2))
    selected = store.select(second)
    if observed:
        selected.subscribe()
    for number in (2, 3, 3, 4):
        store.set((0, number))
        assert selected.value == number
    store.close()
    assert selected.value == 4


@pytest.mark.parametrize("observed", [True, False])
def test_an_equal_result_keeps_the_object(observed: bool) -> None:  # noqa: FBT001
    store = WritableStore(0)
    selected = store.select(lambda number: Value(number // 2))
    if observed:
        selected.subscribe()
    before = selected.value
    store.set(1)
    assert selected.value is before
    store.set(2)
    assert selected.value is not before


@pytest.mark.parametrize("observed", [True, False])
def test_fn_is_called_once_per_commit(observed: bool) -> None:  # noqa: FBT001
    calls: list[int] = []
    store = WritableStore(0)
    selected = store.select(lambda number: calls.append(number) or Value(number // 2))
    if observed:
        selected.subscribe()
        selected.subscribe()
    for number in (1, 2):
        store.set(number)
        assert selected.value == selected.value
    assert calls == [0, 1, 2]


def test_nobody_sees_a_mixed_state() -> None:
    store = WritableStore((0, 0))
    one, other, total = store.select(first), store.select(second), store.select(sum)
    seen: list[tuple[int, int, int, Pair]] = []

    def look(_: object) -> None:
        seen.append((one.value, other.value, total.value, store.value))

    for source in (total, one, store, other):
        source.subscribe(look)
    seen.clear()
    store.set((1, 2))
    store.set((5, 2))
    assert seen == [(1, 2, 3, (1, 2))] * 4 + [(5, 2, 7, (5, 2))] * 3


def test_the_root_is_told_before_its_selectors() -> None:
    store = WritableStore((0, 0))
    order: list[str] = []
    store.select(first).subscribe(lambda _: order.append("selector"))
    store.subscribe(lambda _: order.append("root"))
    order.clear()
    store.set((1, 1))
    assert order == ["root", "selector"]


def test_a_selector_of_a_selector() -> None:
    store = WritableStore((0, 0))
    parity = store.select(first).select(lambda number: number % 2).select(bool)
    seen: list[bool] = []
    parity.subscribe(seen.append)
    store.set((2, 0))
    store.set((3, 0))
    store.set((4, 0))
    assert seen == [False, True, False]
    assert parity.value is False


def test_a_selector_is_kept_by_its_root_without_disposable() -> None:
    store = WritableStore((0, 0))
    seen: list[int] = []
    store.select(first).select(abs).subscribe(seen.append)
    gc.collect()
    store.set((-1, 0))
    assert seen == [0, 1]


def test_a_selector_without_observers_is_let_go_of() -> None:
    store = WritableStore((0, 0))
    selected = store.select(first)
    one, other = selected.subscribe(), selected.subscribe()
    cell = weakref.ref(selected._cell)
    del selected
    one.dispose()
    store.set((1, 0))
    assert cell() is not None
    other.dispose()
    del one, other
    gc.collect()
    assert cell() is None
    assert not store._root.live


def test_a_selector_that_was_never_observed_is_not_computed() -> None:
    calls: list[int] = []
    store = WritableStore(0)
    selected = store.select(calls.append)
    store.set(1)
    store.set(2)
    assert calls == [0]
    assert selected.value is None
    assert calls == [0, 2]


def test_closing_completes_selectors_after_the_root() -> None:
    store = WritableStore((0, 0))
    selected = store.select(first)
    order: list[object] = []
    selected.subscribe(order.append, None, lambda: order.append("selector"))
    store.subscribe(None, None, lambda: order.append("root"))
    store.set((1, 1))
    store.close()
    assert order == [0, 1, "root", "selector"]
    late: list[object] = []
    selected.subscribe(late.append, None, lambda: late.append("done"))
    store.select(second).subscribe(late.append, None, lambda: late.append("done"))
    assert late == [1, "done", 1, "done"]
    assert not store._root.live


def test_fn_that_raises_at_once_reaches_the_caller() -> None:
    store = WritableStore(0)
    with pytest.raises(ZeroDivisionError):
        store.select(lambda number: 1 // number)


@pytest.mark.parametrize("observed", [True, False])
def test_fn_that_raises_later_is_reported_once_and_the_value_stays(observed: bool) -> None:  # noqa: FBT001
    failures: list[tuple[BaseException, Unhandled]] = []
    values: list[int] = []

    def handler(error: BaseException, unhandled: Unhandled) -> None:
        values.append(selected.value)
        failures.append((error, unhandled))

    def fn(number: int) -> int:
        return 6 // number

    store = WritableStore(2, on_unhandled=handler)
    selected = store.select(fn)
    other = store.select(str)
    seen: list[object] = []
    if observed:
        selected.subscribe(seen.append)
        other.subscribe(seen.append)
    store.set(0)
    assert selected.value == selected.value == 3
    [(error, unhandled)] = failures
    assert isinstance(error, ZeroDivisionError)
    assert unhandled[:3] == ("selector", fn, 0)
    assert values == [3]
    store.set(3)
    assert selected.value == 2
    assert seen == ([3, "2", "0", 2, "3"] if observed else [])
    assert len(failures) == 1


def test_the_failing_fn_of_a_selector_of_a_selector_is_named() -> None:
    failures: list[Unhandled] = []
    store = WritableStore(1, on_unhandled=lambda _, unhandled: failures.append(unhandled))

    def invert(number: int) -> float:
        return 1 / number

    inner = store.select(abs).select(invert)
    store.set(0)
    assert inner.value == 1
    assert f"selector {invert.__qualname__} (test_stores_select.py:" in str(failures[0])


def test_a_child_of_a_selector_whose_fn_fails_begins_with_its_kept_value() -> None:
    store = WritableStore(2, on_unhandled=lambda *_: None)
    parent = store.select(lambda number: 6 // number)
    store.set(0)
    child = parent.select(str)
    assert child.value == "3"


def test_a_selector_made_while_the_root_changes_under_it_is_right_later() -> None:
    store = WritableStore(0)

    def fn(number: int) -> int:
        if store.value == 0:
            store.set(1)
        return number

    selected = store.select(fn)
    seen: list[int] = []
    selected.subscribe(seen.append)
    assert seen == [1]


def test_a_write_while_a_subscriber_joins_is_not_lost() -> None:
    store = WritableStore(0)
    armed: list[bool] = []

    def fn(number: int) -> int:
        if armed:
            armed.clear()
            store.set(5)
        return number * 10

    selected = store.select(fn)
    store.set(1)
    armed.append(True)
    seen: list[int] = []
    selected.subscribe(seen.append)
    assert seen == [50]
    store.set(6)
    assert seen == [50, 60]


def test_an_idle_value_that_is_outrun_is_not_kept() -> None:
    store = WritableStore(0)
    armed: list[bool] = []

    def fn(number: int) -> int:
        if armed:
            armed.clear()
            store.set(5)
        return number * 10

    selected = store.select(fn)
    store.set(1)
    armed.append(True)
    assert selected.value == 10
    assert selected.value == 50


def test_a_selector_observed_anew_while_others_are_computed_is_told_once() -> None:
    store = WritableStore(0)
    seen: list[int] = []
    doubled = store.select(lambda number: number * 2)
    subscriptions: list[DisposableBase] = [doubled.subscribe()]

    def swap(number: int) -> int:
        if number == 1:
            subscriptions.pop().dispose()
            doubled.subscribe(seen.append)
        return number

    store.select(swap).subscribe()
    store.set(1)
    assert seen == [2]
    store.set(2)
    assert seen == [2, 4]


def test_who_observes_a_live_selector_while_others_are_computed_misses_nothing() -> None:
    store = WritableStore(0)
    seen: list[int] = []
    doubled = store.select(lambda number: number * 2)
    doubled.subscribe()

    def join(number: int) -> int:
        if number == 1:
            assert doubled.value == 2
            doubled.subscribe(seen.append)
        return number

    store.select(join).subscribe()
    store.set(1)
    assert seen[-1] == doubled.value == 2
    store.set(2)
    assert seen[-2:] == [2, 4]


def test_the_first_value_of_a_selector_comes_before_those_set_while_it_is_delivered() -> None:
    store = WritableStore(1)
    seen: list[int] = []

    def write(value: int) -> None:
        if value == 10:
            store.set(2)
        seen.append(value)

    store.select(lambda number: number * 10).subscribe(write)
    assert seen == [10, 20]
