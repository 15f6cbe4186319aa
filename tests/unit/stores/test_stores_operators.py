"""Stores and streams are Observables: a sample of Rx on top of them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import reactivex
from reactivex import operators as ops
from reactivex.scheduler import CurrentThreadScheduler, VirtualTimeScheduler
from reactivex.subject import BehaviorSubject

import stores
from stores import EventStream, Store, WritableEventStream, WritableStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from reactivex import Observable

VALUES = (1, 2, 4, 4, 3)

PIPELINES: dict[str, Callable[[Observable[int]], Observable[Any]]] = {
    "map": lambda o: o.pipe(ops.map(str)),
    "fluent": lambda o: o.map(str).filter(lambda text: text != "2"),
    "filter": lambda o: o.pipe(ops.filter(lambda value: value % 2 == 0)),
    "scan": lambda o: o.pipe(ops.scan(lambda a, b: a + b, 0)),
    "reduce": lambda o: o.pipe(ops.reduce(lambda a, b: a + b)),
    "take": lambda o: o.pipe(ops.take(2)),
    "take_last": lambda o: o.pipe(ops.take_last(2)),
    "take_while": lambda o: o.pipe(ops.take_while(lambda value: value < 4)),
    "skip": lambda o: o.pipe(ops.skip(1)),
    "first": lambda o: o.pipe(ops.first()),
    "last": lambda o: o.pipe(ops.last()),
    "pairwise": lambda o: o.pipe(ops.pairwise()),
    "start_with": lambda o: o.pipe(ops.start_with(-1)),
    "concat": lambda o: o.pipe(ops.concat(reactivex.of(7, 8))),
    "merge": lambda o: o.pipe(ops.merge(reactivex.of(7, 8))),
    "combine_latest": lambda o: reactivex.combine_latest(o, o.pipe(ops.map(str))),
    "with_latest_from": lambda o: o.pipe(ops.with_latest_from(o)),
    "zip": lambda o: reactivex.zip(o, o.pipe(ops.skip(1))),
    "flat_map": lambda o: o.pipe(ops.flat_map(lambda value: reactivex.of(value, value))),
    "switch": lambda o: o.pipe(ops.map(reactivex.just), ops.switch_latest()),
    "distinct": lambda o: o.pipe(ops.distinct_until_changed(lambda value: value // 2)),
    "buffer": lambda o: o.pipe(ops.buffer_with_count(2)),
    "group_by": lambda o: o.pipe(ops.group_by(lambda v: v % 2), ops.merge_all()),
    "materialize": lambda o: o.pipe(ops.materialize(), ops.map(str)),
    "share": lambda o: o.pipe(ops.share()),
    "replay": lambda o: o.pipe(ops.replay(1), ops.ref_count()),
    "observe_on": lambda o: o.pipe(ops.observe_on(CurrentThreadScheduler())),
    "to_list": lambda o: o.pipe(ops.to_list()),
    "amb": lambda o: o.pipe(ops.amb(reactivex.never())),
    "catch": lambda o: o.pipe(ops.map(lambda v: 1 // (v - 3)), ops.catch(reactivex.just(0))),
    "dematerialize": lambda o: o.pipe(ops.materialize(), ops.dematerialize(), ops.as_observable()),
    "sum": lambda o: o.sum(),
    "getitem": lambda o: o[1:3],
    "add": lambda o: o + reactivex.just(5),
}


def record(source: Observable[Any]) -> list[object]:
    seen: list[object] = []
    source.subscribe(seen.append, seen.append, lambda: seen.append("done"))
    return seen


@pytest.mark.parametrize("name", PIPELINES)
def test_a_pipeline_gives_what_it_gives_on_a_behavior_subject(name: str) -> None:
    subject = BehaviorSubject(0)
    store = WritableStore(0)
    expected = record(PIPELINES[name](subject.pipe(ops.distinct_until_changed())))
    got = record(PIPELINES[name](store))
    assert got == expected
    for value in VALUES:
        subject.on_next(value)
        store.set(value)
        assert got == expected
    subject.on_completed()
    store.close()
    assert got == expected
    assert not store._root.slots


@pytest.mark.parametrize("name", PIPELINES)
def test_a_pipeline_gives_what_it_gives_on_a_subject(name: str) -> None:
    subject = reactivex.Subject[int]()
    stream = WritableEventStream[int]()
    expected, got = record(PIPELINES[name](subject)), record(PIPELINES[name](stream))
    for value in VALUES:
        subject.on_next(value)
        stream.emit(value)
        assert got == expected
    subject.on_completed()
    stream.close()
    assert [str(value) for value in got] == [str(value) for value in expected]


def test_time_operators_take_their_scheduler() -> None:
    scheduler = VirtualTimeScheduler()
    store = WritableStore(0)
    seen = record(store.pipe(ops.debounce(1.0, scheduler=scheduler)))
    store.set(1)
    scheduler.advance_by(2.0)
    store.set(2)
    store.set(3)
    scheduler.advance_by(2.0)
    assert seen == [1, 3]


@pytest.mark.parametrize("argument", ["store", "as_observable"])
def test_an_operator_that_tests_its_argument_for_truth_takes_as_observable(argument: str) -> None:
    store = WritableStore(0)
    other = store.pipe(ops.as_observable()) if argument == "as_observable" else store
    if argument == "store":
        with pytest.raises(TypeError, match=r"use \.value"):
            reactivex.never().pipe(ops.timeout(1.0, other)).subscribe()
    else:
        scheduler = VirtualTimeScheduler()
        seen = record(reactivex.never().pipe(ops.timeout(1.0, other, scheduler)))
        scheduler.advance_by(2.0)
        assert seen == [0]


def test_a_pipeline_that_is_done_leaves_nothing_behind() -> None:
    store = WritableStore(0)
    assert record(store.pipe(ops.take(1))) == [0, "done"]
    record(store.select(str).pipe(ops.take(1)))
    subscription = store.pipe(ops.map(str), ops.filter(bool)).subscribe()
    assert len(store._root.slots) == 1
    subscription.dispose()
    assert not store._root.slots
    assert not store._root.live


def test_a_failing_mapper_ends_its_pipeline_and_nobody_elses() -> None:
    store = WritableStore(1)
    seen = record(store.pipe(ops.map(lambda value: 1 // value)))
    others = record(store)
    store.set(0)
    store.set(2)
    assert isinstance(seen.pop(), ZeroDivisionError)
    assert seen == [1]
    assert others == [1, 0, 2]


def test_a_failing_mapper_without_on_error_is_reported() -> None:
    failures: list[BaseException] = []
    store = WritableStore(1, on_unhandled=lambda error, _: failures.append(error))
    store.pipe(ops.map(lambda value: 1 // value)).subscribe()
    store.set(0)
    assert [type(error) for error in failures] == [ZeroDivisionError]


def test_first_values_come_at_once_even_inside_the_work_of_a_trampoline() -> None:
    store = WritableStore(0)
    seen: list[object] = []

    def subscribe(_: object) -> None:
        store.subscribe(seen.append)
        seen.append("subscribed")

    reactivex.of(1).subscribe(subscribe)
    assert seen == [0, "subscribed"]


def test_writes_inside_the_work_of_a_trampoline_reach_everybody_in_order() -> None:
    store = WritableStore(0)
    seen = record(store.pipe(ops.start_with(-1)))
    reactivex.of(1, 2, 3).subscribe(store.set)
    assert seen == [-1, 0, 1, 2, 3]


def test_a_callback_can_subscribe_pipelines_that_use_the_trampoline() -> None:
    store = WritableStore(0)
    seen: list[int] = []
    joined: list[bool] = []

    def join(_: int) -> None:
        if not joined:
            joined.append(True)
            store.pipe(ops.start_with(-1)).subscribe(seen.append)
            assert seen == [-1, 0]

    store.subscribe(join)
    store.set(1)
    assert seen == [-1, 0, 1]


async def test_awaiting_a_store_gives_its_last_value() -> None:
    store = WritableStore(0)
    store.set(1)
    store.close()
    assert await store == 1


def test_stores_and_streams_are_observables() -> None:
    assert issubclass(Store, reactivex.Observable)
    assert issubclass(EventStream, reactivex.Observable)


def test_importing_stores_loads_nothing_but_reactivex() -> None:
    code = (
        "import sys, reactivex; before = set(sys.modules); import stores; "
        "print(*{name.split('.')[0] for name in set(sys.modules) - before} - {'stores'})"
    )
    run = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code],
        cwd=Path(stores.__file__).parents[1],
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(run.stdout.split())
    assert not loaded & {
        "session_fsm",
        "livekit",
        "aiohttp",
        "attr",
        "attrs",
        "numpy",
        "transitions",
    }
