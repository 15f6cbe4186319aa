"""Run to completion: what happens when callbacks write, subscribe and unsubscribe."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from stores import Unhandled, WritableEventStream, WritableStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from reactivex.abc import DisposableBase


def test_a_write_inside_a_notification_waits_until_everybody_was_told() -> None:
    store = WritableStore(0)
    first: list[int] = []
    second: list[int] = []

    def bounce(value: int) -> None:
        first.append(value)
        if value == 1:
            store.set(2)
            store.set(3)
            assert store.value == 1

    store.subscribe(bounce)
    store.subscribe(second.append)
    store.set(1)
    assert first == second == [0, 1, 2, 3]


def test_a_waiting_update_sees_the_value_that_it_follows() -> None:
    store = WritableStore(0)
    seen: list[int] = []

    def grow(value: int) -> None:
        seen.append(value)
        if value == 1:
            store.update(lambda v: v * 10)
            store.set(5)
            store.update(lambda v: v + 1)

    store.subscribe(grow)
    store.set(1)
    assert seen == [0, 1, 10, 5, 6]


def test_a_waiting_update_that_raises_is_reported_and_the_others_are_done(
    caplog: pytest.LogCaptureFixture,
) -> None:
    failures: list[tuple[BaseException, Unhandled]] = []
    store = WritableStore(0, on_unhandled=lambda *args: failures.append(args))
    error = ValueError("no")

    def fail(_: int) -> int:
        raise error

    def write(value: int) -> None:
        if value == 1:
            store.update(fail)
            store.set(2)

    store.subscribe(write)
    store.set(1)
    assert store.value == 2
    [(got, unhandled)] = failures
    assert got is error
    assert unhandled[:3] == ("update", fail, 1)
    assert caplog.records[0].getMessage() == str(unhandled)


def test_writes_made_by_an_update_come_after_it() -> None:
    store = WritableStore(0)
    seen: list[int] = []
    store.subscribe(seen.append)

    def fn(value: int) -> int:
        store.set(9)
        return value + 1

    store.update(fn)
    assert seen == [0, 1, 9]


def test_writes_made_by_an_update_that_raises_are_still_done() -> None:
    store = WritableStore(0)

    def fn(value: int) -> int:
        store.set(9)
        return value // 0

    with pytest.raises(ZeroDivisionError):
        store.update(fn)
    assert store.value == 9


def test_close_waits_for_its_turn_and_ends_the_writes_behind_it() -> None:
    store = WritableStore(0)
    seen: list[object] = []

    def write(value: int) -> None:
        if value == 1:
            store.set(2)
            store.close()
            store.set(3)
            store.update(lambda v: v + 1)

    store.subscribe(write)
    store.subscribe(seen.append, None, lambda: seen.append("done"))
    store.set(1)
    assert seen == [0, 1, 2, "done"]


def test_who_joins_during_a_notification_gets_the_value_once() -> None:
    store = WritableStore(0)
    parity = store.select(lambda value: value % 2)
    late: list[int] = []
    odd: list[int] = []

    def join(value: int) -> None:
        if value == 1:
            store.subscribe(late.append)
            parity.subscribe(odd.append)

    store.subscribe(join)
    parity.subscribe(lambda _: None)
    store.set(1)
    assert (late, odd) == ([1], [1])
    store.set(2)
    assert (late, odd) == ([1, 2], [1, 0])


def test_who_is_disposed_during_a_notification_gets_nothing_more() -> None:
    store = WritableStore(0)
    parity = store.select(lambda value: value % 2)
    seen: list[int] = []
    subscriptions: list[DisposableBase] = []

    def leave(value: int) -> None:
        if value == 1:
            for subscription in subscriptions:
                subscription.dispose()

    store.subscribe(leave)
    subscriptions += [store.subscribe(seen.append), parity.subscribe(seen.append)]
    store.set(1)
    store.set(2)
    assert seen == [0, 0]


def test_a_write_inside_the_first_delivery_reaches_others_at_once_and_the_writer_next() -> None:
    store = WritableStore(0)
    seen: list[object] = []
    store.subscribe(lambda value: seen.append(("other", value)))

    def write(value: int) -> None:
        seen.append(("begin", value))
        if value == 0:
            store.set(1)
            store.set(2)
            assert store.value == 2
        seen.append(("end", value))

    store.subscribe(write)
    mine = [("begin", 0), ("end", 0), ("begin", 1), ("end", 1), ("begin", 2), ("end", 2)]
    assert [s for s in seen if s[0] != "other"] == mine
    assert seen[:4] == [("other", 0), ("begin", 0), ("other", 1), ("other", 2)]


def test_closing_inside_the_first_delivery_completes_after_the_values() -> None:
    store = WritableStore(0)
    seen: list[object] = []

    def write(value: int) -> None:
        if value == 0:
            store.set(1)
            store.close()
        seen.append(value)

    store.subscribe(write, None, lambda: seen.append("done"))
    assert seen == [0, 1, "done"]


def test_an_observer_can_be_handed_over_between_being_looked_up_and_being_called() -> None:
    store = WritableStore(0)
    seen: list[int] = []
    looked_up: list[Callable[[int], object]] = []

    def look_up(value: int) -> None:
        seen.append(value)
        if not looked_up:
            looked_up.append(next(iter(store._root.slots)).push)

    subscription = store.subscribe(look_up)
    looked_up[0](7)
    assert seen == [0, 7]
    subscription.dispose()
    looked_up[0](8)
    assert seen == [0, 7]


def test_two_stores_that_write_each_other_settle() -> None:
    left = WritableStore(0)
    right = WritableStore(0)
    seen: list[int] = []
    left.subscribe(right.set)
    right.subscribe(left.set)
    right.subscribe(seen.append)
    left.set(1)
    right.set(2)
    assert (left.value, right.value) == (2, 2)
    assert seen == [0, 1, 2]


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
def test_a_stop_is_raised_when_everybody_was_told_and_nothing_waits(
    kind: type[BaseException], caplog: pytest.LogCaptureFixture
) -> None:
    failures: list[object] = []
    store = WritableStore(0, on_unhandled=lambda *args: failures.append(args))
    seen: list[int] = []

    def stop(value: int) -> None:
        if value == 1:
            store.set(2)
            raise kind

    store.subscribe(stop)
    store.subscribe(seen.append)
    with pytest.raises(kind):
        store.set(1)
    assert seen == [0, 1, 2]
    store.set(3)
    assert seen == [0, 1, 2, 3]
    assert failures == []
    assert caplog.records == []


def test_a_second_stop_leaves_at_once_and_drops_what_waits() -> None:
    store = WritableStore(0)
    seen: list[int] = []

    def stop(value: int) -> None:
        if value in {1, 2}:
            store.set(value + 1)
            store.set(99)
            raise KeyboardInterrupt(value)

    store.subscribe(stop)
    store.subscribe(seen.append)
    with pytest.raises(KeyboardInterrupt, match="2"):
        store.set(1)
    assert seen == [0, 1]
    assert store.value == 2
    store.set(4)
    assert seen == [0, 1, 4]


def test_a_stop_in_the_first_delivery_is_raised_there_and_leaves_no_subscription() -> None:
    store = WritableStore(0)
    calls: list[int] = []

    def stop(value: int) -> None:
        calls.append(value)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.subscribe(stop)
    store.set(1)
    assert calls == [0]


def test_a_stop_in_a_first_delivery_during_a_write_waits_for_the_end_of_the_write() -> None:
    store = WritableStore(0)
    seen: list[int] = []

    def stop(_: int) -> None:
        raise SystemExit

    def join(value: int) -> None:
        if value == 1:
            store.subscribe(stop)

    store.subscribe(join)
    store.subscribe(seen.append)
    with pytest.raises(SystemExit):
        store.set(1)
    assert seen == [0, 1]


def test_a_stop_from_on_unhandled_is_held_back_too() -> None:
    def handler(*_: object) -> None:
        raise KeyboardInterrupt

    store = WritableStore(0, on_unhandled=handler)
    seen: list[int] = []

    def fail(value: int) -> None:
        if value:
            raise ValueError

    store.subscribe(fail)
    store.subscribe(seen.append)
    with pytest.raises(KeyboardInterrupt):
        store.set(1)
    assert seen == [0, 1]


def test_a_stop_in_a_selector_is_raised_by_the_write_and_the_value_stays() -> None:
    store = WritableStore(0)

    def fn(value: int) -> int:
        if value == 1:
            raise KeyboardInterrupt
        return value

    selected = store.select(fn)
    seen: list[int] = []
    selected.subscribe(seen.append)
    with pytest.raises(KeyboardInterrupt):
        store.set(1)
    assert selected.value == 0
    store.set(2)
    assert seen == [0, 2]


def test_events_are_queued_like_writes() -> None:
    stream = WritableEventStream[int]()
    first: list[int] = []
    second: list[int] = []

    def bounce(value: int) -> None:
        first.append(value)
        if value < 3:
            stream.emit(value + 1)

    stream.subscribe(bounce)
    stream.subscribe(second.append)
    stream.emit(1)
    assert first == second == [1, 2, 3]


def test_nothing_is_logged_when_nothing_fails(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    store = WritableStore(0)
    store.subscribe(lambda _: None)
    store.set(1)
    store.close()
    assert caplog.records == []
