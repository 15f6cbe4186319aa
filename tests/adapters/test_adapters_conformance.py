"""What holds for delivery on every toolkit."""

from __future__ import annotations

import contextvars
import gc
import logging
import threading
from typing import TYPE_CHECKING, Any

import pytest
from reactivex import operators as ops

from adapters.elsewhere import Elsewhere, set_all
from adapters.toolkits import NAMES, Toolkit, running
from stores import WritableEventStream, WritableStore

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

MANY = 10_000
WHO: contextvars.ContextVar[str] = contextvars.ContextVar("who", default="nobody")


@pytest.fixture(params=NAMES)
async def ui(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Any]:
    if request.param.startswith("tk"):
        monkeypatch.setenv("DISPLAY", request.getfixturevalue("display"))
    async with running(request.param) as toolkit:
        yield toolkit


class Seen(list[Any]):
    """Values, and whether all of them came on the thread of the user interface."""

    def __init__(self) -> None:
        super().__init__()
        self._thread = threading.get_ident()
        self.strays = 0

    def __call__(self, value: Any) -> None:
        self.strays += threading.get_ident() != self._thread
        self.append(value)


async def test_all_of_a_burst_come_in_order(ui: Toolkit, elsewhere: Elsewhere) -> None:
    store, seen = WritableStore(-1), Seen()
    ui.bind(store, await ui.owner(), seen, "all")
    elsewhere.set_all(store, range(MANY))
    await ui.until(lambda: seen[-1] == MANY - 1)
    assert seen == list(range(-1, MANY))
    assert not seen.strays


async def test_the_last_of_a_burst_comes_and_the_rest_need_not(
    ui: Toolkit, elsewhere: Elsewhere
) -> None:
    store, seen = WritableStore(-1), Seen()
    ui.bind(store, await ui.owner(), seen)
    elsewhere.set_all(store, range(MANY))
    await ui.until(lambda: seen[-1] == MANY - 1)
    assert seen == [-1, MANY - 1]
    assert not seen.strays


async def test_every_wave_is_delivered_though_nobody_knows_when_the_interface_wakes(
    ui: Toolkit, elsewhere: Elsewhere
) -> None:
    store, seen = WritableStore(-1), Seen()
    ui.bind(store, await ui.owner(), seen)
    for last in range(50, 1050, 50):
        wave = elsewhere.soon(set_all, store, range(last - 50, last))
        await ui.until(lambda last=last: seen[-1] == last - 1)
        wave.result(30)
    assert seen == sorted(set(seen))


async def test_what_comes_on_its_own_thread_is_there_at_once(ui: Toolkit) -> None:
    store, seen = WritableStore(1), Seen()
    ui.bind(store, await ui.owner(), seen)
    assert seen == [1]
    store.set(2)
    assert seen == [1, 2]


async def test_nobody_who_writes_waits_for_an_interface_that_is_busy(
    ui: Toolkit, elsewhere: Elsewhere
) -> None:
    store, last, every = WritableStore(-1), Seen(), Seen()
    owner = await ui.owner()
    ui.bind(store, owner, last)
    ui.bind(store, owner, every, "all")
    # This thread does nothing else until all of it has been written.
    elsewhere.set_all(store, range(MANY))
    assert last == every == [-1]
    await ui.until(lambda: every[-1] == last[-1] == MANY - 1)


async def test_the_owner_ends_it_in_the_middle(ui: Toolkit, elsewhere: Elsewhere) -> None:
    store, seen = WritableStore(-1), Seen()
    owner = await ui.owner()
    ui.bind(store, owner, seen, "all")
    elsewhere.set_all(store, range(10))
    await ui.until(lambda: len(seen) > 1)
    writing = elsewhere.soon(set_all, store, range(10, MANY))
    await ui.destroy(owner)
    until_then = len(seen)
    writing.result(30)
    await ui.settled(elsewhere)
    assert len(seen) == until_then
    elsewhere.set_all(store, range(1))
    await ui.until(lambda: not is_observed(store))
    assert len(seen) == until_then


def is_observed(store: WritableStore[Any]) -> bool:
    return bool(store._observers.slots)


async def test_a_subscription_that_ended_itself_keeps_nothing_alive(
    ui: Toolkit, elsewhere: Elsewhere
) -> None:
    store = WritableStore(-1)
    owner = await ui.owner()
    subscription = ui.bind(store, owner, Seen(), "all")
    elsewhere.set_all(store, range(10))
    subscription.dispose()
    await ui.settled(elsewhere)
    gc.collect()
    assert not is_observed(store)
    assert not [one for one in gc.get_objects() if isinstance(one, Seen)]


async def test_nothing_comes_after_it_was_disposed_of(ui: Toolkit, elsewhere: Elsewhere) -> None:
    store, seen = WritableStore(-1), Seen()
    subscription = ui.bind(store, await ui.owner(), seen, "all")
    elsewhere.set_all(store, range(10))
    subscription.dispose()
    store_is_free = not is_observed(store)
    await ui.settled(elsewhere)
    assert (seen, store_is_free) == ([-1], True)


