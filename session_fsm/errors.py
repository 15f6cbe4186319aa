"""The exceptions of a session, and the one table of their kinds.

A failure is data first (``session.failure``) and an exception only for whoever awaited. Every
``SessionError`` has a ``kind`` from ``KINDS``, a sentence that says what happened and what to do,
and ``__cause__`` where something else raised. No message ever holds a token or a key.

``raise SomeError(...) from cause`` keeps the cause; causes that quote secrets are redacted first
(see `session_fsm.redact`).
"""

from __future__ import annotations

from typing import Final

KINDS: Final[dict[str, dict[str, str]]] = {
    "TokenError": {
        "timeout": "the token source did not answer in time",
        "unreachable": "the token endpoint could not be reached",
        "status": "the token endpoint answered with a status other than 2xx",
        "bad-answer": "the answer is not JSON, lacks a field, or has one of a wrong type",
        "bad-token": "the token is not a LiveKit access token (no JWT, or no room to join)",
        "expired": "the token is not valid now (expired, or not valid yet)",
        "source-raised": "your own token source raised; its exception is the cause",
    },
    "ConnectError": {
        "bad-url": "the server URL cannot be used (no host, or a scheme that no transport knows)",
        "unreachable": "no server answered at the URL",
        "unauthorized": "the server refused the token",
        "refused": "the server refused the connection for another reason",
        "room-deleted": "the room was deleted while the session was connecting",
        "link-lost": "the link to the server was lost and could not be restored",
        "removed": "an administrator removed this participant from the room",
        "duplicate-identity": "another client joined the room with the same identity",
        "server-shutdown": "the server is shutting down",
    },
    "AgentError": {
        "not-joined": "no agent joined the room in time",
        "not-ready": "an agent joined the room but was not ready in time",
        "left": "the agent left without a goodbye and did not come back in time",
        "stale": "the token leads into the room of an earlier run, whose agent is deaf by now",
    },
    "MediaError": {
        "permission-denied": "the system does not allow the use of the device",
        "not-found": "there is no such device",
        "in-use": "another program uses the device",
        "other": "the device failed for another reason",
    },
    "EncryptionError": {
        "key-mismatch": "the agent cannot read what is sent: the keys differ, or it has none",
    },
    "SendError": {
        "run-ended": "the session ended before the text was sent",
        "unanswered": "the agent did not answer the probe, so the text would have been lost",
        "unconfirmed": "the link was lost while the text was on its way",
        "transport": "the transport refused to send the text",
    },
    "SessionEnded": {
        "ended": "the user ended the session",
        "hung-up": "the agent left the room on purpose",
        "room-deleted": "the room was deleted",
    },
    "SessionStateError": {
        "not-running": "the call needs a running session",
        "closed": "the session was closed",
        "wrong-loop": "the session belongs to another event loop",
    },
}
"""Error class -> kind -> what it means. Subclasses share the row of their base."""


class SessionError(Exception):
    """Base of everything that `session_fsm` raises on purpose.

    Attributes:
        kind: One of the words in ``KINDS``, for programs; the message is for people.
    """

    def __init__(self, message: str, *, kind: str) -> None:
        super().__init__(message)
        self.kind = kind

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r}, kind={self.kind!r})"

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), str(self), self.kind)


def _rebuild(cls: type[SessionError], message: str, kind: str) -> SessionError:
    return cls(message, kind=kind)


class TokenError(SessionError):
    """No usable connection details could be had from the token source."""


class ConnectError(SessionError):
    """The room could not be joined, or the link to it was lost for good."""


class AgentError(SessionError):
    """The agent did not do its part. The session has ended."""


class AgentTimeout(AgentError):
    """No agent was ready within ``agent_timeout`` seconds."""


class AgentLeft(AgentError):
    """The agent was there and is gone, without a goodbye."""


class StaleAgent(AgentError):
    """The room is that of an earlier run; its agent listens to nobody any more."""


class MediaError(SessionError):
    """A microphone, camera or screen could not be used. Never ends a session."""


class EncryptionError(SessionError):
    """Encryption was asked for and does not hold. The session never falls back to plain."""


class SendError(SessionError):
    """A text did not reach the agent, or may not have."""


class SessionEnded(SessionError):
    """The session ended without a failure before the awaited thing happened."""


class SessionStateError(SessionError):
    """The method was called at a time when it cannot work."""
