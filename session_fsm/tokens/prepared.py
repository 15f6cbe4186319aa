"""The token of the next start: asked for by ``prepare()``, or at need; used once."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from session_fsm.errors import SessionError, SessionStateError, TokenError
from session_fsm.tokens.callback import raised_by
from session_fsm.tokens.details import details_from
from session_fsm.tokens.jwt import check, is_valid
from session_fsm.tokens.source import TokenSource

if TYPE_CHECKING:
    from session_fsm.tokens.details import ConnectionDetails, TokenOptions


class PreparedToken:
    """Asks a token source, bounds it in time, and maps whatever it raises."""

    def __init__(self, source: TokenSource, options: TokenOptions, seconds: float) -> None:
        if not isinstance(source, TokenSource):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(
                f"token_source must be a TokenSource, not {type(source).__name__}: make one with "
                "TokenSource.literal(), .endpoint(), .custom() or another of its methods."
            )
        self._source = source
        self._options = options
        self._seconds = seconds
        self._prepared: asyncio.Task[ConnectionDetails] | None = None
        self._waiting = 0

    async def prepare(self, *, force: bool) -> None:
        """Have a valid token ready; joins the request that is under way."""
        if self._prepared is None or not self._is_usable(self._prepared):
            self._prepared = asyncio.create_task(self._fetch(force=force))
        await self._join(self._prepared)

    async def take(self, *, force: bool) -> ConnectionDetails:
        """Return the prepared token if there is one that is valid, else a new one."""
        prepared = self._prepared
        if prepared is None:
            return await self._fetch(force=force)
        if not prepared.done():
            await self._join(prepared)
        self._prepared = None
        if self._is_usable(prepared):
            return prepared.result()
        return await self._fetch(force=force)

    def cancel(self) -> None:
        """Drop what was prepared."""
        if self._prepared is not None:
            self._prepared.cancel()
            self._prepared = None

    @staticmethod
    def _is_usable(prepared: asyncio.Task[ConnectionDetails]) -> bool:
        if not prepared.done():
            return True
        if prepared.cancelled() or prepared.exception() is not None:
            return False
        return is_valid(prepared.result().participant_token, time.time())

    async def _join(self, prepared: asyncio.Task[ConnectionDetails]) -> None:
        """Wait for the request; the last one who waits takes it along when it is cancelled."""
        self._waiting += 1
        try:
            await asyncio.wait({prepared})
        finally:
            self._waiting -= 1
            if not prepared.done() and not self._waiting:
                self.cancel()
        if prepared.cancelled():
            raise SessionStateError(
                "The session was closed while it asked for a token.", kind="closed"
            )
        prepared.result()

    async def _fetch(self, *, force: bool) -> ConnectionDetails:
        limit = asyncio.timeout(self._seconds)
        try:
            async with limit:
                details: object = await self._source.fetch(self._options, force=force)
        except SessionError:
            raise
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            # Nobody cancelled this fetch: the source awaited something of its own that was.
            failure = TokenError(
                "The token source was cancelled from within, by something that it awaits.",
                kind="source-raised",
            )
        except Exception as error:  # noqa: BLE001 - a source is anybody's code
            failure = self._too_late() if limit.expired() else raised_by("The token source", error)
        else:
            found = details_from(details, "The token source")
            check(found)
            return found
        raise failure

    def _too_late(self) -> TokenError:
        return TokenError(
            f"The token source did not answer within {self._seconds:g} seconds. Check it, or allow "
            "more with token_timeout=.",
            kind="timeout",
        )
