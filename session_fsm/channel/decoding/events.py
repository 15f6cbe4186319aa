"""Events of the session channel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from session_fsm.channel.decoding.items import call, item, output, usage
from session_fsm.channel.decoding.values import every, moment, number, plain, said, seconds, texts
from session_fsm.channel.events import (
    AgentStateChanged,
    AmdCategory,
    AmdPrediction,
    ChannelEvent,
    DebugMessage,
    EotPrediction,
    ErrorReported,
    FalseInterruption,
    ItemAdded,
    OverlappingSpeech,
    ToolCallEnded,
    ToolCallStarted,
    ToolCallUpdated,
    ToolReplyStatus,
    ToolReplyUpdated,
    ToolsExecuted,
    ToolsStarted,
    ToolStatus,
    UnknownEvent,
    UsageUpdated,
    UserInputTranscribed,
    UserStateChanged,
)
from session_fsm.states import AgentState, UserState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from livekit.protocol.agent_pb import agent_session as pb

AGENT_STATES: Final[Mapping[int, AgentState]] = {
    0: AgentState.INITIALIZING,
    1: AgentState.IDLE,
    2: AgentState.LISTENING,
    3: AgentState.THINKING,
    4: AgentState.SPEAKING,
}
USER_STATES: Final[Mapping[int, UserState]] = {
    0: UserState.SPEAKING,
    1: UserState.LISTENING,
    2: UserState.AWAY,
}
TOOL_STATUSES: Final[Mapping[int, ToolStatus]] = dict(enumerate(ToolStatus))
TOOL_REPLIES: Final[Mapping[int, ToolReplyStatus]] = dict(enumerate(ToolReplyStatus))
AMD_CATEGORIES: Final[Mapping[int, AmdCategory]] = dict(enumerate(AmdCategory))


def event(wire: pb.AgentSessionEvent) -> ChannelEvent:
    """Return an event; one of a kind that is not known is an `UnknownEvent`."""
    at = moment(wire, "created_at")
    kind = wire.WhichOneof("event")
    if kind == "tool_execution_updated":
        return _tool(wire.tool_execution_updated, at)
    if kind not in _EVENTS:
        return UnknownEvent(kind or "none", at)
    return _EVENTS[kind](getattr(wire, kind), at)


def _tool(wire: pb.AgentSessionEvent.ToolExecutionUpdated, at: datetime | None) -> ChannelEvent:
    match wire.WhichOneof("update"):
        case "started":
            return ToolCallStarted(call(wire.started.function_call), at)
        case "call_updated":
            updated = wire.call_updated
            return ToolCallUpdated(updated.id, updated.call_id, updated.message, at)
        case "ended":
            ended = wire.ended
            status = TOOL_STATUSES.get(ended.status)
            return ToolCallEnded(ended.id, ended.call_id, said(ended, "message"), status, at)
        case "reply_updated":
            reply = wire.reply_updated
            stands = TOOL_REPLIES.get(reply.status)
            return ToolReplyUpdated(texts(reply.update_ids), stands, reply.speech_id, at)
        case _:
            return UnknownEvent("tool_execution_updated", at)


def _agent_state(
    wire: pb.AgentSessionEvent.AgentStateChanged, at: datetime | None
) -> AgentStateChanged:
    before, after = AGENT_STATES.get(wire.old_state), AGENT_STATES.get(wire.new_state)
    return AgentStateChanged(before, after, at)


def _user_state(
    wire: pb.AgentSessionEvent.UserStateChanged, at: datetime | None
) -> UserStateChanged:
    before, after = USER_STATES.get(wire.old_state), USER_STATES.get(wire.new_state)
    return UserStateChanged(before, after, at)


def _added(wire: pb.AgentSessionEvent.ConversationItemAdded, at: datetime | None) -> ItemAdded:
    return ItemAdded(item(wire.item), at)


def _transcribed(
    wire: pb.AgentSessionEvent.UserInputTranscribed, at: datetime | None
) -> UserInputTranscribed:
    return UserInputTranscribed(wire.transcript, wire.is_final, said(wire, "language"), at)


def _started(wire: pb.AgentSessionEvent.FunctionToolsStarted, at: datetime | None) -> ToolsStarted:
    return ToolsStarted(every(call, wire.function_calls), at)


def _executed(
    wire: pb.AgentSessionEvent.FunctionToolsExecuted, at: datetime | None
) -> ToolsExecuted:
    calls = every(call, wire.function_calls)
    return ToolsExecuted(calls, every(output, wire.function_call_outputs), at)


def _usage(wire: pb.AgentSessionEvent.SessionUsageUpdated, at: datetime | None) -> UsageUpdated:
    return UsageUpdated(usage(wire.usage), at)


def _overlapping(
    wire: pb.AgentSessionEvent.OverlappingSpeech, at: datetime | None
) -> OverlappingSpeech:
    return OverlappingSpeech(
        wire.is_interruption,
        number(wire.detection_delay),
        moment(wire, "detected_at"),
        moment(wire, "overlap_started_at"),
        at,
    )


def _false(
    wire: pb.AgentSessionEvent.AgentFalseInterruption, at: datetime | None
) -> FalseInterruption:
    return FalseInterruption(wire.resumed, at)


def _amd(wire: pb.AgentSessionEvent.AmdPrediction, at: datetime | None) -> AmdPrediction:
    return AmdPrediction(
        AMD_CATEGORIES.get(wire.category),
        wire.reason,
        wire.transcript,
        seconds(wire.speech_duration),
        seconds(wire.delay),
        at,
    )


def _eot(wire: pb.AgentSessionEvent.EotPrediction, at: datetime | None) -> EotPrediction:
    return EotPrediction(
        number(wire.probability),
        number(wire.threshold),
        seconds(wire.inference_duration),
        seconds(wire.delay),
        at,
    )


def _error(wire: pb.AgentSessionEvent.Error, at: datetime | None) -> ErrorReported:
    return ErrorReported(wire.message, at)


def _debug(wire: pb.DebugMessage, at: datetime | None) -> DebugMessage:
    return DebugMessage(plain(wire.payload), at)


_EVENTS: Final[Mapping[str, Callable[[Any, datetime | None], ChannelEvent]]] = {
    "agent_state_changed": _agent_state,
    "user_state_changed": _user_state,
    "conversation_item_added": _added,
    "user_input_transcribed": _transcribed,
    "function_tools_started": _started,
    "function_tools_executed": _executed,
    "session_usage_updated": _usage,
    "overlapping_speech": _overlapping,
    "agent_false_interruption": _false,
    "amd_prediction": _amd,
    "eot_prediction": _eot,
    "error": _error,
    "debug_message": _debug,
}
"""Name on the wire -> what makes an event of it."""
