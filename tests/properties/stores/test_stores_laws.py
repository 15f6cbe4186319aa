"""The laws of stores, on random programs of writes, subscriptions and misbehaving observers.

A program is a list of actions, and of plans for the observers that these subscribe: what one does
at its first delivery, at its second, and so on. The same program runs on a real store and on
`Oracle`, which says in the plainest way what should happen; everybody must have seen the same in
the same order.
"""

from __future__ import annotations

import itertools
import logging
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stores import WritableEventStream, WritableStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FACETS: dict[str, Callable[[int], int]] = {
    "root": lambda value: value,
    "half": lambda value: value // 2,
    "parity": lambda value: value % 2,
    "half-parity": lambda value: value // 2 % 2,
}


class Action(NamedTuple):
    """One step: what to do, with which number, and to which facet."""

    what: str
    number: int = 0
    facet: str = "root"


class Program(NamedTuple):
    """The actions from outside, and a plan for each observer in the order of subscription."""

    actions: list[Action]
    plans: list[list[list[Action]]]


class Deliberate(Exception):  # noqa: N818
    """What observers raise."""


class Watcher:
    """One observer of a program, on whichever side."""

    def __init__(self, world: World, facet: str) -> None:
        self.world = world
        self.facet = facet
        self.plan = deque(world.plans.popleft() if world.plans else [])
        self.seen: list[object] = []

    def on_next(self, value: int) -> None:
        self.seen.append(value)
        self.world.trace.append((self.world.watchers.index(self), value))
        self.world.check()
        for action in self.plan.popleft() if self.plan else ():
            self.world.do(action)

    def on_completed(self) -> None:
        self.seen.append("done")


class World:
    """Runs programs; the two sides differ in what these five names do."""

    write: Callable[[int], object]
    update: Callable[[Callable[[int], int]], object]
    close: Callable[[], object]

    def __init__(self) -> None:
        self.plans: deque[list[list[Action]]] = deque()
        self.watchers: list[Watcher] = []
        self.trace: list[tuple[int, int]] = []

    def subscribe(self, watcher: Watcher) -> None:
        raise NotImplementedError

    def dispose(self, index: int) -> None:
        raise NotImplementedError

    def check(self) -> None:
        """Look at the state during a notification."""

    def do(self, action: Action) -> None:
        match action.what:
            case "write":
                self.write(action.number)
            case "update":
                self.update(lambda value: value + action.number)
            case "close":
                self.close()
            case "raise":
                raise Deliberate
            case "dispose":
                self.dispose(action.number)
            case _:
                watcher = Watcher(self, action.facet)
                self.watchers.append(watcher)
                self.subscribe(watcher)

    def run(self, program: Program) -> Iterator[Action]:
        self.plans.extend(program.plans)
        for action in program.actions:
            self.do(action)
            yield action


class Real(World):
    def __init__(self) -> None:
        super().__init__()
        self.errors: list[BaseException] = []
        self.subscriptions: dict[Watcher, Any] = {}
        self.store = WritableStore(0, on_unhandled=lambda error, _: self.errors.append(error))
        half = self.store.select(FACETS["half"])
        self.facets = {
            "root": self.store,
            "half": half,
            "parity": self.store.select(FACETS["parity"]),
            "half-parity": half.select(FACETS["parity"]),
        }
        self.commits = [0]
        self.store.subscribe(lambda value: value == self.commits[-1] or self.commits.append(value))
        self.write, self.update, self.close = self.store.set, self.store.update, self.store.close

    def subscribe(self, watcher: Watcher) -> None:
        self.subscriptions[watcher] = self.facets[watcher.facet].subscribe(watcher)

    def dispose(self, index: int) -> None:
        if index < len(self.watchers) and self.watchers[index] in self.subscriptions:
            self.subscriptions[self.watchers[index]].dispose()

    def check(self) -> None:
        for name, facet in self.facets.items():
            if facet.value != FACETS[name](self.store.value):
                pytest.fail(f"{name} is {facet.value} while the root is {self.store.value}")


