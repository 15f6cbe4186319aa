"""What is answered where something is wrong: one shape for all of it, and the right status.

``{"error": {"type": …, "kind": …, "message": …}}``, as ``failure`` in a snapshot.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

from session_fsm.errors import (
    AgentTimeout,
    MediaError,
    SessionEnded,
    SessionError,
    SessionStateError,
    TokenError,
)
from session_fsm.redact import redact

if TYPE_CHECKING:
    from collections.abc import Iterable

    from session_fsm.asgi.protocol import Header

logger = logging.getLogger("session_fsm")

REFUSALS: Final[dict[str, int]] = {
    "bad-json": 400,
    "foreign-origin": 403,
    "not-granted": 403,
    "not-found": 404,
    "wrong-method": 405,
    "no-session": 409,
    "too-large": 413,
    "not-json": 415,
    "foreign-host": 421,
    "bad-request": 422,
    "too-many": 429,
    "broken": 500,
    "full": 503,
    "closed": 503,
}
"""Kind of a refusal -> its HTTP status."""

_STATUS: Final[tuple[tuple[type[Exception], int], ...]] = (
    (AgentTimeout, 504),
    (SessionStateError, 409),
    (SessionEnded, 409),
    (MediaError, 409),
)
"""Errors of a session -> HTTP status; all others are 502: what stands behind us failed."""


class Refused(Exception):  # noqa: N818 - pages are told the class
    """The application does not do what was asked for; the sentence says what to do instead.

    Attributes:
        kind: One of the words in ``REFUSALS``.
        headers: More headers of the answer.
    """

    def __init__(self, kind: str, message: str, headers: Iterable[Header] = ()) -> None:
        super().__init__(message)
        self.kind = kind
        self.headers = tuple(headers)

    @property
    def status(self) -> int:
        """The HTTP status."""
        return REFUSALS[self.kind]


def status_of(error: Exception) -> int:
    """Return the HTTP status that fits."""
    if isinstance(error, Refused):
        return error.status
    if isinstance(error, TokenError) and error.kind == "timeout":
        return 504
    if isinstance(error, SessionError):
        return next((status for kind, status in _STATUS if isinstance(error, kind)), 502)
    return 500


def problem(error: Exception) -> dict[str, Any]:
    """Return the error as pages are told; what is no error of ours is logged, and not quoted."""
    if not isinstance(error, Refused | SessionError):
        logger.error("a web page's request failed", exc_info=error)
        error = Refused("broken", "Something went wrong on the server. Its log says what.")
    told = {"type": type(error).__name__, "kind": error.kind, "message": redact(str(error))}
    return {"error": told}
