"""The SDK's only connect error, told apart by the words in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from session_fsm.errors import ConnectError
from session_fsm.redact import redact, redacted_cause

if TYPE_CHECKING:
    from collections.abc import Mapping

    from livekit import rtc

REFUSALS: Final = (
    (("401", "unauthorized", "403", "forbidden"), "unauthorized", "The server refused the token"),
    (("parse the url", "url scheme"), "bad-url", "The server URL cannot be used"),
    (
        ("refused", "timeout", "timed out", "dns", "unreachable", "io error", "tls", "connect"),
        "unreachable",
        "No LiveKit server answered",
    ),
)
"""Words in the SDK's only connect error -> kind, and what to say."""

ADVICE: Final[Mapping[str, str]] = {
    "unauthorized": "Check that the API key belongs to this server and that the clocks agree.",
    "bad-url": "It must look like 'wss://example.livekit.cloud'.",
    "unreachable": "Check the URL, that the server runs, and the network.",
    "refused": "The server's log says more.",
}


def refusal(error: rtc.ConnectError, server_url: str) -> ConnectError:
    """Return what is raised instead of the SDK's error, which quotes the token."""
    text = redact(str(error))
    said = text.lower()
    kind, what = next(
        ((kind, what) for words, kind, what in REFUSALS if any(word in said for word in words)),
        ("refused", "The server refused the connection"),
    )
    failure = ConnectError(
        f"{what} ({redact(server_url)}): {text[:200]}. {ADVICE[kind]}", kind=kind
    )
    failure.__cause__ = redacted_cause(error)
    return failure
