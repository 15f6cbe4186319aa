"""Remote calls: those of the user, and the handlers for those of others."""

from __future__ import annotations

import asyncio
import inspect
import json
import logging
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

from session_fsm.arguments import checked_seconds, checked_text
from session_fsm.data.waiting import Life, is_linked, look_at
from session_fsm.errors import RpcError, SessionStateError
from session_fsm.roster import NO_DATA
from session_fsm.transports.rpc import RpcCall, rpc_error

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from session_fsm.snapshot import SessionSnapshot
    from session_fsm.transports.base import Link, Sink
    from stores import Store

    Payload: TypeAlias = str | dict[str, Any] | list[Any]
    Handler: TypeAlias = Callable[[RpcCall], Payload | Awaitable[Payload | None] | None]

F = TypeVar("F", bound="Handler")

NOT_SENT: Final = "The session ended before the call of {!r} left: nobody got it."
NOT_ANSWERED: Final = "The session ended before {!r} was answered; it may have been carried out."
NOT_REACHED: Final = "{} could not be called within {:g} seconds: {!r} was not sent."
SILENT: Final = "{!r} was not answered within {:g} seconds; it may have been carried out."
FAILED: Final = "Application error in method handler"
QUOTED: Final = 80
"""Characters of an answer that an error quotes."""

logger = logging.getLogger("session_fsm")


def encoded(what: str, payload: object) -> str:
    """Return what goes over the wire: a str as it is, a dict or list as JSON.

    Raises:
        TypeError: It is something else, or holds something that JSON has not.
        ValueError: It holds a number that JSON has not.
    """
    if isinstance(payload, str):
        return payload
    if isinstance(payload, dict | list):
        return json.dumps(payload, allow_nan=False, separators=(",", ":"))
    raise TypeError(f"{what} must be a str, dict or list, not {type(payload).__name__}.")


def decoded(method: str, answer: str) -> Any:
    """Return the answer to a call that was made with JSON; None for an empty one.

    Raises:
        ValueError: It is no JSON.
    """
    if not answer:
        return None
    try:
        return json.loads(answer)
    except ValueError:
        quoted = answer if len(answer) <= QUOTED else f"{answer[:QUOTED]}…"
    raise ValueError(
        f"The answer to {method!r} is not JSON: {quoted!r}. "
        "Call it with a str to get the answer as it is."
    )


