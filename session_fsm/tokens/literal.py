"""A token that the user has, or has a callable for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeAlias, cast

from session_fsm.tokens.callback import ask, name_of
from session_fsm.tokens.details import Answer, ConnectionDetails
from session_fsm.tokens.source import TokenSource

if TYPE_CHECKING:
    from session_fsm.tokens.details import TokenOptions

LiteralDetails: TypeAlias = ConnectionDetails | Callable[[], Answer | Awaitable[Answer]]
"""Details, or a callable without arguments that gives them."""


class LiteralTokenSource(TokenSource):
    """Answers every fetch with the same details, or with what a callable gives.

    It cannot honour options; ``force`` changes nothing, because nothing is kept here.
    """

    def __init__(self, details: LiteralDetails) -> None:
        if not isinstance(details, ConnectionDetails) and not callable(details):
            raise TypeError(
                "TokenSource.literal needs a server_url and a participant_token, a "
                f"ConnectionDetails, or a callable; it got a {type(details).__name__} alone."
            )
        self._details = details

    @classmethod
    def of(
        cls, server_url: str | LiteralDetails, participant_token: str | None
    ) -> LiteralTokenSource:
        """Make the source from what ``TokenSource.literal`` was given.

        Raises:
            TypeError: A wrong type, a URL alone, or a token beside a callable.
            ValueError: An empty text.
        """
        if participant_token is None:
            return cls(cast("LiteralDetails", server_url))
        return cls(ConnectionDetails(cast("str", server_url), participant_token))

    async def fetch(
        self, options: TokenOptions | None = None, *, force: bool = False
    ) -> ConnectionDetails:
        """Return the details; see `TokenSource.fetch`."""
        del options, force
        if isinstance(self._details, ConnectionDetails):
            return self._details
        return await ask(self._details)

    def __repr__(self) -> str:
        if isinstance(self._details, ConnectionDetails):
            return f"TokenSource.literal({self._details!r})"
        return f"TokenSource.literal({name_of(self._details)})"
