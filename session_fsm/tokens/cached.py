"""A source that keeps the last answer of another while it is valid."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import attrs

from session_fsm.errors import TokenError
from session_fsm.tokens.callback import name_of, raised_by
from session_fsm.tokens.details import ConnectionDetails, TokenOptions, checked_options
from session_fsm.tokens.jwt import is_valid
from session_fsm.tokens.source import TokenSource

if TYPE_CHECKING:
    from collections.abc import Hashable

Validator: TypeAlias = Callable[[ConnectionDetails, TokenOptions], bool | Awaitable[bool]]
"""Says whether kept details may be used for these options. Sync ones must not block."""


@attrs.frozen
class StoredToken:
    """What a store keeps: the options of a request, and its answer.

    Attributes:
        options: What was asked for.
        details: What came of it; its repr shows no token.
    """

    options: TokenOptions
    details: ConnectionDetails


class TokenStore(Protocol):
    """One place for one token. Each method may be sync (and must not block then) or async."""

    def get(self) -> StoredToken | Awaitable[StoredToken | None] | None:
        """Return what is kept, None if nothing is."""
        ...

    def set(self, token: StoredToken, /) -> Awaitable[None] | None:
        """Keep this in the place of what was kept."""
        ...

    def clear(self) -> Awaitable[None] | None:
        """Keep nothing."""
        ...


class MemoryStore:
    """Keeps the token as long as the object lives."""

    def __init__(self) -> None:
        self._token: StoredToken | None = None

    def get(self) -> StoredToken | None:
        """Return what is kept, None if nothing is."""
        return self._token

    def set(self, token: StoredToken, /) -> None:
        """Keep this in the place of what was kept."""
        self._token = token

    def clear(self) -> None:
        """Keep nothing."""
        self._token = None


@attrs.define(eq=False)
class _Request:
    """One question to the wrapped source, and how many wait for its answer."""

    task: asyncio.Task[ConnectionDetails]
    waiting: int = 0


class CachedTokenSource(TokenSource):
    """Answers with what it kept, if that was asked for with equal options and is valid.

    Concurrent fetches with equal options share one request. Cancelling one caller leaves the others
    their answer; cancelling the last cancels the request. A fetch with ``force=True`` never takes
    what was kept, and shares only a request that was itself forced and is still under way: its
    token has been handed to nobody yet. What was kept stays until a request has succeeded. Options
    that differ are asked for at the same time, and the last to answer is kept.

    Args:
        source: The source to ask.
        store: Where the last answer is kept; None keeps it in memory.
        validator: Says whether a kept answer may be used; None reads its token (`is_valid`).
        clock: Seconds since the epoch, for the default validator.
    """

    def __init__(
        self,
        source: TokenSource,
        store: TokenStore | None = None,
        validator: Validator | None = None,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        _check_arguments(source, store, validator)
        self._source = source
        self._store = MemoryStore() if store is None else store
        self._validator = validator
        self._clock = clock
        self._requests: dict[Hashable, _Request] = {}
        self._last: StoredToken | None = None

    async def fetch(
        self, options: TokenOptions | None = None, *, force: bool = False
    ) -> ConnectionDetails:
        """Return details, from the store where that is possible; see `TokenSource.fetch`.

        Raises:
            TokenError: Whatever the wrapped source raises; ``source-raised`` when the store or the
                validator raised.
        """
        options = checked_options(options)
        while not force:
            last = self._last
            details = await self._usable(options)
            if details is not None:
                return details
            if last is self._last:  # else one was kept while we looked: look again
                break
        return await self._shared(options, force=force)

    async def invalidate(self) -> None:
        """Forget what is kept. A request that is under way is not affected."""
        await _settled("The token store's clear()", self._store.clear)

    async def _usable(self, options: TokenOptions) -> ConnectionDetails | None:
        token = await _settled("The token store's get()", self._store.get)
        if token is None:
            return None
        if not isinstance(token, StoredToken):
            raise TokenError(
                f"The token store's get() returned {type(token).__name__}, not the StoredToken "
                "that was set, or None.",
                kind="bad-answer",
            )
        if token.options != options:
            return None
        if self._validator is None:
            valid = is_valid(token.details.participant_token, self._clock())
        else:
            valid = bool(
                await _settled("The validator", self._validator, token.details, token.options)
            )
        return token.details if valid else None

    async def _shared(self, options: TokenOptions, *, force: bool) -> ConnectionDetails:
        """Wait for the request that may be shared, or for a new one."""
        loop = asyncio.get_running_loop()  # a request cannot be awaited from another loop
        forced, key = (loop, options, True), (loop, options, force)
        if forced in self._requests:
            key = forced
        request = self._requests.get(key)
        if request is None:
            request = _Request(asyncio.create_task(self._ask(options, force=force)))
            self._requests[key] = request
            request.task.add_done_callback(lambda _: self._drop(key, request))
        request.waiting += 1
        try:
            await asyncio.wait({request.task})
        finally:
            request.waiting -= 1
            if not request.waiting and not request.task.done():
                self._drop(key, request)  # at once: nobody may join a request that is cancelled
                request.task.cancel()
                await asyncio.wait({request.task})
        return request.task.result()

    async def _ask(self, options: TokenOptions, *, force: bool) -> ConnectionDetails:
        details = await self._source.fetch(options, force=force)
        token = StoredToken(options, details)
        await _settled("The token store's set()", self._store.set, token)
        self._last = token
        return details

    def _drop(self, key: Hashable, request: _Request) -> None:
        if self._requests.get(key) is request:
            del self._requests[key]
        if request.task.done() and not request.task.cancelled():
            request.task.exception()  # seen, also when its last caller was cancelled just now

    def __repr__(self) -> str:
        store = (
            "" if isinstance(self._store, MemoryStore) else f"store={name_of(type(self._store))}"
        )
        return f"{self._source!r}.cached({store})"


def _check_arguments(source: object, store: object, validator: object) -> None:
    if not isinstance(source, TokenSource):
        raise TypeError(f"source must be a TokenSource, not {type(source).__name__}.")
    if store is not None:
        for name in ("get", "set", "clear"):
            if not callable(getattr(store, name, None)):
                raise TypeError(f"store must be a TokenStore; it has no {name}().")
    if validator is not None and not callable(validator):
        raise TypeError(
            "validator must be callable with ConnectionDetails and TokenOptions, "
            f"not a {type(validator).__name__}."
        )


async def _settled(who: str, callback: Callable[..., Any], *arguments: object) -> Any:
    """Call a sync or async function of the user's and return what it gives."""
    try:
        answer: object = callback(*arguments)
        if inspect.isawaitable(answer):
            pending: Awaitable[object] = answer
            return await pending
    except TokenError:
        raise
    except Exception as error:  # noqa: BLE001 - it is the user's code
        failure = raised_by(who, error)
    else:
        return answer
    raise failure
