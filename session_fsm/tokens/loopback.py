"""Tokens for an agent in this process: they look like a server's and open nothing."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from session_fsm.tokens.api_key import new_name
from session_fsm.tokens.details import ConnectionDetails, checked_options
from session_fsm.tokens.source import DEFAULT_TTL, TokenSource

if TYPE_CHECKING:
    from session_fsm.tokens.details import TokenOptions

_KEY: Final = b"loopback tokens protect nothing!"


class LoopbackTokenSource(TokenSource):
    """Makes a token for every fetch, with the claims of a LiveKit token.

    Room name and identity are new for every fetch unless the options give them. The token
    dispatches the agent, under the name of the options, else its own ``name``, else none.
    """

    def __init__(self, agent: Any = None, *, dispatch: bool = True) -> None:
        if not isinstance(dispatch, bool):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"dispatch must be a bool, not {type(dispatch).__name__}.")
        transport = import_module("session_fsm.transports.loopback")
        self._url: str = transport.register(agent)
        self._dispatch = dispatch
        name: object = getattr(agent, "name", None)
        self._agent_name = name if isinstance(name, str) else ""

    async def fetch(
        self, options: TokenOptions | None = None, *, force: bool = False
    ) -> ConnectionDetails:
        """Make a token; see `TokenSource.fetch`."""
        del force
        options = checked_options(options)
        room = options.room_name or new_name("room")
        token = _signed(self._claims(room, options))
        return ConnectionDetails(self._url, token, room, options.participant_name)

    def _claims(self, room: str, options: TokenOptions) -> dict[str, Any]:
        now = int(time.time())
        claims: dict[str, Any] = {
            "iss": "loopback",
            "sub": options.participant_identity or new_name("user"),
            "nbf": now,
            "exp": now + int(DEFAULT_TTL),
            "name": options.participant_name or "",
            "metadata": options.participant_metadata or "",
            "attributes": dict(options.participant_attributes),
            "video": {"roomJoin": True, "room": room},
        }
        if self._dispatch:
            claims["roomConfig"] = {"agents": [self._agent(options)]}
        return claims

    def _agent(self, options: TokenOptions) -> dict[str, str]:
        agent = {
            "agentName": options.agent_name or self._agent_name,
            "metadata": options.agent_metadata or "",
        }
        if options.agent_deployment is not None:
            agent["deployment"] = options.agent_deployment
        return agent

    def __repr__(self) -> str:
        return f"TokenSource.loopback() at {self._url!r}"


def _signed(claims: dict[str, Any]) -> str:
    """Return the claims as a JWT under HS256 with a key that everybody knows."""
    body = f"{_base64({'alg': 'HS256', 'typ': 'JWT'})}.{_base64(claims)}"
    signature = hmac.new(_KEY, body.encode(), hashlib.sha256).digest()
    return f"{body}.{_encoded(signature)}"


def _base64(value: dict[str, Any]) -> str:
    return _encoded(json.dumps(value, separators=(",", ":")).encode())


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