class RpcMethods:
    """The handlers of a session, and its own calls. ``session.rpc`` is one."""

    def __init__(self, snapshots: Store[SessionSnapshot]) -> None:
        self._snapshots = snapshots
        self._handlers: dict[str, Handler] = {}
        self._running: set[asyncio.Task[str]] = set()
        self._enders: set[asyncio.Task[str]] = set()
        self._link: Link | None = None
        self._over: asyncio.Future[None] | None = None
        self._closed = False

    def __repr__(self) -> str:
        return f"<RPC methods: {', '.join(sorted(self._handlers)) or 'none'}>"

    # Handlers -----------------------------------------------------------------------------------

    def __call__(self, method: str) -> Callable[[F], F]:
        """Register a function as the handler of a method, for every run until ``close()``.

        It is called on the session's loop with an `RpcCall`, and returns a str, a dict or list
        (sent as JSON), or None (an empty answer); it may be a coroutine function. An `RpcError`
        that it raises is what the caller gets; of any other error the caller learns nothing but
        that there was one, and the log has it.

        Raises:
            TypeError: The method is no str, or the handler cannot be called.
            ValueError: The method is empty, or has a handler.
            SessionStateError: The session is closed.
        """
        checked_text("method", method)

        def register(handler: F) -> F:
            if not callable(handler):
                raise TypeError(f"A handler is callable, {type(handler).__name__} is not.")
            if self._closed:
                raise SessionStateError("The session was closed: make a new one.", kind="closed")
            if method in self._handlers:
                raise ValueError(f"{method!r} has a handler: take it back with rpc.remove().")
            self._handlers[method] = handler
            if self._link is not None:
                self._link.rpc.serve(method, self._answer)
            return handler

        return register

    def remove(self, method: str) -> None:
        """Take a handler back; calls that it works on go on.

        Raises:
            ValueError: The method has no handler.
        """
        if self._handlers.pop(method, None) is None:
            raise ValueError(f"{method!r} has no handler.")
        if self._link is not None:
            self._link.rpc.withdraw(method)

    async def _answer(self, call: RpcCall) -> str:
        """Answer a call, in a task that is the handler's own.

        Whoever awaits this may be cancelled by the very thing that the handler does, such as
        ending the session.
        """
        handler = self._handlers.get(call.method)
        if handler is None:
            raise rpc_error("unsupported-method", "Method not supported at destination")
        task = asyncio.get_running_loop().create_task(_handled(handler, call))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        task.add_done_callback(look_at)
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError:
            if task not in self._enders:
                task.cancel()
            raise
        if task.cancelled():
            raise rpc_error("recipient-disconnected", "Recipient disconnected")
        return task.result()

    # Calls --------------------------------------------------------------------------------------

    async def call(
        self,
        method: str,
        payload: Payload,
        to: str | None,
        timeout: float,  # noqa: ASYNC109 - the peer's time, too
    ) -> Any:
        """Make a call; see ``Session.call``."""
        text = encoded("payload", payload)
        life = Life(self._snapshots, timeout)

        def is_ready(now: SessionSnapshot) -> bool:
            return is_linked(now) and (to is not None or now.agent.is_connected)

        now = await life.ready(is_ready)
        if life.is_over(now) or self._link is None:
            raise self._ended("send-failed", NOT_SENT, method)
        if not now.local.permissions.can_publish_data:
            raise rpc_error("send-failed", NO_DATA)
        identity = now.agent.identity if to is None else to
        if identity is None or not is_ready(now):
            who = "The agent" if to is None else repr(to)
            raise rpc_error("connection-timeout", NOT_REACHED.format(who, timeout, method))
        answer = await self._made(identity, method, text, life, timeout)
        return answer if isinstance(payload, str) else decoded(method, answer)

    async def _made(
        self,
        to: str,
        method: str,
        text: str,
        life: Life,
        timeout: float,  # noqa: ASYNC109 - for the error
    ) -> str:
        if self._link is None or self._over is None:
            raise AssertionError("calling without a link")
        work = asyncio.get_running_loop().create_task(
            self._link.rpc.call(to, method, text, life.left)
        )
        work.add_done_callback(look_at)
        try:
            await life.any_of(work, self._over)
            if work.done():
                return work.result()
        finally:
            work.cancel()
        if life.is_over(self._snapshots.value):
            raise self._ended("recipient-disconnected", NOT_ANSWERED, method)
        raise rpc_error("response-timeout", SILENT.format(method, timeout))

    def _ended(self, kind: str, text: str, method: str) -> RpcError:
        error = rpc_error(kind, text.format(method))
        error.__cause__ = self._snapshots.value.failure
        return error

    # The run ------------------------------------------------------------------------------------

    def attach(self, link: Link, tell: Sink) -> None:
        """Serve every method that has a handler."""
        del tell
        self._link = link
        self._over = asyncio.get_running_loop().create_future()
        for method in self._handlers:
            link.rpc.serve(method, self._answer)

    def detach(self) -> None:
        """Cancel what still runs, but for the handler that is ending the session by this call."""
        self._link = None
        if self._over is not None and not self._over.done():
            self._over.set_result(None)
        current = asyncio.current_task()
        for task in list(self._running):
            if task is current:
                self._enders.add(task)
                task.add_done_callback(self._enders.discard)
            else:
                task.cancel()

    def close(self) -> None:
        """Forget all handlers."""
        self._closed = True
        self._handlers.clear()


async def _handled(handler: Handler, call: RpcCall) -> str:
    try:
        result = handler(call)
        if inspect.isawaitable(result):
            result = await result
        return "" if result is None else encoded("The answer", result)
    except RpcError:
        raise
    except Exception:
        logger.exception("the handler of the RPC method %r failed", call.method)
    raise rpc_error("application-error", FAILED)


def checked_call(method: object, to: object, timeout: object) -> None:
    """Check what a call is made with.

    Raises:
        TypeError: One of them is of the wrong type.
        ValueError: One of them is empty, or not above 0.
    """
    checked_text("method", method)
    if to is not None:
        checked_text("to", to)
    checked_seconds("timeout", timeout)
