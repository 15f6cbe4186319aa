"""``TokenApp``: a token endpoint in LiveKit's standard format."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import attrs

from session_fsm.asgi.access import Access
from session_fsm.asgi.application import Application
from session_fsm.asgi.problems import Refused
from session_fsm.asgi.protocol import Answer
from session_fsm.asgi.token_request import token_options
from session_fsm.asgi.web_limits import DEFAULT_WEB_LIMITS, WebLimits
from session_fsm.errors import TokenError
from session_fsm.tokens.source import TokenSource

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from session_fsm.asgi.application import Handler
    from session_fsm.asgi.protocol import Header, Request
    from session_fsm.tokens.details import ConnectionDetails, TokenOptions

PATIENCE: Final = 30.0
"""Seconds in which a source must answer, as a session has it by default."""


class TokenApp(Application):
    """Gives tokens to LiveKit's front ends, and to ``TokenSource.endpoint``.

    An ASGI application that answers ``POST``, on whatever path it is mounted at. Whoever may ask it
    gets a token for the room and under the identity that it asks for, as far as the source grants
    that: put your login before it, and decide in a ``TokenSource.custom``, which refuses with a
    PermissionError.

    Args:
        source: Where the tokens come from; nothing that it keeps is handed out a second time.
        origins: Origins besides its own whose pages may ask, e.g. ``"http://localhost:3000"``.
        hosts: The names under which pages reach it; those of loopback are known.
        limits: How much of a request is taken.

    Raises:
        TypeError: An argument is of the wrong type.
        ValueError: An origin or a host is none.
    """

    def __init__(
        self,
        source: TokenSource,
        *,
        origins: Iterable[str] = (),
        hosts: Iterable[str] = (),
        limits: WebLimits = DEFAULT_WEB_LIMITS,
    ) -> None:
        super().__init__(Access(origins, hosts))
        if not isinstance(source, TokenSource):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"source must be a TokenSource, not {type(source).__name__}.")
        if not isinstance(limits, WebLimits):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"limits must be a WebLimits, not {type(limits).__name__}.")
        self._source = source
        self._limits = limits
        self._asked = 0

    async def close(self) -> None:
        """Do nothing: no request outlives its answer."""

    def _routes(self, path: str) -> Mapping[str, Handler]:
        del path
        return {"POST": self._give}

    async def _give(self, request: Request, _: tuple[Header, ...]) -> Answer:
        options = token_options(await request.json(self._limits.request_size))
        if self._asked >= self._limits.commands:
            raise Refused(
                "too-many",
                f"{self._asked} tokens are being made (WebLimits.commands): come back later.",
                [(b"retry-after", b"1")],
            )
        self._asked += 1
        try:
            details = await self._fetched(options)
        finally:
            self._asked -= 1
        told = {name: value for name, value in attrs.asdict(details).items() if value is not None}
        return Answer(HTTPStatus.CREATED, told)

    async def _fetched(self, options: TokenOptions) -> ConnectionDetails:
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._source.fetch(options, force=True)
        except TokenError as error:
            if isinstance(error.__cause__, PermissionError):
                raise Refused("not-granted", "You may not have such a token.") from None
            raise
        except TimeoutError:
            raise TokenError(
                f"The token source did not answer within {PATIENCE:g} s.", kind="timeout"
            ) from None
