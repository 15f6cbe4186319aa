"""What type checkers are told about the session channel; the checkers are the test."""

from __future__ import annotations

from typing import assert_type

from session_fsm import Session, TokenSource, UserState
from session_fsm.channel import (
    AgentHandoff,
    AgentInfo,
    AgentSessionInfo,
    ChannelEvent,
    ChatItem,
    ErrorReported,
    FalseInterruption,
    FrameworkInfo,
    LLMUsage,
    RtcStats,
    ToolCall,
    ToolStatus,
    TurnMetrics,
    Usage,
)
from stores import EventStream, Store


def test_stores_and_streams() -> None:
    agent = Session(TokenSource.loopback()).agent
    assert_type(agent.user_state, Store[UserState | None])
    assert_type(agent.usage, Store[Usage | None])
    assert_type(agent.events, EventStream[ChannelEvent])
    assert_type(agent.tool_calls, EventStream[ToolCall])
    assert_type(agent.handoffs, EventStream[AgentHandoff])
    assert_type(agent.metrics, EventStream[TurnMetrics])
    assert_type(agent.false_interruptions, EventStream[FalseInterruption])
    assert_type(agent.errors, EventStream[ErrorReported])
    assert_type(ToolCall("id").status, ToolStatus)
    assert_type(Usage().llm, tuple[LLMUsage, ...])


async def answers(session: Session) -> None:
    agent = session.agent
    assert_type(await agent.chat_history(), tuple[ChatItem, ...])
    assert_type(await agent.run_input("hello", timeout=5), tuple[ChatItem, ...])
    assert_type(await agent.info(), AgentInfo)
    assert_type(await agent.session_state(), AgentSessionInfo)
    assert_type(await agent.framework(), FrameworkInfo)
    assert_type(await agent.fetch_usage(), Usage)
    assert_type(await agent.rtc_stats(), RtcStats)
    assert_type(await agent.ping(), float)
