"""The one sentence, and the one thing to do, at every moment of a session."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

import attrs

from session_fsm.errors import AgentError, ConnectError, EncryptionError, SessionEnded, TokenError
from session_fsm.states import (
    IN_THE_ROOM,
    AgentState,
    EncryptionState,
    EndReason,
    MediaState,
    SessionState,
)
from session_fsm.ui.failures import words_for
from session_fsm.ui.model import ViewModel

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from session_fsm.snapshot import SessionSnapshot
    from session_fsm.view import SessionView
    from stores import Store


class Severity(StrEnum):
    """How a status is to be taken, for its colour."""

    INFO = "info"
    """Nothing goes on, and nothing is wrong."""
    BUSY = "busy"
    """Something is under way."""
    READY = "ready"
    """A conversation can be held."""
    WARNING = "warning"
    """Something is wrong, and it may pass, or one can do without."""
    ERROR = "error"
    """It has failed."""


@attrs.frozen
class Status:
    """What the user needs to know.

    Attributes:
        sentence: What is the case; ends with a full stop.
        action: What to do, in a few words: the text of a button where ``press`` names one.
        detail: More, for whoever asks: the error's own text; may be empty.
        severity: How to take it.
        press: The name of the control that does the action, or None where no control does.
    """

    sentence: str
    action: str
    detail: str = ""
    severity: Severity = Severity.INFO
    press: str | None = None


def _busy(sentence: str, action: str = "Cancel", press: str | None = "end") -> Status:
    return Status(sentence, action, severity=Severity.BUSY, press=press)


def _ready(sentence: str, action: str, press: str | None = None) -> Status:
    return Status(sentence, action, severity=Severity.READY, press=press)


def _warning(sentence: str, action: str, press: str | None = None, detail: str = "") -> Status:
    return Status(sentence, action, detail, Severity.WARNING, press)


AT_REST: Final[Mapping[EndReason | None, Status]] = {
    None: Status("Nothing is running.", "Start", press="start"),
    EndReason.ENDED: Status("The session has ended.", "Start again", press="start"),
    EndReason.HUNG_UP: Status(
        "The agent has ended the conversation.", "Start again", press="start"
    ),
    EndReason.ROOM_DELETED: Status("The room was closed.", "Start again", press="start"),
}
"""Why the last run ended without a failure -> what to tell afterwards."""

STARTING: Final[Mapping[SessionState, Status]] = {
    SessionState.FETCHING_TOKEN: _busy("Asking for a token."),
    SessionState.CONNECTING: _busy("Joining the room."),
}
ENDING: Final = _busy("The session is ending.", "Wait", None)
RECONNECTING: Final = _warning(
    "The connection is lost, and is being restored.",
    "Wait",
    None,
    "What is written meanwhile is sent once it is back.",
)
NOT_ASKED: Final = _busy("You are in the room; no agent was asked for.", "End")
GONE: Final = _warning("The agent is gone, and may come back.", "End", "end")
SILENT: Final = _warning("The agent does not answer.", "End", "end")
BUFFERING: Final[Mapping[bool, Status]] = {
    True: _ready("You can speak: the agent hears it as soon as it is there.", "Speak"),
    False: _busy("Waiting for the agent."),
}
"""Whether the microphone is open -> what to tell while the agent is ``pre-connect-buffering``."""

AWAITED: Final[Mapping[AgentState, Status]] = {
    AgentState.CONNECTING: _busy("Waiting for the agent."),
    AgentState.INITIALIZING: _busy("The agent is getting ready."),
    AgentState.IDLE: _busy("The agent is there, and does not take part yet."),
}
"""What the agent does while the session is ``dispatching`` -> what to tell."""

PRESENT: Final[Mapping[AgentState, Status]] = {
    AgentState.INITIALIZING: _busy("The agent is getting ready again.", "End"),
    AgentState.IDLE: _busy("The agent does not take part at the moment.", "End"),
    AgentState.THINKING: _busy("The agent is thinking.", "Wait", None),
}
"""What the agent does while the session is ``active`` -> what to tell."""

LISTENING: Final[Mapping[MediaState, Status]] = {
    MediaState.LIVE: _ready("The agent listens: you can speak.", "Speak or write"),
    MediaState.OPENING: _ready("The agent listens; the microphone is being opened.", "Write"),
    MediaState.MUTED: _ready(
        "The agent listens; your microphone is muted.", "Unmute", "microphone"
    ),
    MediaState.OFF: _ready("The agent listens.", "Write"),
    MediaState.FAILED: _warning(
        "The agent listens; your microphone does not work.", "Try again", "microphone"
    ),
}
"""The user's microphone -> what to tell while the agent listens."""