class Oracle(World):
    """First in, first out; a snapshot of the audience per commit; every observer by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.value = 0
        self.closed = self.busy = False
        self.queue: deque[Callable[[], None]] = deque()
        self.present: dict[str, list[Watcher]] = {"root": []}
        self.joining: dict[Watcher, deque[int]] = {}
        self.joined: set[Watcher] = set()
        self.errors = 0
        self.write = lambda value: self.queued(lambda: self.commit(value))
        self.update = lambda fn: self.queued(lambda: self.commit(fn(self.value)))
        self.close = lambda: self.queued(self.complete)

    def queued(self, job: Callable[[], None]) -> None:
        self.queue.append(job)
        if not self.busy:
            self.busy = True
            while self.queue:
                self.queue.popleft()()
            self.busy = False

    def commit(self, value: int) -> None:
        if self.closed or value == self.value:
            return
        old, self.value = self.value, value
        for facet, watchers in [(f, list(w)) for f, w in self.present.items()]:
            new = FACETS[facet](value)
            if new != FACETS[facet](old):
                for watcher in watchers:
                    self.deliver(watcher, new)

    def complete(self) -> None:
        if not self.closed:
            self.closed = True
            for watchers in list(self.present.values()):
                for watcher in list(watchers):
                    if watcher not in self.joining:
                        watcher.on_completed()

    def deliver(self, watcher: Watcher, value: int) -> None:
        if watcher in self.joining:
            self.joining[watcher].append(value)
        elif watcher in self.present.get(watcher.facet, []):
            self.call(watcher, value)

    def call(self, watcher: Watcher, value: int) -> None:
        with self.isolated():
            watcher.on_next(value)

    @contextmanager
    def isolated(self) -> Iterator[None]:
        try:
            yield
        except Deliberate:
            self.errors += 1

    def subscribe(self, watcher: Watcher) -> None:
        if not self.closed:
            self.present.setdefault(watcher.facet, []).append(watcher)
        self.joining[watcher] = deque([FACETS[watcher.facet](self.value)])
        while self.joining[watcher]:
            self.call(watcher, self.joining[watcher].popleft())
        del self.joining[watcher]
        if self.closed:
            watcher.on_completed()
        self.joined.add(watcher)

    def dispose(self, index: int) -> None:
        if index < len(self.watchers) and self.watchers[index] in self.joined:
            watcher = self.watchers[index]
            present = self.present.get(watcher.facet, [])
            if watcher in present:
                present.remove(watcher)
            if not present and watcher.facet != "root":
                self.present.pop(watcher.facet, None)


small = st.integers(0, 5)
WRITES = [Action("write", number) for number in range(6)]
WRITES += [Action("update", number) for number in (-1, 0, 2)]
SUBSCRIPTIONS = [Action("subscribe", 0, facet) for facet in FACETS]
DISPOSALS = [Action("dispose", number) for number in range(6)]
outside = st.sampled_from(WRITES + SUBSCRIPTIONS * 3 + DISPOSALS + [Action("close")])
inside = st.sampled_from(
    WRITES + SUBSCRIPTIONS + DISPOSALS + [Action("raise")] * 4 + [Action("close")]
)
programs = st.builds(
    Program,
    st.lists(outside, max_size=15),
    st.lists(st.lists(st.lists(inside, max_size=3), max_size=5), max_size=6),
)


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    logging.getLogger("stores").disabled = True
    yield
    logging.getLogger("stores").disabled = False


@given(programs)
def test_a_store_does_what_the_oracle_says(program: Program) -> None:
    real, oracle = Real(), Oracle()
    for _ in zip(real.run(program), oracle.run(program), strict=True):
        assert real.store.value == oracle.value
    assert [watcher.seen for watcher in real.watchers] == [w.seen for w in oracle.watchers]
    assert real.trace == oracle.trace
    assert len(real.errors) == oracle.errors


@given(programs)
def test_everybody_sees_a_subsequence_of_the_commits_that_ends_in_the_value(
    program: Program,
) -> None:
    real = Real()
    for _ in real.run(program):
        for watcher in real.watchers:
            fn = FACETS[watcher.facet]
            values = [value for value in watcher.seen if value != "done"]
            commits = iter(map(fn, real.commits))
            assert all(value in commits for value in values)
            assert all(a != b for a, b in itertools.pairwise(values))
            if real.subscriptions[watcher]._group is not None or "done" in watcher.seen:
                assert values[-1] == real.facets[watcher.facet].value
            assert watcher.seen.count("done") <= 1
            assert "done" not in watcher.seen[:-1]


@given(programs)
def test_failing_observers_change_nothing_for_the_others(program: Program) -> None:
    def tame(actions: list[Action]) -> list[Action]:
        # what stands behind an error is not reached either
        return list(itertools.takewhile(lambda action: action.what != "raise", actions))

    tamed = program._replace(plans=[[tame(step) for step in plan] for plan in program.plans])
    real, peaceful = Real(), Real()
    for _ in zip(real.run(program), peaceful.run(tamed), strict=True):
        assert real.store.value == peaceful.store.value
    assert real.trace == peaceful.trace
    assert peaceful.errors == []


@given(programs)
def test_when_all_are_gone_nothing_is_left(program: Program) -> None:
    real = Real()
    list(real.run(program))
    for subscription in real.subscriptions.values():
        subscription.dispose()
    assert not real.store._root.live
    assert len(real.store._root.slots) <= 1


@given(st.lists(st.tuples(small, st.booleans(), st.lists(small, max_size=2))))
def test_events_come_first_in_first_out_to_everybody(
    emitted: list[tuple[int, bool, list[int]]],
) -> None:
    failures: list[BaseException] = []
    stream = WritableEventStream[int](on_unhandled=lambda error, _: failures.append(error))
    plans = deque(emitted)
    before: list[int] = []
    after: list[int] = []
    accepted: list[int] = []

    def emit(event: int) -> None:
        accepted.append(event)
        stream.emit(event)

    def misbehave(_: int) -> None:
        _, fails, more = plans.popleft() if plans else (0, False, [])
        for event in more:
            emit(event)
        if fails:
            raise Deliberate

    for observer in (before.append, misbehave, after.append):
        stream.subscribe(observer)
    for event, _, _ in emitted:
        emit(event)
    assert before == after == accepted
    assert len(failures) == sum(fails for _, fails, _ in emitted)
