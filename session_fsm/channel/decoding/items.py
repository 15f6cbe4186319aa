"""Items of the history, and what the models have used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import attrs

from session_fsm.channel.decoding.values import every, measured, moment, number, pairs, said, texts
from session_fsm.channel.items import (
    AgentConfigUpdate,
    AgentHandoff,
    ChatItem,
    ChatMessage,
    ChatRole,
    FunctionCall,
    FunctionCallOutput,
    TurnMetrics,
    UnknownItem,
)
from session_fsm.channel.usage import (
    EotUsage,
    InterruptionUsage,
    LLMUsage,
    ModelUsage,
    STTUsage,
    TTSUsage,
    Usage,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from livekit.protocol.agent_pb import agent_session as pb

ROLES: Final[Mapping[int, ChatRole]] = {
    0: ChatRole.DEVELOPER,
    1: ChatRole.SYSTEM,
    2: ChatRole.USER,
    3: ChatRole.ASSISTANT,
}
USAGES: Final[Mapping[str, type[ModelUsage]]] = {
    "llm": LLMUsage,
    "tts": TTSUsage,
    "stt": STTUsage,
    "interruption": InterruptionUsage,
    "eot": EotUsage,
}
"""Name on the wire -> class; its fields have the names of the wire."""

_DELAYS: Final = tuple(
    one.name
    for one in attrs.fields(TurnMetrics)
    if one.name not in {"item_id", "role", "started_speaking_at", "stopped_speaking_at"}
)


def item(wire: pb.ChatContext.ChatItem) -> ChatItem:
    """Return an item of the history."""
    kind = wire.WhichOneof("item")
    if kind not in _ITEMS:
        return UnknownItem(kind or "none")
    return _ITEMS[kind](getattr(wire, kind))


def items(wire: Any) -> tuple[ChatItem, ...]:
    """Return a history."""
    return every(item, wire)


def _message(wire: pb.ChatMessage) -> ChatMessage:
    role = ROLES.get(wire.role)
    return ChatMessage(
        wire.id,
        role,
        "\n".join(every(lambda part: part.text, wire.content)),
        wire.interrupted,
        measured(wire, "transcript_confidence"),
        pairs(wire.extra),
        _metrics(wire, role),
        moment(wire, "created_at"),
    )


def _metrics(wire: pb.ChatMessage, role: ChatRole | None) -> TurnMetrics | None:
    metrics = wire.metrics
    found = TurnMetrics(
        wire.id,
        role,
        moment(metrics, "started_speaking_at"),
        moment(metrics, "stopped_speaking_at"),
        **{name: measured(metrics, name) for name in _DELAYS},
    )
    return None if found == TurnMetrics(wire.id, role) else found


def call(wire: pb.FunctionCall) -> FunctionCall:
    """Return a call of a tool."""
    return FunctionCall(
        wire.id,
        wire.call_id,
        wire.name,
        wire.arguments,
        pairs(wire.extra),
        moment(wire, "created_at"),
    )


def output(wire: pb.FunctionCallOutput) -> FunctionCallOutput:
    """Return what a tool returned."""
    return FunctionCallOutput(
        wire.id,
        wire.call_id,
        wire.name,
        wire.output,
        wire.is_error,
        moment(wire, "created_at"),
    )


def _handoff(wire: pb.AgentHandoff) -> AgentHandoff:
    return AgentHandoff(
        wire.id, said(wire, "old_agent_id"), wire.new_agent_id, moment(wire, "created_at")
    )


def _config(wire: pb.AgentConfigUpdate) -> AgentConfigUpdate:
    return AgentConfigUpdate(
        wire.id,
        said(wire, "instructions"),
        texts(wire.tools_added),
        texts(wire.tools_removed),
        moment(wire, "created_at"),
    )


_ITEMS: Final[Mapping[str, Callable[[Any], ChatItem]]] = {
    "message": _message,
    "function_call": call,
    "function_call_output": output,
    "agent_handoff": _handoff,
    "agent_config_update": _config,
}


def usage(wire: pb.AgentSessionUsage) -> Usage:
    """Return what the models have used; those of kinds that are not known are left out."""
    found = every(_model, wire.model_usage)
    return Usage(tuple(one for one in found if one is not None))


def _model(wire: pb.ModelUsage) -> ModelUsage | None:
    kind = wire.WhichOneof("usage")
    if kind not in USAGES:
        return None
    of_model = getattr(wire, kind)
    values: dict[str, Any] = {}
    for field in attrs.fields(USAGES[kind]):
        value = getattr(of_model, field.name)
        values[field.name] = number(value) if isinstance(value, float) else value
    return USAGES[kind](**values)
