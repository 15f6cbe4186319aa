"""LiveKit Cloud's development token servers."""

from __future__ import annotations

from session_fsm.arguments import checked_text
from session_fsm.redact import HIDDEN
from session_fsm.tokens.address import checked_url
from session_fsm.tokens.endpoint import EndpointTokenSource
from session_fsm.tokens.source import DEVELOPMENT_SERVER


class DevelopmentTokenSource(EndpointTokenSource):
    """Asks a development token server: anybody who knows its id gets tokens.

    The path and the header are the same in all of LiveKit's SDKs (client-sdk-js
    token-source/TokenSource.ts: ``/api/v2/sandbox/connection-details``, ``X-Sandbox-ID``).
    """

    def __init__(self, token_server_id: str, *, base_url: str = DEVELOPMENT_SERVER) -> None:
        server_id = checked_text("token_server_id", token_server_id).strip()
        if not server_id.isascii() or not server_id.isprintable() or " " in server_id:
            raise ValueError(
                "token_server_id holds white space or characters that no id has; copy it from the "
                "settings of your project in LiveKit Cloud."
            )
        base = checked_url("base_url", base_url, ("http", "https")).rstrip("/")
        super().__init__(
            f"{base}/api/v2/sandbox/connection-details", headers={"X-Sandbox-ID": server_id}
        )
        self._base = base

    def __repr__(self) -> str:
        base = f", base_url={self._base!r}" if self._base != DEVELOPMENT_SERVER else ""
        return f"TokenSource.development({HIDDEN}{base})"
