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
        "key-mismatch": "a participant cannot be understood: the keys differ, or it has none",
        "peer-plain": "a participant does not encrypt what it sends",
        "no-key": "your key provider raised, or did not answer in time",
        "not-configured": "the session was made without encryption=",
        "not-possible": "the transport could not turn encryption on or off",
    },
    "SendError": {
        "run-ended": "the session ended before the text was sent",
        "unanswered": "the agent did not answer the probe, so the text would have been lost",
        "unconfirmed": "the text left, and nobody can tell whether the agent has it",
        "taken-back": "send() was cancelled before the agent had the text",
        "permission": "the token does not allow to send texts",
        "transport": "the transport refused to send the text",
    },
    "StreamError": {
        "broken-off": "the stream ended before it was complete",
        "cancelled": "the stream was cancelled",
        "limit": "more arrived, or was to be sent, than one of the session's limits allows",
        "run-ended": "the session ended before the stream did",
        "unconfirmed": "all of it was sent, and nobody confirmed that it arrived",
        "permission": "the token does not allow to send streams",
        "transport": "the transport refused the stream",
    },
    "RpcError": {
        "unsupported-method": "1400: the recipient has no handler for the method",
        "recipient-not-found": "1401: nobody of that identity is in the room",
        "request-payload-too-large": "1402: the request is larger than the transport allows",
        "unsupported-server": "1403: the server is too old for calls",
        "unsupported-version": "1404: the recipient speaks another version of calls",
        "application-error": "1500: the handler failed, or refused on purpose",
        "connection-timeout": "1501: the recipient did not take the call in time",
        "response-timeout": "1502: the recipient took the call and did not answer in time",
        "recipient-disconnected": "1503: the recipient left before it answered",
        "response-payload-too-large": "1504: the answer is larger than the transport allows",
        "send-failed": "1505: the transport refused to send it, or the token does not allow it",
    },
    "UpdateError": {
        "permission": "the token does not allow participants to update their own metadata",
        "timeout": "the server did not confirm the change in time",
        "refused": "the server refused the change",
        "run-ended": "the session ended before the change was confirmed",
    },
    "ChannelError": {
        "not-served": "the agent does not serve the session channel",
        "timeout": "the agent serves the session channel and did not answer in time",
        "refused": "the agent answered with an error",
        "run-ended": "the session, or the agent, was gone before the answer came",
        "transport": "the transport refused to send the request",
    },
    "RecordingError": {
        "damaged": "the file is no recording, or one of its lines cannot be read",
        "newer": "a newer version of the library made it, in a format unknown to this one",
        "differs": "this version of the library makes something else of a recorded event",
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


class StreamError(SessionError):
    """A text or byte stream did not get to its end."""


class RpcError(SessionError):
    """A remote call failed.

    Attributes:
        code: LiveKit's number, 1400 to 1505, or the application's own.
        data: What the handler sent along with its error, maybe empty.
    """

    def __init__(self, message: str, *, kind: str, code: int = 1500, data: str = "") -> None:
        super().__init__(message, kind=kind)
        self.code = code
        self.data = data

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild_rpc, (str(self), self.kind, self.code, self.data)


def _rebuild_rpc(message: str, kind: str, code: int, data: str) -> RpcError:
    return RpcError(message, kind=kind, code=code, data=data)


class UpdateError(SessionError):
    """A change of this participant's name, metadata or attributes was not confirmed."""


class ChannelError(SessionError):
    """The agent's session channel did not give what was asked for."""


class RecordingError(SessionError):
    """A recording cannot be played."""


class SessionEnded(SessionError):
    """The session ended without a failure before the awaited thing happened."""


class SessionStateError(SessionError):
    """The method was called at a time when it cannot work."""