SPEAKING: Final[Mapping[bool, Status]] = {
    True: _ready("The agent is speaking.", "Listen, or speak to interrupt"),
    False: _ready("The agent is speaking.", "Listen"),
}
"""Whether the user is heard -> what to tell while the agent speaks."""

FATAL: Final = (TokenError, ConnectError, AgentError, EncryptionError)


def status_of(now: SessionSnapshot) -> Status:
    """Return the status at a moment."""
    if now.is_reconnecting and now.state in IN_THE_ROOM:
        return RECONNECTING
    return _encrypted(BY_STATE[now.state](now), now)


def explain(error: BaseException) -> Status:
    """Return what to tell about an error, whoever raised it: a start, a text, a device, a call."""
    if isinstance(error, SessionEnded):
        severity = Severity.INFO
    else:
        severity = Severity.ERROR if isinstance(error, FATAL) else Severity.WARNING
    words = words_for(error)
    detail = str(error) or type(error).__name__
    return Status(words.sentence, words.action, detail, severity, words.press)


def _resting(now: SessionSnapshot) -> Status:
    return AT_REST[now.end_reason] if now.failure is None else explain(now.failure)


def _ending(now: SessionSnapshot) -> Status:
    if now.failure is None:
        return ENDING
    return attrs.evolve(explain(now.failure), action="Wait", press=None)


def _starting(now: SessionSnapshot) -> Status:
    if now.agent.state is AgentState.PRE_CONNECT_BUFFERING and _is_open(now):
        return BUFFERING[True]
    return STARTING[now.state]


def _awaiting(now: SessionSnapshot) -> Status:
    state = now.agent.state
    if state is AgentState.PRE_CONNECT_BUFFERING:
        return BUFFERING[_is_open(now)]
    if state is AgentState.CONNECTING and now.run.was_active:
        return GONE
    if state is AgentState.CONNECTING and not now.run.dispatches:
        return NOT_ASKED
    return AWAITED[state]


def _talking(now: SessionSnapshot) -> Status:
    agent, microphone = now.agent, now.media.microphone
    if not agent.is_responsive:
        return SILENT
    if agent.state is AgentState.SPEAKING:
        return SPEAKING[microphone.state is MediaState.LIVE]
    if agent.state is not AgentState.LISTENING:
        return PRESENT[agent.state]
    status = LISTENING[microphone.state]
    return status if microphone.failure is None else _because(status, microphone.failure)


def _is_open(now: SessionSnapshot) -> bool:
    """Say whether what the user says is kept or heard."""
    return now.media.microphone.state in {MediaState.OPENING, MediaState.LIVE}


def _because(status: Status, error: BaseException) -> Status:
    return attrs.evolve(status, detail=str(error))


def _encrypted(status: Status, now: SessionSnapshot) -> Status:
    if now.encryption.state is not EncryptionState.DEGRADED or status.detail:
        return status
    detail = "Somebody in the room does not encrypt, or has another key."
    return attrs.evolve(status, detail=detail, severity=Severity.WARNING)


BY_STATE: Final[Mapping[SessionState, Callable[[SessionSnapshot], Status]]] = {
    SessionState.IDLE: _resting,
    SessionState.FETCHING_TOKEN: _starting,
    SessionState.CONNECTING: _starting,
    SessionState.DISPATCHING: _awaiting,
    SessionState.ACTIVE: _talking,
    SessionState.ENDING: _ending,
}
"""State of the session -> what tells the status, while the link is not being restored."""


class StatusModel(ViewModel):
    """What the user needs to know, and to do, as one store.

    Args:
        view: A session, or the replay of one.

    Attributes:
        status: The `Status` at this moment.
    """

    def __init__(self, view: SessionView) -> None:
        super().__init__(view)
        source = view.snapshots.select(status_of)
        status = self._store(source.value)
        self.status: Final[Store[Status]] = status
        self._follow(source, status.set)

    def __repr__(self) -> str:
        return f"<StatusModel: {self.status.value.sentence}>"
