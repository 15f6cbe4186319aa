"""The states that users see, and what each of them means.

Every enum is a ``StrEnum``: ``SessionState.FETCHING_TOKEN == "fetching-token"``.
"""

from __future__ import annotations

from enum import StrEnum


class SessionState(StrEnum):
    """Where a session stands between ``start()`` and the end of its run."""

    IDLE = "idle"
    """Nothing runs; ``start()`` may be called."""
    FETCHING_TOKEN = "fetching-token"  # noqa: S105 - a state, not a secret
    """The token source was asked for connection details."""
    CONNECTING = "connecting"
    """The room is being joined."""
    DISPATCHING = "dispatching"
    """The room is joined and the agent is awaited (or awaited again)."""
    ACTIVE = "active"
    """The agent is ready: a conversation can be held."""
    ENDING = "ending"
    """Everything of this run is being put away; at most five seconds."""


IN_THE_ROOM = frozenset({SessionState.DISPATCHING, SessionState.ACTIVE})
"""The states in which the room is joined and things happen in it."""


class ConnectionState(StrEnum):
    """The link to the room, in LiveKit's own words."""

    DISCONNECTED = "disconnected"
    """No link."""
    CONNECTING = "connecting"
    """The link is being made."""
    CONNECTED = "connected"
    """The link is up."""
    RECONNECTING = "reconnecting"
    """The link was lost and is being restored."""


class AgentState(StrEnum):
    """What the agent does, as far as this client knows."""

    DISCONNECTED = "disconnected"
    """No agent is expected: before a start, or after an end without failure."""
    CONNECTING = "connecting"
    """The agent is expected and not in the room (any more)."""
    PRE_CONNECT_BUFFERING = "pre-connect-buffering"
    """The user's speech is being kept for the agent that is not ready yet."""
    INITIALIZING = "initializing"
    """The agent is in the room and sets itself up."""
    IDLE = "idle"
    """The agent is set up and does not take part at the moment."""
    LISTENING = "listening"
    """The agent listens to the user."""
    THINKING = "thinking"
    """The agent works on its answer."""
    SPEAKING = "speaking"
    """The agent speaks."""
    FAILED = "failed"
    """The agent did not come, was not ready in time, or left without a goodbye."""


class EndReason(StrEnum):
    """Why the last run ended."""

    ENDED = "ended"
    """The user ended it: ``end()``, ``close()``, or a cancelled ``start()``."""
    HUNG_UP = "hung-up"
    """The agent left the room on purpose."""
    ROOM_DELETED = "room-deleted"
    """The room was deleted while the agent was awaited or there."""
    FAILED = "failed"
    """Something stopped it; ``failure`` says what."""


class MediaState(StrEnum):
    """What becomes of something that is sent: the microphone, the camera, or the screen."""

    OFF = "off"
    """Nothing is sent, and no device is held."""
    OPENING = "opening"
    """The input is being opened, or waits for the room to be joined."""
    LIVE = "live"
    """What the input gives is sent."""
    MUTED = "muted"
    """The track is published and the input is held, and nothing of it is sent."""
    FAILED = "failed"
    """The input could not be opened, broke, or could not be published; ``failure`` says why."""


class EncryptionState(StrEnum):
    """Whether what is said stays between those who have the key."""

    OFF = "off"
    """What this client sends is not encrypted."""
    ON = "on"
    """What this client sends is encrypted, and nothing is known to be wrong."""
    DEGRADED = "degraded"
    """What this client sends is encrypted, and somebody does not encrypt or cannot be read."""


AGENT_READY = frozenset({AgentState.LISTENING, AgentState.THINKING, AgentState.SPEAKING})
"""The states in which the agent takes part in the conversation."""
AGENT_PENDING = frozenset({AgentState.CONNECTING, AgentState.INITIALIZING, AgentState.IDLE})
"""The states in which the agent is expected, and the user is not heard yet."""
AGENT_FINISHED = frozenset({AgentState.DISCONNECTED, AgentState.FAILED})
"""The states in which no agent takes part and none is expected."""
CAN_LISTEN = AGENT_READY | {AgentState.PRE_CONNECT_BUFFERING}
"""The states in which what the user says will reach the agent."""


class UserState(StrEnum):
    """What the agent takes the user to be doing, as it tells on its session channel."""

    SPEAKING = "speaking"
    """The user speaks."""
    LISTENING = "listening"
    """The user does not speak."""
    AWAY = "away"
    """Nothing was heard of the user for a while."""
