"""Cancel a coroutine at every moment at which it can be cancelled."""

from __future__ import annotations

import asyncio
from itertools import count
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, TypeVar, cast

from session_fsm.testing.virtual_time import run_virtual

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Generator

T = TypeVar("T")
Moment: TypeAlias = Literal["waiting", "waking", "turn"]
MOMENTS: Final[tuple[Moment, ...]] = ("waiting", "waking", "turn")


def cancel_everywhere(
    setup: Callable[[], Awaitable[T]],
    call: Callable[[T], Coroutine[Any, Any, object]],
    check: Callable[[T], Awaitable[object]],
    *,
    run: Callable[[Coroutine[Any, Any, bool]], bool] = run_virtual,
) -> int:
    """Cancel ``call`` at each of its moments, in a world of its own each time.

    At every await it is cancelled while it waits, and when what it waits for has just come; and it
    is cancelled after every turn of the event loop, whatever else happens in that turn. After that
    ``check`` must find everything in order, and no task may be left.

    Args:
        setup: Makes what is called.
        call: Returns the coroutine that is cancelled.
        check: Looks at what is left, uses it again, and puts it away.
        run: Runs one such world; in virtual time by default.

    Returns:
        How many times the coroutine was cancelled.

    Raises:
        AssertionError: A cancellation was swallowed, or a task was left.
    """
    cancelled = 0
    for moment in MOMENTS:
        for place in count():
            if not run(_world(setup, call, check, place, moment)):
                break
            cancelled += 1
    return cancelled


async def _world(
    setup: Callable[[], Awaitable[T]],
    call: Callable[[T], Coroutine[Any, Any, object]],
    check: Callable[[T], Awaitable[object]],
    place: int,
    moment: Moment,
) -> bool:
    subject = await setup()
    attempt = _AtTurn if moment == "turn" else _AtAwait
    cancelling = attempt(call(subject), place, moment)
    task = asyncio.ensure_future(cancelling.run())
    await asyncio.wait({task})
    if not cancelling.hit:
        task.result()
        return False
    where = f"cancelled at {moment} {place}"
    if not task.cancelled():
        raise AssertionError(f"{where}, and went on") from task.exception()
    await check(subject)
    left = asyncio.all_tasks() - {asyncio.current_task()}
    if left:
        raise AssertionError(f"{where}, which left {left}")
    return True


class _AtTurn:
    """Runs a coroutine, and cancels it after the n-th turn of the loop."""

    def __init__(self, coroutine: Coroutine[Any, Any, object], place: int, _: Moment) -> None:
        self._coroutine = coroutine
        self._left = place
        self.hit = False

    async def run(self) -> object:
        loop: Any = asyncio.get_running_loop()
        turn = loop._run_once  # noqa: SLF001 - the one place that every turn passes
        task = asyncio.current_task()

        def counted() -> None:
            turn()
            if self._left == 0 and task is not None and not task.done():
                self.hit = task.cancel()
            self._left -= 1

        loop._run_once = counted  # noqa: SLF001
        try:
            return await self._coroutine
        finally:
            loop._run_once = turn  # noqa: SLF001


class _AtAwait:
    """Runs a coroutine, and cancels it at the n-th moment at which it gives up control."""

    def __init__(self, coroutine: Coroutine[Any, Any, object], place: int, moment: Moment) -> None:
        self._coroutine = coroutine
        self._left = place
        self._moment = moment
        self.hit = False

    async def run(self) -> object:
        return await self

    def __await__(self) -> Generator[Any, Any, object]:
        steps = self._coroutine.__await__()
        resume: Callable[[], Any] = lambda: next(steps)  # noqa: E731 - replaced in the loop
        while True:
            try:
                waits_for = resume()
            except StopIteration as done:
                return done.value
            self._arm(waits_for)
            try:
                yield waits_for
            except BaseException as error:  # noqa: BLE001 - handed on to the coroutine
                raised = error
                resume = lambda: steps.throw(raised)  # noqa: B023, E731
            else:
                resume = lambda: next(steps)  # noqa: E731

    def _arm(self, waits_for: object) -> None:
        task = asyncio.current_task()
        if self.hit or task is None:
            return
        if self._left > 0:
            self._left -= 1
            return
        self.hit = True
        if self._moment == "waking" and isinstance(waits_for, asyncio.Future):
            future = cast("asyncio.Future[object]", waits_for)
            future.add_done_callback(lambda _: task.cancel())
        else:
            task.cancel()
