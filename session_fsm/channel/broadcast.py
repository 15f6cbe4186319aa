"""What the agent tells, as streams that live as long as the session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from session_fsm.channel.events import ChannelEvent, ErrorReported, FalseInterruption, ItemAdded
from session_fsm.channel.items import AgentHandoff, ChatMessage, ChatRole, TurnMetrics
from session_fsm.channel.tools import ToolCall
from stores import WritableEventStream

if TYPE_CHECKING:
    from session_fsm.channel.tools import ToolCalls
    from stores import OnUnhandled


class Broadcast:
    """One stream of everything, and one for each thing that is mostly wanted."""

    def __init__(self, on_unhandled: OnUnhandled | None = None) -> None:
        self.events = WritableEventStream[ChannelEvent](on_unhandled=on_unhandled)
        self.tool_calls = WritableEventStream[ToolCall](on_unhandled=on_unhandled)
        self.handoffs = WritableEventStream[AgentHandoff](on_unhandled=on_unhandled)
        self.metrics = WritableEventStream[TurnMetrics](on_unhandled=on_unhandled)
        self.false_interruptions = WritableEventStream[FalseInterruption](on_unhandled=on_unhandled)
        self.errors = WritableEventStream[ErrorReported](on_unhandled=on_unhandled)
        self.user_items = WritableEventStream[ChatMessage](on_unhandled=on_unhandled)

    def tell(self, event: ChannelEvent, tools: ToolCalls) -> None:
        """Tell an event to whom it concerns."""
        self.events.emit(event)
        for call in tools.fold(event):
            self.tool_calls.emit(call)
        match event:
            case ItemAdded(ChatMessage() as message):
                if message.role is ChatRole.USER:
                    self.user_items.emit(message)
                if message.metrics is not None:
                    self.metrics.emit(message.metrics)
            case ItemAdded(AgentHandoff() as handoff):
                self.handoffs.emit(handoff)
            case FalseInterruption():
                self.false_interruptions.emit(event)
            case ErrorReported():
                self.errors.emit(event)
            case _:
                pass

    def close(self) -> None:
        """Complete all of them."""
        for stream in vars(self).values():
            stream.close()
