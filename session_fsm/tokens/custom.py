"""A callable of the user's own as a token source."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeAlias

from session_fsm.tokens.callback import ask, name_of
from session_fsm.tokens.details import Answer, TokenOptions, checked_options
from session_fsm.tokens.source import TokenSource

if TYPE_CHECKING:
    from session_fsm.tokens.details import ConnectionDetails

DetailsFor: TypeAlias = Callable[[TokenOptions], Answer | Awaitable[Answer]]
"""A callable that gives details for options, sync or async."""


class CustomTokenSource(TokenSource):
    """Asks a callable for every fetch; nothing is kept, so ``force`` changes nothing."""

    def __init__(self, callable_: DetailsFor) -> None:
        if not callable(callable_):
            raise TypeError(
                "TokenSource.custom needs a callable that takes a TokenOptions, "
                f"not a {type(callable_).__name__}."
            )
        self._callable = callable_

    async def fetch(
        self, options: TokenOptions | None = None, *, force: bool = False
    ) -> ConnectionDetails:
        """Ask the callable; see `TokenSource.fetch`."""
        del force
        return await ask(self._callable, checked_options(options))

    def __repr__(self) -> str:
        return f"TokenSource.custom({name_of(self._callable)})"