async def test_any_thread_may_dispose_of_it(ui: Toolkit, elsewhere: Elsewhere) -> None:
    store, seen = WritableStore(-1), Seen()
    subscription = ui.bind(store, await ui.owner(), seen, "all")
    elsewhere.set_all(store, range(10))
    elsewhere.do(subscription.dispose)
    await ui.settled(elsewhere)
    assert seen == [-1]


async def test_it_may_dispose_of_itself(ui: Toolkit, elsewhere: Elsewhere) -> None:
    store, seen = WritableStore(-1), Seen()

    def until_three(value: int) -> None:
        seen(value)
        if value == 3:
            subscription.dispose()

    subscription = ui.bind(store, await ui.owner(), until_three, "all")
    elsewhere.set_all(store, range(10))
    await ui.settled(elsewhere)
    assert seen == [-1, 0, 1, 2, 3]


async def test_it_may_write_what_it_gets(ui: Toolkit) -> None:
    store, seen = WritableStore(0), Seen()

    def count_to_five(value: int) -> None:
        seen(value)
        if value < 5:
            store.set(value + 1)

    ui.bind(store, await ui.owner(), count_to_five, "all")
    assert seen == [0, 1, 2, 3, 4, 5]


async def test_it_may_have_more_written_elsewhere(ui: Toolkit, elsewhere: Elsewhere) -> None:
    store, seen = WritableStore(-1), Seen()
    owner = await ui.owner()

    def count_to_five(value: int) -> None:
        seen(value)
        if 0 <= value < 5:
            elsewhere.do(store.set, value + 1)

    ui.bind(store, owner, count_to_five, "all")
    elsewhere.do(store.set, 0)
    await ui.until(lambda: seen[-1] == 5)
    assert seen == [-1, 0, 1, 2, 3, 4, 5]


async def test_one_that_fails_disturbs_nobody_and_is_told_again(
    ui: Toolkit, elsewhere: Elsewhere, caplog: pytest.LogCaptureFixture
) -> None:
    reported: list[Any] = []
    store = WritableStore(-1, on_unhandled=lambda error, what: reported.append((error, what)))
    owner, seen, other = await ui.owner(), Seen(), Seen()

    def fails_on_odd(value: int) -> None:
        seen(value)
        if value % 2:
            raise ValueError(value)

    with caplog.at_level(logging.CRITICAL, "stores"):
        ui.bind(store, owner, fails_on_odd, "all")
        ui.bind(store, owner, other, "all")
        elsewhere.set_all(store, range(4))
        await ui.until(lambda: len(other) == 5)
    assert seen == other == [-1, 0, 1, 2, 3]
    assert [(str(error), what.value) for error, what in reported] == [
        ("-1", -1),
        ("1", 1),
        ("3", 3),
    ]
    assert "fails_on_odd" in str(reported[-1][1])


async def test_context_variables_are_those_of_the_binding(
    ui: Toolkit, elsewhere: Elsewhere
) -> None:
    store, seen = WritableStore(-1), Seen()
    owner = await ui.owner()
    reset = WHO.set("somebody")
    ui.bind(store, owner, lambda _: seen(WHO.get()), "all")
    WHO.reset(reset)
    elsewhere.set_all(store, range(2))
    await ui.until(lambda: len(seen) == 3)
    assert seen == ["somebody"] * 3


async def test_it_may_do_what_only_the_owner_may(ui: Toolkit, elsewhere: Elsewhere) -> None:
    store, owner = WritableStore("one"), await ui.owner()
    ui.bind(store, owner, lambda text: ui.touch(owner, text), "all")
    elsewhere.do(store.set, "two")
    await ui.until(lambda: ui.touched(owner) == ["one", "two"])


async def test_a_closed_store_still_gives_its_last_value(ui: Toolkit, elsewhere: Elsewhere) -> None:
    store, before, after = WritableStore(-1), Seen(), Seen()
    owner = await ui.owner()
    ui.bind(store, owner, before)
    elsewhere.set_all(store, range(5))
    elsewhere.do(store.close)
    ui.bind(store, owner, after)
    await ui.until(lambda: before[-1] == 4)
    assert after == [4]


async def test_events_come_too(ui: Toolkit, elsewhere: Elsewhere) -> None:
    events, seen = WritableEventStream[str](), Seen()
    ui.bind(events, await ui.owner(), seen, "all")
    for word in ("a", "b", "c"):
        elsewhere.do(events.emit, word)
    await ui.until(lambda: len(seen) == 3)
    assert seen == ["a", "b", "c"]


async def test_any_observable_can_be_bound(ui: Toolkit, elsewhere: Elsewhere) -> None:
    store, seen = WritableStore(-1), Seen()
    even = store.pipe(ops.filter(lambda value: value % 2 == 0))
    ui.bind(even, await ui.owner(), seen, "all")
    elsewhere.set_all(store, range(5))
    await ui.until(lambda: len(seen) == 3)
    assert seen == [0, 2, 4]


async def test_an_unknown_mode_is_refused(ui: Toolkit) -> None:
    store = WritableStore(0)
    with pytest.raises(ValueError, match="mode must be 'latest' or 'all', not 'some'"):
        ui.bind(store, await ui.owner(), print, "some")
    assert not is_observed(store)
