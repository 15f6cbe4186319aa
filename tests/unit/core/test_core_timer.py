"""A timer whose clock can stand still."""

from __future__ import annotations

import asyncio

import pytest

from session_fsm.timer import PausableTimer


class Bell:
    """Remembers when it rang."""

    def __init__(self) -> None:
        self.start = asyncio.get_running_loop().time()
        self.rang: list[float] = []

    def __call__(self) -> None:
        self.rang.append(round(asyncio.get_running_loop().time() - self.start, 6))


async def test_it_calls_back_once_after_its_time() -> None:
    bell, timer = Bell(), PausableTimer()
    timer.set(3, bell)
    await asyncio.sleep(2.9)
    assert bell.rang == []
    await asyncio.sleep(100)
    assert bell.rang == [3]


async def test_time_in_which_it_is_paused_does_not_count() -> None:
    bell, timer = Bell(), PausableTimer()
    timer.set(3, bell)
    for _ in range(2):
        await asyncio.sleep(1)
        timer.pause(paused=True)
        timer.pause(paused=True)
        await asyncio.sleep(10)
        assert bell.rang == []
        timer.pause(paused=False)
        timer.pause(paused=False)
    await asyncio.sleep(100)
    assert bell.rang == [23]


async def test_one_that_is_set_while_paused_begins_when_the_clock_goes_on() -> None:
    bell, timer = Bell(), PausableTimer()
    timer.pause(paused=True)
    timer.set(3, bell)
    await asyncio.sleep(10)
    timer.pause(paused=False)
    await asyncio.sleep(10)
    assert bell.rang == [13]


async def test_the_last_that_was_set_counts() -> None:
    first, second, timer = Bell(), Bell(), PausableTimer()
    timer.set(3, first)
    await asyncio.sleep(2)
    timer.set(5, second)
    await asyncio.sleep(10)
    assert first.rang == []
    assert second.rang == [7]


@pytest.mark.parametrize("paused", [False, True])
async def test_one_that_is_cancelled_never_rings(*, paused: bool) -> None:
    bell, timer = Bell(), PausableTimer()
    timer.set(3, bell)
    timer.pause(paused=paused)
    timer.cancel()
    timer.pause(paused=False)
    await asyncio.sleep(10)
    assert bell.rang == []


async def test_none_seconds_are_for_ever() -> None:
    bell, timer = Bell(), PausableTimer()
    timer.set(None, bell)
    timer.pause(paused=True)
    timer.pause(paused=False)
    await asyncio.sleep(80_000)
    assert bell.rang == []


async def test_one_that_rang_does_not_ring_again_after_a_pause() -> None:
    bell, timer = Bell(), PausableTimer()
    timer.set(3, bell)
    await asyncio.sleep(5)
    timer.pause(paused=True)
    timer.pause(paused=False)
    await asyncio.sleep(5)
    assert bell.rang == [3]


async def test_it_can_be_set_again_by_its_own_callback() -> None:
    bell, timer = Bell(), PausableTimer()
    timer.set(3, lambda: timer.set(4, bell))
    await asyncio.sleep(10)
    assert bell.rang == [7]


async def test_pausing_a_timer_that_was_never_set_is_harmless() -> None:
    timer = PausableTimer()
    timer.pause(paused=True)
    timer.cancel()
    timer.pause(paused=False)
    await asyncio.sleep(1)
