"""``TokenSource``: where connection details come from, and how each kind of source is made."""

from __future__ import annotations

import abc
from typing import TYPE_CHECKING, Any, ClassVar, Final, overload

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from session_fsm.tokens.api_key import ApiKeyTokenSource
    from session_fsm.tokens.cached import CachedTokenSource, TokenStore, Validator
    from session_fsm.tokens.custom import CustomTokenSource, DetailsFor
    from session_fsm.tokens.details import ConnectionDetails, TokenOptions
    from session_fsm.tokens.development import DevelopmentTokenSource
    from session_fsm.tokens.endpoint import EndpointTokenSource
    from session_fsm.tokens.literal import LiteralDetails, LiteralTokenSource
    from session_fsm.tokens.loopback import LoopbackTokenSource

DEVELOPMENT_SERVER: Final = "https://cloud-api.livekit.io"
"""Where LiveKit Cloud's development token servers answer (client-sdk-js TokenSource.ts)."""

DEFAULT_TTL: Final = 900.0
"""Seconds a token is valid that is made here; it matters only until the room is joined."""


class _ApiKeyConstructor:
    """``TokenSource.api_key(...)`` and ``TokenSource.api_key.from_env()``."""

    def __call__(
        self, url: str, api_key: str, api_secret: str, *, ttl: float | timedelta = DEFAULT_TTL
    ) -> ApiKeyTokenSource:
        """Make tokens here, from an API key: for scripts and tests, never in what you ship.

        Args:
            url: The server, e.g. ``wss://example.livekit.cloud``.
            api_key: The key.
            api_secret: Its secret; never shown.
            ttl: How long a token is valid, in seconds or as a timedelta.

        Raises:
            TypeError: An argument has a wrong type.
            ValueError: The URL cannot be used, a text is empty, or ``ttl`` is not above 0.
        """
        from session_fsm.tokens.api_key import ApiKeyTokenSource  # noqa: PLC0415

        return ApiKeyTokenSource(url, api_key, api_secret, ttl=ttl)

    def from_env(self, *, ttl: float | timedelta = DEFAULT_TTL) -> ApiKeyTokenSource:
        """Read LIVEKIT_URL, LIVEKIT_API_KEY and LIVEKIT_API_SECRET, now.

        Raises:
            ValueError: One of them is not set; the message names it.
        """
        from session_fsm.tokens.api_key import ApiKeyTokenSource  # noqa: PLC0415

        return ApiKeyTokenSource.from_env(ttl=ttl)


