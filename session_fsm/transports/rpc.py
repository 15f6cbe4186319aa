"""The part of the port that remote calls go through, both ways."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias

import attrs

from session_fsm.errors import RpcError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    Answer: TypeAlias = Callable[["RpcCall"], Awaitable[str]]

CODES: Final[Mapping[int, str]] = {
    1400: "unsupported-method",
    1401: "recipient-not-found",
    1402: "request-payload-too-large",
    1403: "unsupported-server",
    1404: "unsupported-version",
    1500: "application-error",
    1501: "connection-timeout",
    1502: "response-timeout",
    1503: "recipient-disconnected",
    1504: "response-payload-too-large",
    1505: "send-failed",
}
"""LiveKit's code -> kind of ``RpcError``; any other code is the application's own."""

NUMBERS: Final[Mapping[str, int]] = {kind: code for code, kind in CODES.items()}


def rpc_error(kind: str, message: str) -> RpcError:
    """Return the error of this kind, with LiveKit's code for it."""
    return RpcError(message, kind=kind, code=NUMBERS[kind])


def rpc_error_of(code: int, message: str, data: str | None) -> RpcError:
    """Return the error that came over the wire; a code of no kind is an application's own."""
    kind = CODES.get(code, "application-error")
    return RpcError(message, kind=kind, code=code, data=data or "")


@attrs.frozen
class RpcCall:
    """A call that somebody in the room makes, as its handler gets it.

    Attributes:
        method: The name that was called.
        payload: What the caller handed over.
        caller: The caller's identity.
        timeout: Seconds in which the caller wants the answer; after them it has hung up.
    """

    method: str
    payload: str
    caller: str
    timeout: float

    def json(self) -> Any:
        """Return the payload decoded; None where it is empty.

        Raises:
            ValueError: It is no JSON.
        """
        return json.loads(self.payload) if self.payload else None


class RpcPort(Protocol):
    """The remote calls of one link."""

    async def call(
        self,
        to: str,
        method: str,
        payload: str,
        timeout: float,  # noqa: ASYNC109 - the peer's time
    ) -> str:
        """Call a participant's method, and return its answer. May be cancelled at any moment.

        Raises:
            RpcError: The call failed, in one of LiveKit's ways or in the peer's own.
        """
        ...

    def serve(self, method: str, answer: Answer) -> None:
        """Answer calls of this method, now or as soon as the room is joined, before it is told.

        ``answer`` raises ``RpcError`` and nothing else. It is cancelled when the caller has hung
        up and when the room is left.
        """
        ...

    def withdraw(self, method: str) -> None:
        """No longer answer calls of this method; nothing happens where none is served."""
        ...
