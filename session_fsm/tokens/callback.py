"""Calls what users hand in: sync or async, on the loop or in a thread, and maps what it raises."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import inspect
import threading
from concurrent.futures import Executor, Future
from typing import TYPE_CHECKING, Any

from session_fsm.errors import TokenError
from session_fsm.redact import redacted_cause
from session_fsm.tokens.details import details_from

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from session_fsm.tokens.details import ConnectionDetails


class _Abandonable(Executor):
    """One daemon thread per call: a call that never returns holds up neither loop nor exit.

    The loop's own executor is waited for when the loop and the interpreter end.
    """

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_running_or_notify_cancel()  # from here on cancel() leaves it alone

        def run() -> None:
            try:
                future.set_result(fn(*args, **kwargs))
            except BaseException as error:  # noqa: BLE001 - belongs to whoever waits
                future.set_exception(error)

        threading.Thread(target=run, name="session-fsm-token", daemon=True).start()
        return future


async def ask(
    callback: Callable[..., object], *arguments: object, who: str = "The token source"
) -> ConnectionDetails:
    """Call a user's function and read connection details from what it gives.

    A coroutine function runs on the loop. Anything else runs in a thread, so that it may block;
    when the caller is cancelled the thread is left alone and its result dropped. What the thread
    returns is awaited on the loop where that is possible (a lambda around a coroutine function).

    Raises:
        TokenError: ``bad-answer``: it gave something else. ``source-raised``: it raised, and that
            is the cause. A TokenError of its own comes out as it is.
    """
    try:
        if _is_async(callback):
            answer = await _awaited(callback(*arguments))
        else:
            answer = await _awaited(await _in_thread(callback, *arguments))
    except TokenError:
        raise
    except Exception as error:  # noqa: BLE001 - it is the user's code
        failure = raised_by(who, error)
    else:
        return details_from(answer, who)
    raise failure


def name_of(callback: Callable[..., object]) -> str:
    """Return the callable's name; its own repr could show what it is bound to."""
    return getattr(callback, "__qualname__", type(callback).__qualname__)


def raised_by(who: str, error: Exception) -> TokenError:
    """Return the TokenError for an exception of the user's own code, chained to it."""
    failure = TokenError(
        f"{who} raised {type(error).__name__}; see the cause.", kind="source-raised"
    )
    failure.__cause__ = redacted_cause(error)
    return failure


def _is_async(callback: Callable[..., object]) -> bool:
    plain = callback
    while isinstance(plain, functools.partial):
        plain = plain.func
    return inspect.iscoroutinefunction(plain) or inspect.iscoroutinefunction(
        getattr(plain, "__call__", None)  # noqa: B004 - an object whose __call__ is async
    )


async def _awaited(answer: object) -> object:
    if inspect.isawaitable(answer):
        pending: Awaitable[object] = answer
        return await pending
    return answer


async def _in_thread(callback: Callable[..., object], *arguments: object) -> object:
    """Run the callback in a thread of its own.

    Outcomes travel as values: a StopIteration cannot be set on an asyncio future.
    """
    context = contextvars.copy_context()
    left = threading.Event()

    def outcome() -> tuple[object, Exception | None]:
        try:
            answer = context.run(callback, *arguments)
        except Exception as error:  # noqa: BLE001 - raised again where it is awaited
            return None, error
        if left.is_set() and inspect.iscoroutine(answer):
            answer.close()  # nobody will await it
        return answer, None

    try:
        answer, error = await asyncio.get_running_loop().run_in_executor(_Abandonable(), outcome)
    except asyncio.CancelledError:
        left.set()
        raise
    if error is not None:
        raise error
    return answer
