"""Real threads."""

from __future__ import annotations

import itertools
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from stores import WritableEventStream, WritableStore, WrongThread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def in_thread(fn: Callable[[], object], name: str = "other") -> BaseException | None:
    """Run ``fn`` on a thread of its own, and return what it raised."""
    raised: list[BaseException] = []

    def run() -> None:
        try:
            fn()
        except BaseException as error:  # noqa: BLE001
            raised.append(error)

    thread = threading.Thread(target=run, name=name)
    thread.start()
    thread.join(10)
    assert not thread.is_alive()
    return raised[0] if raised else None


@pytest.mark.parametrize("write", ["set", "update", "close"])
def test_the_thread_of_the_first_write_owns_a_store(write: str) -> None:
    store = WritableStore(0)
    store.set(1)
    args = () if write == "close" else (lambda value: value + 1,)
    error = in_thread(lambda: getattr(store, write)(*args))
    assert isinstance(error, WrongThread)
    assert isinstance(error, RuntimeError)
    assert str(error) == (
        "written on thread 'other', but it belongs to thread 'MainThread', which wrote it first. "
        "Hand the call over to that thread: loop.call_soon_threadsafe(store.set, value)"
    )
    assert store.value == 1
    store.set(2)
    assert store.value == 2


def test_the_first_write_can_be_on_any_thread() -> None:
    store = WritableStore(0)
    store.subscribe()
    assert in_thread(lambda: store.set(1)) is None
    assert store.value == 1
    with pytest.raises(WrongThread, match="it belongs to a thread that has ended, which"):
        store.set(2)


@pytest.mark.parametrize("write", ["emit", "close"])
def test_a_stream_has_an_owner_too(write: str) -> None:
    stream = WritableEventStream[int]()
    stream.emit(1)
    args = () if write == "close" else (2,)
    assert isinstance(in_thread(lambda: getattr(stream, write)(*args)), WrongThread)


def test_writing_on_another_thread_while_a_write_is_going_on_is_refused_too() -> None:
    store = WritableStore(0)
    errors: list[BaseException | None] = []
    store.subscribe(lambda value: value and errors.append(in_thread(lambda: store.set(9))))
    store.set(1)
    assert [type(error) for error in errors] == [WrongThread]
    assert store.value == 1


def test_reading_and_subscribing_are_allowed_everywhere() -> None:
    store = WritableStore(1)
    store.set(2)
    selected = store.select(str)
    seen: list[object] = []

    def work() -> None:
        seen.extend((store.value, selected.value))
        store.subscribe(seen.append)
        selected.subscribe(seen.append).dispose()

    assert in_thread(work) is None
    store.set(3)
    assert seen == [2, "2", 2, "2", 3]


def test_a_stop_on_a_subscribing_thread_is_raised_there() -> None:
    store = WritableStore(0)

    def stop(_: int) -> None:
        raise KeyboardInterrupt

    errors: list[BaseException | None] = []
    store.subscribe(lambda value: value and errors.append(in_thread(lambda: store.subscribe(stop))))
    store.set(1)
    assert [type(error) for error in errors] == [KeyboardInterrupt]
    assert len(store._root.slots) == 1


@pytest.mark.parametrize("derived", [False, True])
def test_values_that_come_during_the_first_delivery_come_after_it(derived: bool) -> None:  # noqa: FBT001
    store = WritableStore(0)
    source = store.select(lambda value: value) if derived else store
    entered, written = threading.Event(), threading.Event()
    seen: list[object] = []

    def slow(value: int) -> None:
        entered.set()
        assert written.wait(10)
        seen.append(value)

    def subscribe() -> None:
        source.subscribe(slow, None, lambda: seen.append("done"))

    thread = threading.Thread(target=subscribe)
    thread.start()
    assert entered.wait(10)
    store.set(1)
    store.set(2)
    store.close()
    written.set()
    thread.join(10)
    assert seen == [0, 1, 2, "done"]


def test_a_subscriber_during_a_commit_gets_the_new_value_once() -> None:
    store = WritableStore(0)
    seen: list[int] = []
    store.subscribe(lambda value: value == 1 and in_thread(lambda: store.subscribe(seen.append)))
    store.set(1)
    assert seen == [1]
    store.set(2)
    assert seen == [1, 2]


def test_a_subscriber_to_an_idle_selector_while_others_are_computed_gets_the_new_value_once() -> (
    None
):
    store = WritableStore(0)
    seen: list[int] = []
    idle = store.select(lambda value: value * 10)

    def meanwhile(value: int) -> int:
        if value == 1:
            in_thread(lambda: idle.subscribe(seen.append))
        return value

    store.select(meanwhile).subscribe()
    store.set(1)
    assert seen == [10]
    store.set(2)
    assert seen == [10, 20]


@pytest.fixture
def hasty_threads() -> Iterator[None]:
    """Switch threads so often that they meet in the middle of everything."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("hasty_threads")
def test_hammering_subscribers_see_rising_values_that_end_in_the_last_one() -> None:
    store = WritableStore(0)
    doubled = store.select(lambda value: value * 2)
    begun = threading.Event()
    logs: list[list[int]] = []

    def subscribe_often() -> None:
        for _ in range(300):
            for source in (store, doubled):
                seen: list[int] = []
                logs.append(seen)
                subscription = source.subscribe(seen.append)
                if len(logs) % 20:
                    subscription.dispose()
                    seen.append(-1)
            begun.set()

    threads = [threading.Thread(target=subscribe_often) for _ in range(3)]
    for thread in threads:
        thread.start()
    assert begun.wait(10)
    while any(thread.is_alive() for thread in threads):
        store.update(lambda value: value + 1)
    store.update(lambda value: value + 1)
    kept = [seen for seen in logs if seen[-1] != -1]
    for seen in kept:
        assert all(a < b for a, b in itertools.pairwise(seen))
        assert seen[-1] in {store.value, doubled.value}
    assert len(store._root.slots) + sum(len(cell.slots) for cell in store._root.live) == len(kept)
    for seen in logs:
        steps = {b - a for a, b in itertools.pairwise(seen) if b != -1}
        assert len(steps) <= 1