class TokenSource(abc.ABC):
    """Where a session gets the server's URL and its token from.

    Make one with a static method, or write a subclass with a ``fetch`` of its own. The repr of a
    source shows no secret.
    """

    @abc.abstractmethod
    async def fetch(
        self, options: TokenOptions | None = None, *, force: bool = False
    ) -> ConnectionDetails:
        """Return connection details.

        Args:
            options: What the token should grant; None for no wishes.
            force: Do not answer with details that were kept from an earlier fetch.

        Raises:
            TokenError: No usable details could be had.
        """

    def cached(
        self, store: TokenStore | None = None, validator: Validator | None = None
    ) -> CachedTokenSource:
        """Return a source that keeps the last answer of this one while it is valid.

        Args:
            store: Where the answer is kept; None keeps it in memory.
            validator: Says whether a kept answer may be used: called with details and options,
                sync or async. It takes the place of the default, which reads the token:
                ``nbf <= now`` and ``exp - 60 s > now``.
        """
        from session_fsm.tokens.cached import CachedTokenSource  # noqa: PLC0415

        return CachedTokenSource(self, store, validator)

    @overload
    @staticmethod
    def literal(server_url: str, participant_token: str) -> LiteralTokenSource: ...
    @overload
    @staticmethod
    def literal(server_url: LiteralDetails) -> LiteralTokenSource: ...
    @staticmethod
    def literal(
        server_url: str | LiteralDetails, participant_token: str | None = None
    ) -> LiteralTokenSource:
        """Use a token that you have.

        Args:
            server_url: The server; or, as the only argument, a ConnectionDetails or a sync or async
                callable without arguments that gives one (or a dict) for every fetch.
            participant_token: The token.

        Raises:
            TypeError: An argument has a wrong type, or the token is missing.
            ValueError: An argument is empty.
        """
        from session_fsm.tokens.literal import LiteralTokenSource  # noqa: PLC0415

        return LiteralTokenSource.of(server_url, participant_token)

    @staticmethod
    def custom(callable_: DetailsFor, /) -> CustomTokenSource:
        """Ask a callable of yours.

        Args:
            callable_: Called with a TokenOptions; gives a ConnectionDetails or a dict in either
                spelling. A sync callable runs in a thread and is left alone on cancel.

        Raises:
            TypeError: It cannot be called.
        """
        from session_fsm.tokens.custom import CustomTokenSource  # noqa: PLC0415

        return CustomTokenSource(callable_)

    @staticmethod
    def endpoint(
        url: str,
        *,
        method: str = "POST",
        headers: Mapping[str, str] | None = None,
        timeout: float = 10.0,
    ) -> EndpointTokenSource:
        """Ask your token server.

        Args:
            url: Its http or https URL.
            method: The HTTP method; the request always has a JSON body.
            headers: More headers; they win over ``Content-Type: application/json``.
            timeout: Seconds in which the whole answer must be there.

        Raises:
            TypeError: An argument has a wrong type.
            ValueError: The URL, the method, a header or the timeout cannot be used.
        """
        from session_fsm.tokens.endpoint import EndpointTokenSource  # noqa: PLC0415

        return EndpointTokenSource(url, method=method, headers=headers, timeout=timeout)

    @staticmethod
    def development(
        token_server_id: str, *, base_url: str = DEVELOPMENT_SERVER
    ) -> DevelopmentTokenSource:
        """Ask a development token server of LiveKit Cloud: not for production.

        Args:
            token_server_id: Its id; white space around it is dropped.
            base_url: Where it answers.

        Raises:
            TypeError: An argument has a wrong type.
            ValueError: The id is empty, or the URL cannot be used.
        """
        from session_fsm.tokens.development import DevelopmentTokenSource  # noqa: PLC0415

        return DevelopmentTokenSource(token_server_id, base_url=base_url)

    @staticmethod
    def sandbox(
        token_server_id: str, *, base_url: str = DEVELOPMENT_SERVER
    ) -> DevelopmentTokenSource:
        """Old name of `development`; warns with a DeprecationWarning."""
        import warnings  # noqa: PLC0415

        warnings.warn(
            "TokenSource.sandbox() is now called TokenSource.development().",
            DeprecationWarning,
            stacklevel=2,
        )
        return TokenSource.development(token_server_id, base_url=base_url)

    api_key: ClassVar[_ApiKeyConstructor] = _ApiKeyConstructor()
    """Make tokens here: ``api_key(url, api_key, api_secret, *, ttl)``, ``api_key.from_env()``."""

    @staticmethod
    def from_env(*, ttl: float | timedelta = DEFAULT_TTL) -> ApiKeyTokenSource:
        """Make tokens here, from LIVEKIT_URL, LIVEKIT_API_KEY and LIVEKIT_API_SECRET.

        Raises:
            ValueError: One of them is not set; the message names it.
        """
        return TokenSource.api_key.from_env(ttl=ttl)

    @staticmethod
    def loopback(agent: Any = None, *, dispatch: bool = True) -> LoopbackTokenSource:
        """Talk to an agent in this process, without a server.

        Args:
            agent: The agent; None for the built-in one.
            dispatch: Whether the tokens dispatch it, as a token with ``roomConfig.agents`` does.
        """
        from session_fsm.tokens.loopback import LoopbackTokenSource  # noqa: PLC0415

        return LoopbackTokenSource(agent, dispatch=dispatch)
