"""Tokens that are made here, from an API key and its secret."""

from __future__ import annotations

import asyncio
import os
import warnings
from datetime import timedelta
from importlib import import_module
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from session_fsm.arguments import checked_seconds, checked_text
from session_fsm.redact import HIDDEN, public_url
from session_fsm.tokens.address import checked_url
from session_fsm.tokens.details import ConnectionDetails, checked_options
from session_fsm.tokens.request import agent_fields
from session_fsm.tokens.source import DEFAULT_TTL, TokenSource

if TYPE_CHECKING:
    from session_fsm.tokens.details import TokenOptions

_VARIABLES: Final = ("LIVEKIT_URL", "LIVEKIT_API_KEY", "LIVEKIT_API_SECRET")


class ApiKeyTokenSource(TokenSource):
    """Makes a token for every fetch, so ``force`` changes nothing.

    Room name and identity are new for every fetch unless the options give them: agents are
    dispatched only when a room is created.
    """

    def __init__(
        self, url: str, api_key: str, api_secret: str, *, ttl: float | timedelta = DEFAULT_TTL
    ) -> None:
        self._url = checked_url("url", url, ("http", "https", "ws", "wss"))
        self._api_key = checked_text("api_key", api_key)
        self._api_secret = checked_text("api_secret", api_secret)
        seconds = ttl.total_seconds() if isinstance(ttl, timedelta) else ttl
        self._ttl = timedelta(seconds=checked_seconds("ttl", seconds))

    @staticmethod
    def from_env(*, ttl: float | timedelta = DEFAULT_TTL) -> ApiKeyTokenSource:
        """Read LIVEKIT_URL, LIVEKIT_API_KEY and LIVEKIT_API_SECRET, now.

        Raises:
            ValueError: One of them is not set; the message names it.
        """
        missing = [name for name in _VARIABLES if not os.environ.get(name, "").strip()]
        if missing:
            raise ValueError(
                f"Not set in the environment: {', '.join(missing)}. Set it, or use "
                "TokenSource.api_key(url, api_key, api_secret)."
            )
        url, api_key, api_secret = (os.environ[name].strip() for name in _VARIABLES)
        return ApiKeyTokenSource(url, api_key, api_secret, ttl=ttl)

    async def fetch(
        self, options: TokenOptions | None = None, *, force: bool = False
    ) -> ConnectionDetails:
        """Make a token; see `TokenSource.fetch`."""
        del force
        options = checked_options(options)
        # It takes most of a second the first time, which the loop must not stand still for.
        await asyncio.to_thread(import_module, "livekit.api")
        room = options.room_name or new_name("room")
        return ConnectionDetails(
            self._url, self._token(room, options), room, options.participant_name
        )

    def _token(self, room: str, options: TokenOptions) -> str:
        from livekit import api  # noqa: PLC0415 - importing the package must stay cheap

        token = (
            api.AccessToken(self._api_key, self._api_secret)
            .with_identity(options.participant_identity or new_name("user"))
            .with_grants(api.VideoGrants(room_join=True, room=room, can_update_own_metadata=True))
            .with_ttl(self._ttl)
        )
        if options.participant_name is not None:
            token = token.with_name(options.participant_name)
        if options.participant_metadata is not None:
            token = token.with_metadata(options.participant_metadata)
        if options.participant_attributes:
            token = token.with_attributes(dict(options.participant_attributes))
        if agent_fields(options):
            dispatch = api.RoomAgentDispatch(
                agent_name=options.agent_name, metadata=options.agent_metadata
            )
            if options.agent_deployment is not None:
                dispatch.deployment = options.agent_deployment  # older protocols refuse it
            token = token.with_room_config(api.RoomConfiguration(agents=[dispatch]))
        with warnings.catch_warnings():
            # the server chose its secret; "secret" is that of livekit-server --dev
            warnings.filterwarnings("ignore", message="The HMAC key is")
            return token.to_jwt()

    def __repr__(self) -> str:
        return f"TokenSource.api_key({public_url(self._url)!r}, {self._api_key!r}, {HIDDEN})"


def new_name(prefix: str) -> str:
    """Return a name that nobody has used."""
    return f"{prefix}-{uuid4().hex[:12]}"
