"""What the agent tells, as streams that live as long as the session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from session_fsm.channel.events import ChannelEvent, ErrorReported, FalseInterruption, ItemAdded
from session_fsm.channel.items import AgentHandoff, ChatMessage, ChatRole, TurnMetrics
from stores import EventStream, WritableEventStream

if TYPE_CHECKING:
    from session_fsm.channel.tools import ToolCall, ToolCalls
    from stores import OnUnhandled


class Broadcast:
    """One stream of everything, and one for each thing that is mostly wanted.

    A stream is made when it is first asked for: seven of them cost more than the rest of a session.
    """

    def __init__(self, on_unhandled: OnUnhandled | None = None) -> None:
        self._on_unhandled = on_unhandled
        self._made: dict[str, WritableEventStream[Any]] = {}
        self._is_closed = False

    @property
    def events(self) -> EventStream[ChannelEvent]:
        """Everything."""
        return self._stream("events")

    @property
    def tool_calls(self) -> EventStream[ToolCall]:
        """Every change of a call of a tool."""
        return self._stream("tool_calls")

    @property
    def handoffs(self) -> EventStream[AgentHandoff]:
        """Another agent of the program takes over."""
        return self._stream("handoffs")

    @property
    def metrics(self) -> EventStream[TurnMetrics]:
        """How long the parts of a turn took."""
        return self._stream("metrics")

    @property
    def false_interruptions(self) -> EventStream[FalseInterruption]:
        """What stopped the agent was no interruption."""
        return self._stream("false_interruptions")

    @property
    def errors(self) -> EventStream[ErrorReported]:
        """Something failed in the agent."""
        return self._stream("errors")

    @property
    def user_items(self) -> EventStream[ChatMessage]:
        """What the user said, as the agent's history has it."""
        return self._stream("user_items")

    def _stream(self, name: str) -> WritableEventStream[Any]:
        found = self._made.get(name)
        if found is None:
            # Of two threads that ask at once, both get the one that was kept.
            made = WritableEventStream[Any](on_unhandled=self._on_unhandled)
            found = self._made.setdefault(name, made)
            if self._is_closed:
                found.close()
        return found

    def tell(self, event: ChannelEvent, tools: ToolCalls) -> None:
        """Tell an event to whom it concerns."""
        self._tell("events", event)
        for call in tools.fold(event):
            self._tell("tool_calls", call)
        match event:
            case ItemAdded(ChatMessage() as message):
                if message.role is ChatRole.USER:
                    self._tell("user_items", message)
                if message.metrics is not None:
                    self._tell("metrics", message.metrics)
            case ItemAdded(AgentHandoff() as handoff):
                self._tell("handoffs", handoff)
            case FalseInterruption():
                self._tell("false_interruptions", event)
            case ErrorReported():
                self._tell("errors", event)
            case _:
                pass

    def _tell(self, name: str, value: object) -> None:
        stream = self._made.get(name)
        if stream is not None:
            stream.emit(value)

    def close(self) -> None:
        """Complete all of them."""
        self._is_closed = True
        for stream in tuple(self._made.values()):
            stream.close()
