"""What an agent tells on its session channel: one frozen class for each kind of event.

Source: ``AgentSessionEvent`` of livekit-protocol 1.1.29, as livekit-agents 1.8.9 sends it. Every
event has ``at``: when it happened by the agent's clock, aware, UTC, or None where that makes no
sense. Durations are seconds. A value of an enum that is not known here is None.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeAlias

import attrs

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from session_fsm.channel.items import ChatItem, FunctionCall, FunctionCallOutput
    from session_fsm.channel.usage import Usage
    from session_fsm.states import AgentState, UserState


class ToolStatus(StrEnum):
    """How a call of a tool stands."""

    RUNNING = "running"
    DONE = "done"
    ERROR = "error"
    CANCELLED = "cancelled"


class ToolReplyStatus(StrEnum):
    """How the agent's words about the progress of its tools stand."""

    SCHEDULED = "scheduled"
    COMPLETED = "completed"
    INTERRUPTED = "interrupted"
    SKIPPED = "skipped"


class AmdCategory(StrEnum):
    """Who picked up the phone."""

    UNKNOWN = "unknown"
    HUMAN = "human"
    MACHINE_IVR = "machine-ivr"
    MACHINE_VM = "machine-vm"
    MACHINE_UNAVAILABLE = "machine-unavailable"
    UNCERTAIN = "uncertain"


@attrs.frozen
class AgentStateChanged:
    """The agent does something else. ``agent.state`` follows its attribute, not this."""

    before: AgentState | None
    after: AgentState | None
    at: datetime | None = None


@attrs.frozen
class UserStateChanged:
    """The user began or stopped to speak, or is away."""

    before: UserState | None
    after: UserState | None
    at: datetime | None = None


@attrs.frozen
class ItemAdded:
    """The history grew."""

    item: ChatItem
    at: datetime | None = None


@attrs.frozen
class UserInputTranscribed:
    """What the user said, written down so far.

    Attributes:
        text: The whole text so far.
        final: It will not change any more.
        language: Its language, where the agent says so.
    """

    text: str
    final: bool
    language: str | None = None
    at: datetime | None = None


@attrs.frozen
class ToolsStarted:
    """Tools are called; livekit-agents 1.8.9 tells `ToolCallStarted` instead."""

    calls: tuple[FunctionCall, ...]
    at: datetime | None = None


@attrs.frozen
class ToolsExecuted:
    """All calls of one step are answered."""

    calls: tuple[FunctionCall, ...]
    outputs: tuple[FunctionCallOutput, ...]
    at: datetime | None = None


@attrs.frozen
class ToolCallStarted:
    """A tool was called."""

    call: FunctionCall
    at: datetime | None = None


@attrs.frozen
class ToolCallUpdated:
    """A tool tells how far it is.

    Attributes:
        id: Of this entry: the ``call_id``, or ``<call_id>_update_<n>``.
        call_id: Of the call.
        message: What it tells.
    """

    id: str
    call_id: str
    message: str
    at: datetime | None = None


@attrs.frozen
class ToolCallEnded:
    """A call is over.

    Attributes:
        id: Of this entry: the ``call_id``, or ``<call_id>_final``.
        call_id: Of the call.
        message: What it returned, or how it failed; None where there is nothing to say.
        status: ``done``, ``error`` or ``cancelled``.
    """

    id: str
    call_id: str
    message: str | None
    status: ToolStatus | None
    at: datetime | None = None


@attrs.frozen
class ToolReplyUpdated:
    """The agent's words about the progress of its tools.

    Attributes:
        update_ids: The ids of the entries that they are about.
        status: How they stand.
        speech_id: The agent's id of the speech.
    """

    update_ids: tuple[str, ...]
    status: ToolReplyStatus | None
    speech_id: str
    at: datetime | None = None


@attrs.frozen
class UsageUpdated:
    """What the models have used so far, in all."""

    usage: Usage
    at: datetime | None = None


@attrs.frozen
class OverlappingSpeech:
    """The user speaks while the agent does.

    Attributes:
        is_interruption: The agent takes it for an interruption.
        detection_delay: Until that was known.
        detected_at: When that was known.
        overlap_started_at: When the user began.
    """

    is_interruption: bool
    detection_delay: float
    detected_at: datetime | None
    overlap_started_at: datetime | None
    at: datetime | None = None


@attrs.frozen
class FalseInterruption:
    """What stopped the agent was no interruption.

    Attributes:
        resumed: The agent goes on with what it was saying.
    """

    resumed: bool
    at: datetime | None = None


@attrs.frozen
class AmdPrediction:
    """The agent guesses whether a person or a machine picked up the phone."""

    category: AmdCategory | None
    reason: str
    transcript: str
    speech_duration: float
    delay: float
    at: datetime | None = None


@attrs.frozen
class EotPrediction:
    """The agent guesses whether the user's turn is over: it is at ``probability >= threshold``."""

    probability: float
    threshold: float
    inference_duration: float
    delay: float
    at: datetime | None = None


@attrs.frozen
class ErrorReported:
    """Something failed in the agent, and the conversation may go on."""

    message: str
    at: datetime | None = None


@attrs.frozen
class DebugMessage:
    """Whatever the agent's program wants to be known, as a JSON-like object."""

    payload: Mapping[str, Any] = attrs.field(hash=False)
    at: datetime | None = None


@attrs.frozen
class UnknownEvent:
    """An event of a kind that is not known here.

    Attributes:
        kind: Its name on the wire, or ``field-<number>`` where even that is unknown.
    """

    kind: str
    at: datetime | None = None


ToolEvent: TypeAlias = ToolCallStarted | ToolCallUpdated | ToolCallEnded | ToolReplyUpdated
ChannelEvent: TypeAlias = (
    AgentStateChanged
    | UserStateChanged
    | ItemAdded
    | UserInputTranscribed
    | ToolsStarted
    | ToolsExecuted
    | ToolEvent
    | UsageUpdated
    | OverlappingSpeech
    | FalseInterruption
    | AmdPrediction
    | EotPrediction
    | ErrorReported
    | DebugMessage
    | UnknownEvent
)
