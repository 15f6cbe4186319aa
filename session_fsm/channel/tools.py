"""Calls of tools, put together from what is told of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

from session_fsm.channel.events import (
    ToolCallEnded,
    ToolCallStarted,
    ToolCallUpdated,
    ToolReplyStatus,
    ToolReplyUpdated,
    ToolsExecuted,
    ToolsStarted,
    ToolStatus,
)

if TYPE_CHECKING:
    from datetime import datetime

    from session_fsm.channel.events import ChannelEvent
    from session_fsm.channel.items import FunctionCall

MOST_CALLS: Final = 256
"""Calls that are remembered, the latest: a reply may come long after a call is over."""
MOST_UPDATES: Final = 100
"""Updates of one call that are kept, the latest."""


@attrs.frozen
class ToolUpdate:
    """How far a tool says that it is.

    Attributes:
        id: Of this entry.
        message: What the tool tells.
        at: When, by the agent's clock.
    """

    id: str
    message: str
    at: datetime | None = None


@attrs.frozen
class ToolCall:
    """One call of a tool, as far as it is known now; every change makes a new one.

    Attributes:
        call_id: Unique in the agent's session; the same in every state of this call.
        name: The tool's name; empty where its start was missed.
        arguments: As the model wrote them, mostly a JSON object.
        status: ``running``, ``done``, ``error`` or ``cancelled``.
        updates: What the tool told on the way, at most the latest 100.
        result: What it returned, or how it failed; None while it runs, or where it says nothing.
        reply: How the agent's words about it stand; None where it has said none apart from the
            answer itself.
        started_at: When it was called, by the agent's clock.
        ended_at: When it was over.
    """

    call_id: str
    name: str = ""
    arguments: str = ""
    status: ToolStatus = ToolStatus.RUNNING
    updates: tuple[ToolUpdate, ...] = ()
    result: str | None = None
    reply: ToolReplyStatus | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def is_running(self) -> bool:
        """Whether it is not over yet."""
        return self.status is ToolStatus.RUNNING


class ToolCalls:
    """The calls of one agent, by their ids."""

    def __init__(self) -> None:
        self._calls: dict[str, ToolCall] = {}
        self._entries: dict[str, str] = {}
        self._followed: set[str] = set()

    def fold(self, event: ChannelEvent) -> tuple[ToolCall, ...]:
        """Return the calls that the event changes, as they are now."""
        calls: list[ToolCall] = []
        match event:
            case ToolCallStarted(call, at):
                self._followed.add(call.call_id)
                calls = [self._started(call, at)]
            case ToolsStarted(started, at):
                calls = [self._started(call, at) for call in started]
            case ToolCallUpdated():
                calls = [self._updated(event)]
            case ToolCallEnded():
                calls = [self._ended(event)]
            case ToolReplyUpdated():
                calls = self._replied(event)
            case ToolsExecuted():
                calls = self._executed(event)
            case _:
                pass
        return self._put(calls)

    def _put(self, calls: list[ToolCall]) -> tuple[ToolCall, ...]:
        changed = tuple(one for one in calls if self._calls.get(one.call_id) != one)
        for one in changed:
            self._calls[one.call_id] = one
            self._entries[one.call_id] = one.call_id
        while len(self._calls) > MOST_CALLS:
            oldest = next(iter(self._calls))
            del self._calls[oldest]
            self._entries = {key: of for key, of in self._entries.items() if of != oldest}
            self._followed.discard(oldest)
        return changed

    def _call(self, call_id: str) -> ToolCall:
        return self._calls.get(call_id) or ToolCall(call_id)

    def _started(self, call: FunctionCall, at: datetime | None) -> ToolCall:
        known = self._call(call.call_id)
        return attrs.evolve(
            known,
            name=call.name,
            arguments=call.arguments,
            started_at=known.started_at or call.at or at,
        )

    def _updated(self, event: ToolCallUpdated) -> ToolCall:
        known = self._call(event.call_id)
        update = ToolUpdate(event.id, event.message, event.at)
        self._entries[event.id] = event.call_id
        return attrs.evolve(known, updates=(*known.updates, update)[-MOST_UPDATES:])

    def _ended(self, event: ToolCallEnded) -> ToolCall:
        self._entries[event.id] = event.call_id
        return attrs.evolve(
            self._call(event.call_id),
            status=event.status or ToolStatus.DONE,
            result=event.message,
            ended_at=event.at,
        )

    def _replied(self, event: ToolReplyUpdated) -> list[ToolCall]:
        about = dict.fromkeys(self._entries.get(one) for one in event.update_ids)
        known = (self._calls.get(call_id) for call_id in about if call_id is not None)
        return [attrs.evolve(one, reply=event.status) for one in known if one is not None]

    def _executed(self, event: ToolsExecuted) -> list[ToolCall]:
        """Calls of agents that tell no more than that they are answered.

        Where every step of a call is told, the output here may be no more than its first update.
        """
        calls = [call for call in event.calls if call.call_id not in self._followed]
        found = {call.call_id: self._started(call, None) for call in calls}
        for output in event.outputs:
            call = found.get(output.call_id)
            if call is not None and call.is_running:
                status = ToolStatus.ERROR if output.is_error else ToolStatus.DONE
                found[output.call_id] = attrs.evolve(
                    call, status=status, result=output.output, ended_at=output.at or event.at
                )
        return list(found.values())
