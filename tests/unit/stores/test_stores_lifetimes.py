"""What is kept alive by whom, and for how long."""

from __future__ import annotations

import gc
import weakref

import pytest

from stores import WritableStore
from stores.lock import LOCK


class Widget:
    def __init__(self) -> None:
        self.seen: list[object] = []

    def refresh(self, value: object) -> None:
        self.seen.append(value)

    def fail(self, value: object) -> None:
        raise ValueError(value)


def test_a_weak_subscription_ends_with_its_object() -> None:
    store = WritableStore(0)
    widget = Widget()
    store.subscribe_weak(widget.refresh)
    store.set(1)
    assert widget.seen == [0, 1]
    del widget
    gc.collect()
    assert not store._root.slots
    store.set(2)


def test_a_weak_subscription_of_a_selector_ends_with_its_object() -> None:
    store = WritableStore(0)
    widget = Widget()
    store.select(str).subscribe_weak(widget.refresh)
    store.set(1)
    assert widget.seen == ["0", "1"]
    del widget
    gc.collect()
    assert not store._root.live


def test_a_weak_subscription_can_be_disposed_earlier() -> None:
    store = WritableStore(0)
    widget = Widget()
    subscription = store.subscribe_weak(widget.refresh)
    subscription.dispose()
    store.set(1)
    assert widget.seen == [0]
    del widget
    gc.collect()


def test_a_dead_object_is_not_called_even_before_its_subscription_ends() -> None:
    store = WritableStore(0)
    widget = Widget()
    store.subscribe_weak(widget.refresh)
    [slot] = store._root.slots
    push = slot.push
    del widget
    push(1)


def test_a_failing_weak_callback_is_named(caplog: pytest.LogCaptureFixture) -> None:
    store = WritableStore(0)
    widget = Widget()
    store.subscribe_weak(widget.fail)
    assert caplog.messages[0].startswith("observer Widget.fail (test_stores_lifetimes.py:")


@pytest.mark.parametrize("method", [print, lambda _: None, [].append, Widget()])
def test_only_a_bound_method_can_be_weak(method: object) -> None:
    store = WritableStore(0)
    with pytest.raises(TypeError) as caught:
        store.subscribe_weak(method)  # type: ignore[arg-type]
    assert str(caught.value) == (
        f"subscribe_weak() takes a bound method, like widget.refresh, not {method!r}: "
        "nothing else would keep a lambda or a nested function alive. Use subscribe()"
    )
    assert not store._root.slots


def test_an_object_that_cannot_be_referenced_weakly_is_named() -> None:
    class Slotted:
        __slots__ = ()

        def refresh(self, value: int) -> None: ...

    store = WritableStore(0)
    with pytest.raises(TypeError) as caught:
        store.subscribe_weak(Slotted().refresh)
    assert str(caught.value) == (
        "Slotted objects cannot be referenced weakly: add '__weakref__' to __slots__, "
        "or use subscribe()"
    )
    assert isinstance(caught.value.__cause__, TypeError)


@pytest.mark.parametrize("how", ["dispose", "close"])
def test_a_subscription_that_is_over_lets_go_of_the_callbacks(how: str) -> None:
    store = WritableStore(0)
    widget, ender = Widget(), Widget()
    gone = weakref.ref(widget), weakref.ref(ender)
    subscription = store.subscribe(widget.refresh, None, lambda e=ender: e.seen)
    if how == "dispose":
        subscription.dispose()
    else:
        store.close()
    del widget, ender
    gc.collect()
    assert [ref() for ref in gone] == [None, None]
    assert subscription is not None


def test_dropping_the_disposable_does_not_unsubscribe() -> None:
    store = WritableStore(0)
    widget = Widget()
    seen = widget.seen
    store.subscribe(widget.refresh)
    del widget
    gc.collect()
    store.set(1)
    assert seen == [0, 1]


def test_a_dropped_store_is_freed_with_its_observers_and_selectors() -> None:
    store = WritableStore(0)
    widget = Widget()
    store.subscribe(widget.refresh)
    store.select(str).select(len).subscribe(widget.refresh)
    gone = weakref.ref(store), weakref.ref(widget)
    del store, widget
    gc.collect()
    assert [ref() for ref in gone] == [None, None]


def test_a_finalizer_may_unsubscribe_at_any_time() -> None:
    store = WritableStore(0)
    selected = store.select(lambda number: number // 2)
    subscription = selected.subscribe()
    widget = Widget()
    weakref.finalize(widget, subscription.dispose)
    with LOCK:
        del widget
    store.set(1)
    assert not store._root.live


class Locksmith:
    """Notes whether the lock is held when it goes away."""

    held: list[bool]

    def __init__(self, held: list[bool]) -> None:
        self.held = held

    def __call__(self, *_: object) -> None: ...

    def __del__(self) -> None:
        self.held.append(LOCK._is_owned())  # type: ignore[attr-defined]


def test_nobodys_code_runs_under_the_lock_when_values_and_callbacks_go() -> None:
    held: list[bool] = []
    store = WritableStore[object](Locksmith(held))
    live = store.select(lambda _: Locksmith(held))
    live.subscribe()
    idle = store.select(lambda _: Locksmith(held))
    gc.collect()
    assert held == []
    store.set(None)
    assert len(held) == 1
    assert idle.value is not None
    assert len(held) == 3
    subscription = store.subscribe(Locksmith(held), None, Locksmith(held))
    subscription.dispose()
    gc.collect()
    assert len(held) == 5
    assert not any(held)
