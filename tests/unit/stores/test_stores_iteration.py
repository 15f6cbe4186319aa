"""Stores and streams as asynchronous iterators."""

from __future__ import annotations

import asyncio
import threading
from contextlib import aclosing

import pytest

from stores import WritableEventStream, WritableStore


async def collect(source: WritableStore[int] | WritableEventStream[int], *args: str) -> list[int]:
    return [value async for value in source.values(*args)]  # type: ignore[call-arg, arg-type]


async def turns(count: int = 5) -> None:
    """Let other tasks go on until they wait again."""
    for _ in range(count):
        await asyncio.sleep(0)


async def test_the_current_value_comes_first_and_close_ends_it() -> None:
    store = WritableStore(1)
    task = asyncio.create_task(collect(store))
    await turns()
    store.set(2)
    await turns()
    store.close()
    assert await task == [1, 2]


async def test_latest_is_the_default_and_skips_what_was_replaced() -> None:
    store = WritableStore(0)
    latest = asyncio.create_task(collect(store))
    named = asyncio.create_task(collect(store, "latest"))
    every = asyncio.create_task(collect(store, "all"))
    await turns()
    for value in (1, 2, 3):
        store.set(value)
    await turns()
    store.set(4)
    store.close()
    assert await latest == await named == [0, 3, 4]
    assert await every == [0, 1, 2, 3, 4]


async def test_a_slow_consumer_loses_nothing_that_came_while_it_was_busy() -> None:
    store = WritableStore(0)
    seen: list[int] = []
    async with aclosing(store.values("all")) as values:
        async for value in values:
            seen.append(value)
            if value == 0:
                store.set(1)
                store.set(2)
            elif value == 2:
                store.set(3)
                store.close()
    assert seen == [0, 1, 2, 3]


async def test_the_iteration_begins_with_the_value_at_its_first_step() -> None:
    store = WritableStore(0)
    values = store.values("all")
    store.set(1)
    assert not store._root.slots
    assert await anext(values) == 1
    await values.aclose()
    assert not store._root.slots


async def test_a_closed_store_yields_its_last_value() -> None:
    store = WritableStore(0)
    store.close()
    assert await collect(store) == [0]


async def test_leaving_with_aclosing_unsubscribes_at_once() -> None:
    store = WritableStore(0)
    async with aclosing(store.values()) as values:
        async for value in values:
            assert value == 0
            assert len(store._root.slots) == 1
            break
    assert not store._root.slots


async def test_cancelling_the_consumer_unsubscribes() -> None:
    store = WritableStore(0)
    task = asyncio.create_task(collect(store))
    await turns()
    assert len(store._root.slots) == 1
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not store._root.slots


async def test_selectors_can_be_iterated() -> None:
    store = WritableStore(0)
    seen: list[str] = []

    async def read() -> None:
        seen.extend([value async for value in store.select(str).values()])

    task = asyncio.create_task(read())
    await turns()
    store.set(1)
    store.close()
    await task
    assert seen == ["0", "1"]


def test_an_unknown_policy_is_refused_at_once() -> None:
    store = WritableStore(0)
    with pytest.raises(ValueError, match=r"^policy must be 'latest' or 'all', not 'newest'$"):
        store.values("newest")  # type: ignore[arg-type]


async def test_events_are_all_yielded() -> None:
    stream = WritableEventStream[int]()
    task = asyncio.create_task(collect(stream))
    await turns()
    for event in (1, 2, 2):
        stream.emit(event)
    stream.close()
    assert await task == [1, 2, 2]


async def test_a_consumer_on_another_thread_than_the_writes_is_woken() -> None:
    store = WritableStore(0)
    task = asyncio.create_task(collect(store, "all"))
    await turns()

    def write() -> None:
        store.set(1)
        store.set(2)
        store.close()

    thread = threading.Thread(target=write)
    thread.start()
    try:
        async with asyncio.timeout(10):
            assert await task == [0, 1, 2]
    finally:
        thread.join(10)


async def test_a_consumer_on_the_same_thread_needs_no_call_from_other_threads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object) -> None:
        pytest.fail("call_soon_threadsafe")

    store = WritableStore(0)
    task = asyncio.create_task(collect(store))
    await turns()
    with monkeypatch.context() as patch:
        patch.setattr(asyncio.get_running_loop(), "call_soon_threadsafe", refuse)
        store.set(1)
        store.close()
        await turns()
    assert await task == [0, 1]
