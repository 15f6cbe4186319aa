"""Values of a store: reading, writing, being told, closing."""

from __future__ import annotations

import math

import pytest
import reactivex

from stores import Store, WritableStore


class Odd:
    """Answers == with whatever it was made with."""

    def __init__(self, answer: object) -> None:
        self.answer = answer

    def __eq__(self, other: object) -> bool:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer  # type: ignore[return-value]

    __hash__ = None  # type: ignore[assignment]


class Log:
    """An observer object that remembers what it got."""

    def __init__(self) -> None:
        self.seen: list[object] = []

    def on_next(self, value: object) -> None:
        self.seen.append(value)

    def on_error(self, error: Exception) -> None:
        self.seen.append(error)

    def on_completed(self) -> None:
        self.seen.append("done")


def test_a_store_has_its_first_value_and_then_what_was_set() -> None:
    store = WritableStore("first")
    assert store.value == "first"
    store.set("second")
    assert store.value == "second"


def test_a_subscriber_gets_the_current_value_and_each_later_one() -> None:
    store = WritableStore(1)
    seen: list[int] = []
    store.subscribe(seen.append)
    assert seen == [1]
    store.set(2)
    store.set(3)
    assert seen == [1, 2, 3]


def test_none_is_a_value_like_any_other() -> None:
    store = WritableStore[int | None](None)
    seen: list[int | None] = []
    store.subscribe(seen.append)
    store.set(1)
    store.set(None)
    assert seen == [None, 1, None]


def test_setting_an_equal_value_tells_nobody_and_keeps_the_object() -> None:
    first = [1]
    store = WritableStore(first)
    seen: list[list[int]] = []
    store.subscribe(seen.append)
    store.set([1])
    assert seen == [[1]]
    assert store.value is first


def test_identity_is_looked_at_before_equality() -> None:
    store = WritableStore(math.nan)
    seen: list[float] = []
    store.subscribe(seen.append)
    store.set(math.nan)
    assert len(seen) == 1


@pytest.mark.parametrize(
    "answer", ["yes", 1, [True], ValueError("ambiguous"), False, None], ids=repr
)
def test_only_true_means_equal(answer: object) -> None:
    store = WritableStore(Odd(answer))
    seen: list[Odd] = []
    store.subscribe(seen.append)
    other = Odd(answer)
    store.set(other)
    assert store.value is other
    store.set(other)
    assert len(seen) == 2


def test_observers_are_told_in_the_order_in_which_they_came() -> None:
    store = WritableStore(0)
    order: list[str] = []
    store.subscribe(lambda _: order.append("a"))
    store.subscribe(lambda _: order.append("b"))
    order.clear()
    store.set(1)
    assert order == ["a", "b"]


def test_update_makes_the_next_value_from_this_one() -> None:
    store = WritableStore(20)
    store.update(lambda value: value + 1)
    assert store.value == 21


def test_update_to_an_equal_value_tells_nobody() -> None:
    store = WritableStore(20)
    seen: list[int] = []
    store.subscribe(seen.append)
    store.update(lambda value: value)
    assert seen == [20]


def test_update_that_raises_reaches_its_caller_and_changes_nothing() -> None:
    store = WritableStore(20)
    seen: list[int] = []
    store.subscribe(seen.append)
    with pytest.raises(ZeroDivisionError):
        store.update(lambda value: value // 0)
    assert store.value == 20
    store.set(21)
    assert seen == [20, 21]


def test_disposed_means_told_no_more_and_can_be_done_twice() -> None:
    store = WritableStore(0)
    seen: list[int] = []
    subscription = store.subscribe(seen.append)
    subscription.dispose()
    subscription.dispose()
    store.set(1)
    assert seen == [0]


def test_a_subscription_is_a_context_manager() -> None:
    store = WritableStore(0)
    seen: list[int] = []
    with store.subscribe(seen.append):
        store.set(1)
    store.set(2)
    assert seen == [0, 1]


def test_the_same_callback_can_be_subscribed_twice() -> None:
    store = WritableStore(0)
    seen: list[int] = []
    first = store.subscribe(seen.append)
    store.subscribe(seen.append)
    first.dispose()
    store.set(1)
    assert seen == [0, 0, 1]


def test_close_completes_and_later_writes_are_ignored() -> None:
    store = WritableStore(0)
    seen: list[object] = []
    store.subscribe(seen.append, on_completed=lambda: seen.append("done"))
    store.close()
    store.close()
    store.set(1)
    store.update(lambda _: pytest.fail("called after close"))
    assert seen == [0, "done"]
    assert store.value == 0


def test_a_late_subscriber_gets_the_last_value_and_completion() -> None:
    store = WritableStore(0)
    store.set(1)
    store.close()
    log = Log()
    store.subscribe(log)
    assert log.seen == [1, "done"]


def test_an_observer_object_gets_values_and_completion() -> None:
    store = WritableStore(0)
    log = Log()
    store.subscribe(log)
    store.set(1)
    store.close()
    assert log.seen == [0, 1, "done"]


def test_an_rx_observer_and_a_subject_can_subscribe() -> None:
    store = WritableStore(0)
    seen: list[int] = []
    subject = reactivex.Subject[int]()
    subject.subscribe(seen.append)
    store.subscribe(subject)
    store.subscribe(reactivex.Observer(seen.append))
    assert seen == [0, 0]


def test_callbacks_can_be_left_out() -> None:
    store = WritableStore(0)
    done: list[bool] = []
    store.subscribe()
    store.subscribe(None, None, lambda: done.append(True))
    store.set(1)
    store.close()
    assert done == [True]


def test_on_error_and_scheduler_are_taken_and_not_used() -> None:
    store = WritableStore(0)
    seen: list[int] = []
    store.subscribe(seen.append, pytest.fail, scheduler=reactivex.scheduler.ImmediateScheduler())
    store.set(1)
    store.close()
    assert seen == [0, 1]


def test_something_with_an_on_next_that_is_no_function_is_a_callback() -> None:
    class Callback:
        on_next = "not a method"

        def __init__(self) -> None:
            self.seen: list[int] = []

        def __call__(self, value: int) -> None:
            self.seen.append(value)

    store = WritableStore(3)
    callback = Callback()
    store.subscribe(callback)
    assert callback.seen == [3]


def test_the_truth_of_a_store_is_refused() -> None:
    store = WritableStore(0)
    with pytest.raises(TypeError, match=r"^a store is neither true nor false: use \.value$"):
        bool(store)
    with pytest.raises(TypeError):
        assert store.select(bool)


def test_repr_shows_the_kind_and_the_value() -> None:
    store = WritableStore("x")
    assert repr(store) == "<WritableStore[str] 'x'>"
    assert repr(store.select(len)) == "<Store[int] 1>"


def test_a_store_has_no_way_to_write() -> None:
    public = {name for name in dir(Store) if not name.startswith("_")}
    assert not public & {"set", "update", "close", "on_next", "on_completed", "dispose"}


def test_a_store_knows_whether_anybody_looks_at_it_or_at_what_is_selected_from_it() -> None:
    store = WritableStore(1)
    derived = store.select(str).select(len)
    assert not store.is_observed
    for one in (store, derived):
        with one.subscribe(lambda _: None):
            assert store.is_observed
        assert not store.is_observed
    store.subscribe(lambda _: None)
    store.close()
    assert not store.is_observed
