"""Answers to requests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from session_fsm.channel.answers import AgentInfo, AgentSessionInfo, FrameworkInfo, Items, RtcStats
from session_fsm.channel.decoding.events import AGENT_STATES, USER_STATES
from session_fsm.channel.decoding.items import items, usage
from session_fsm.channel.decoding.values import every, moment, pairs, plain, said, texts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from livekit.protocol.agent_pb import agent_session as pb


def answer(wire: pb.SessionResponse) -> object:
    """Return what the agent answers, or None where it says nothing that is known here."""
    kind = wire.WhichOneof("response")
    return _ANSWERS[kind](getattr(wire, kind)) if kind in _ANSWERS else None


def _info(wire: pb.SessionResponse.GetAgentInfoResponse) -> AgentInfo:
    return AgentInfo(wire.id, said(wire, "instructions"), texts(wire.tools), items(wire.chat_ctx))


def _state(wire: pb.SessionResponse.GetSessionStateResponse) -> AgentSessionInfo:
    return AgentSessionInfo(
        AGENT_STATES.get(wire.agent_state),
        USER_STATES.get(wire.user_state),
        wire.agent_id,
        pairs(wire.options),
        moment(wire, "created_at"),
    )


def _stats(wire: pb.SessionResponse.GetRTCStatsResponse) -> RtcStats:
    return RtcStats(every(plain, wire.publisher_stats), every(plain, wire.subscriber_stats))


def _framework(wire: pb.SessionResponse.GetFrameworkInfoResponse) -> FrameworkInfo:
    return FrameworkInfo(wire.sdk, wire.sdk_version)


_ANSWERS: Final[Mapping[str, Callable[[Any], object]]] = {
    "pong": lambda _: True,
    "get_chat_history": lambda wire: Items(items(wire.items)),
    "run_input": lambda wire: Items(items(wire.items)),
    "get_agent_info": _info,
    "get_session_state": _state,
    "get_rtc_stats": _stats,
    "get_session_usage": lambda wire: usage(wire.usage),
    "get_framework_info": _framework,
    "update_io": lambda _: True,
}
"""Name on the wire -> what makes an answer of it."""
