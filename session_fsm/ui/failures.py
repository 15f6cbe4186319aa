"""What to tell people about each kind of error: one sentence, and the one thing to do.

The error's own text says more, for whoever makes the program.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

AGAIN: Final = "Try again"


class Words(NamedTuple):
    """What to tell.

    Attributes:
        sentence: What happened.
        action: What to do about it.
        press: The control that does it, where one does.
    """

    sentence: str
    action: str = AGAIN
    press: str | None = None


def _again(sentence: str) -> Words:
    return Words(sentence, AGAIN, "start")


def _first(sentence: str, action: str) -> Words:
    """Return words for what has to be done before another try makes sense."""
    return Words(sentence, action)


WORDS: Final[Mapping[str, Mapping[str, Words]]] = {
    "TokenError": {
        "timeout": _again("The token server did not answer in time."),
        "unreachable": _again("The token server cannot be reached."),
        "status": _again("The token server refused."),
        "bad-answer": _first(
            "The token server gave an answer that cannot be used.", "Check the token server"
        ),
        "bad-token": _first(
            "The token server gave a token that cannot be used.", "Check the token server"
        ),
        "expired": _first("The token is not valid at this time.", "Get a new token"),
        "source-raised": _again("No token could be had."),
    },
    "ConnectError": {
        "bad-url": _first("The address of the server cannot be used.", "Check the address"),
        "unreachable": _again("The server cannot be reached."),
        "unauthorized": _first("The server did not accept the token.", "Get a new token"),
        "refused": _again("The server refused the connection."),
        "room-deleted": _again("The room was closed while it was being joined."),
        "link-lost": _again("The connection was lost and could not be restored."),
        "removed": _first("You were removed from the room.", "Ask whoever runs the room"),
        "duplicate-identity": _first(
            "You joined from somewhere else with the same name.", "Go on there, or start again here"
        ),
        "server-shutdown": _again("The server is shutting down."),
    },
    "AgentError": {
        "not-joined": _again("No agent came."),
        "not-ready": _again("The agent came, and did not get ready in time."),
        "left": _again("The agent is gone."),
        "stale": _again("The agent of the last conversation is still there, and is deaf."),
    },
    "MediaError": {
        "permission-denied": _first(
            "The device may not be used.", "Allow it in the system's settings"
        ),
        "not-found": _first("The device is not there.", "Connect it, or choose another one"),
        "in-use": _first("Another program uses the device.", "Close that program"),
        "other": _first("The device does not work.", "Choose another one"),
    },
    "EncryptionError": {
        "key-mismatch": _first("The encryption keys are not the same.", "Check the key"),
        "peer-plain": _first("Somebody in the room does not encrypt.", "Check who is there"),
        "no-key": _first("There is no key for the encryption.", "Check the key"),
        "not-configured": _first(
            "The conversation is not set up for encryption.", "Set it up for encryption"
        ),
        "not-possible": _again("The encryption could not be changed."),
    },
    "SendError": {
        "run-ended": _first("The text was not sent: the session ended.", "Send it again"),
        "unanswered": _first("The text was not sent: the agent does not answer.", "Send it again"),
        "unconfirmed": _first(
            "Nobody can tell whether the agent has the text.", "Send it again if there is no answer"
        ),
        "taken-back": _first("The text was taken back.", "Send it again if you meant it"),
        "permission": _first("You may not write here.", "Get a token that allows it"),
        "transport": _first("The text could not be sent.", "Send it again"),
    },
    "StreamError": {
        "broken-off": _first("The transfer broke off.", AGAIN),
        "cancelled": _first("The transfer was cancelled.", "Begin again if you meant it"),
        "limit": _first("That is too large.", "Send something smaller"),
        "run-ended": _first("The transfer was not done when the session ended.", AGAIN),
        "unconfirmed": _first("Nobody confirmed the transfer.", "Ask whether it arrived"),
        "permission": _first("You may not send that here.", "Get a token that allows it"),
        "transport": _first("The transfer was refused.", AGAIN),
    },
    "RpcError": {
        "unsupported-method": _first("The agent does not know how to do that.", "Do without it"),
        "recipient-not-found": _first("Whoever was asked is not there.", "Wait for them"),
        "request-payload-too-large": _first("That is too large.", "Send something smaller"),
        "unsupported-server": _first("The server is too old for that.", "Update the server"),
        "unsupported-version": _first("The agent is too old for that.", "Update the agent"),
        "application-error": _first("The agent could not do that.", AGAIN),
        "connection-timeout": _first("The agent did not take the request.", AGAIN),
        "response-timeout": _first("The agent did not answer in time.", AGAIN),
        "recipient-disconnected": _first("The agent left before it answered.", "Wait for it"),
        "response-payload-too-large": _first("The answer is too large.", "Ask for less"),
        "send-failed": _first("The request could not be sent.", AGAIN),
    },
    "UpdateError": {
        "permission": _first("You may not change that.", "Get a token that allows it"),
        "timeout": _first("The server did not confirm the change.", AGAIN),
        "refused": _first("The server refused the change.", "Change it back"),
        "run-ended": _first("The session ended before the change.", AGAIN),
    },
    "ChannelError": {
        "not-served": _first("The agent does not offer that.", "Do without it"),
        "timeout": _first("The agent did not answer in time.", AGAIN),
        "refused": _first("The agent refused.", "Do without it"),
        "run-ended": _first("The agent was gone before it answered.", AGAIN),
        "transport": _first("The agent could not be asked.", AGAIN),
    },
    "RecordingError": {
        "damaged": _first("The file is no recording, or is damaged.", "Choose another file"),
        "newer": _first("The recording is from a newer version.", "Update this program"),
        "differs": _first(
            "The recording is from another version.", "Play it with the version that made it"
        ),
    },
    "SessionEnded": {
        "ended": Words("The session has ended.", "Start again", "start"),
        "hung-up": Words("The agent has ended the conversation.", "Start again", "start"),
        "room-deleted": Words("The room was closed.", "Start again", "start"),
    },
    "SessionStateError": {
        "not-running": Words("Nothing is running.", "Start first", "start"),
        "closed": _first("This session is over for good.", "Make a new one"),
        "wrong-loop": _first("The program mixed up its event loops.", "Report this"),
    },
}
"""Error class -> kind -> what to tell. The same keys as `session_fsm.errors.KINDS`."""
UNKNOWN: Final = _first("Something unexpected happened.", AGAIN)
"""For an error that is none of this library's."""


def words_for(error: BaseException) -> Words:
    """Return what to tell about an error."""
    kind: object = getattr(error, "kind", None)
    for base in type(error).__mro__:
        words = WORDS.get(base.__name__, {}).get(str(kind))
        if words is not None:
            return words
    return UNKNOWN
