"""Ctrl+c, or a terminal that is closed: the first ends the session, the second the process."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, TypeVar

from session_fsm.cli import terminal
from session_fsm.cli.exit_codes import ExitCode, InterruptedBySignalError

if TYPE_CHECKING:
    from collections.abc import Coroutine, Generator

T = TypeVar("T")

SIGNALS: Final[dict[int, ExitCode]] = {
    signal.SIGINT: ExitCode.INTERRUPTED,
    signal.SIGTERM: ExitCode.TERMINATED,
}
if hasattr(signal, "SIGHUP"):  # not on Windows
    SIGNALS[signal.SIGHUP] = ExitCode.HUNG_UP
PATIENCE: Final = 1.0
"""Seconds until it is said why nothing seems to happen."""


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run it on an event loop of its own until it is done, or a signal cancels it.

    Raises:
        InterruptedBySignalError: A signal came, and the work has ended.
    """
    return asyncio.run(_watched(work))


async def _watched(work: Coroutine[Any, Any, T]) -> T:
    loop = asyncio.get_running_loop()
    task = loop.create_task(work)
    caught: list[ExitCode] = []

    def cancel() -> None:
        task.cancel()
        loop.call_later(PATIENCE, terminal.status, "ending the session; ctrl+c ends at once")

    def interrupted(number: int, _frame: object) -> None:
        code = SIGNALS[number]
        if caught:
            os._exit(code)
        caught.append(code)
        loop.call_soon_threadsafe(cancel)

    with _handling(interrupted):
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError:
            task.cancel()
            raise
        if caught:
            if not task.cancelled():
                task.exception()  # looked at: what came of it in the end does not matter
            raise InterruptedBySignalError(caught[0])
    return task.result()


@contextmanager
def _handling(handler: Any) -> Generator[None]:
    """Handle the signals, where this is possible: in the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, handler) for number in SIGNALS}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)
