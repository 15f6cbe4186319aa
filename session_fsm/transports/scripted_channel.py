"""The session channel of a scripted agent: it tells and answers what livekit-agents 1.8.9 does."""

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import attrs

from session_fsm.channel.wire import TOPIC, protocol
from session_fsm.data.info import StreamHeader, StreamKind
from session_fsm.transports.received import Received

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from session_fsm.data.info import StreamInfo
    from session_fsm.transports.loopback import LoopbackRoom

AGENT_ID = "scripted_agent"
ROLES = ("developer", "system", "user", "assistant")
STATES = ("initializing", "idle", "listening", "thinking", "speaking")
USER_STATES = ("speaking", "listening", "away")
TOOL_STATUSES = ("running", "done", "error", "cancelled")


@attrs.frozen
class Place:
    """Where an agent does a job."""

    room: LoopbackRoom
    identity: str
    hear: Callable[[str], None] = attrs.field(eq=False)


@attrs.define(eq=False)
class ScriptedChannel:
    """What the agent tells of itself, and answers.

    Attributes:
        is_served: Whether it tells and answers anything.
        is_deaf: Its session has ended: it still answers, but takes up no text.
        user_state: ``speaking``, ``listening`` or ``away``; told by `user`.
        asked: The kinds of all requests that have reached it.
        muted: What it was told not to hear, see, say, show or write: ``input.audio`` and so on.
    """

    _places: Callable[[], Iterable[Place]]
    is_served: bool = True
    is_deaf: bool = False
    user_state: str = "listening"
    asked: list[str] = attrs.field(factory=list[str])
    muted: set[str] = attrs.field(factory=set[str])
    _history: list[Any] = attrs.field(factory=list[Any], repr=False)
    _tokens: int = 0
    _runs: deque[tuple[Place, str, str]] = attrs.field(
        factory=deque[tuple["Place", str, str]], repr=False
    )

    # What it tells ------------------------------------------------------------------------------

    def event(self, at: Place | None = None, **event: Any) -> None:
        """Tell an event: the name of its field, and its message."""
        if self.is_served:
            wire = protocol()
            told = wire.AgentSessionEvent(created_at=datetime.now(UTC), **event)
            self.send(wire.AgentSessionMessage(event=told).SerializeToString(), at)

    def send(self, data: bytes, at: Place | None = None) -> None:
        """Send whatever it is, as the agent."""
        for place in self._places() if at is None else (at,):
            header = StreamHeader(
                str(uuid4()), StreamKind.BYTES, TOPIC, name="message", size=len(data)
            )
            stream = place.room.open_stream(place.identity, header)
            stream.write(data)
            stream.close()

    def said(
        self, role: str, text: str, *, interrupted: bool = False, at: Place | None = None
    ) -> None:
        """Add words to the history: what the ``user`` or the ``assistant`` said."""
        wire = protocol()
        message = wire.ChatMessage(
            id=f"item_{uuid4().hex[:12]}",
            role=ROLES.index(role),
            content=[wire.ChatMessage.ChatContent(text=text)],
            interrupted=interrupted,
            created_at=datetime.now(UTC),
        )
        if role == "assistant":
            message.metrics.CopyFrom(wire.MetricsReport(llm_node_ttft=0.1, e2e_latency=0.3))
        self._add(wire.ChatContext.ChatItem(message=message), at)

    def hand_off(self, old: str, new: str) -> None:
        """Hand the conversation over to another agent of the program."""
        wire = protocol()
        item_id = f"item_{uuid4().hex[:12]}"
        handoff = wire.AgentHandoff(id=item_id, old_agent_id=old, new_agent_id=new)
        self._add(wire.ChatContext.ChatItem(agent_handoff=handoff))

    def _add(self, item: Any, at: Place | None = None) -> None:
        self._history.append(item)
        added = protocol().AgentSessionEvent.ConversationItemAdded(item=item)
        self.event(at, conversation_item_added=added)

    def user(self, state: str) -> None:
        """Take the user to be doing something else."""
        before, self.user_state = self.user_state, state
        changed = protocol().AgentSessionEvent.UserStateChanged(
            old_state=USER_STATES.index(before), new_state=USER_STATES.index(state)
        )
        self.event(user_state_changed=changed)

    def use(self, tokens: int, at: Place | None = None) -> None:
        """Use the language model."""
        self._tokens += tokens
        told = protocol().AgentSessionEvent.SessionUsageUpdated(usage=self._usage())
        self.event(at, session_usage_updated=told)

    def _usage(self) -> Any:
        wire = protocol()
        used = wire.LLMModelUsage(provider="script", model="script", output_tokens=self._tokens)
        models = [wire.ModelUsage(llm=used)] if self._tokens else []
        return wire.AgentSessionUsage(model_usage=models)

    def call_tool(
        self,
        name: str,
        arguments: str = "{}",
        *,
        updates: Iterable[str] = (),
        result: str | None = None,
        status: str = "done",
    ) -> str:
        """Call a tool, tell how far it is, and how it ends; ``running`` leaves it running.

        Returns:
            The id of the call.
        """
        step = protocol().AgentSessionEvent.ToolExecutionUpdated
        call_id = f"call_{uuid4().hex[:8]}"
        call = protocol().FunctionCall(id=call_id, call_id=call_id, name=name, arguments=arguments)
        self.event(tool_execution_updated=step(started=step.Started(function_call=call)))
        for place, message in enumerate(updates):
            entry = f"{call_id}_update_{place}" if place else call_id
            updated = step.CallUpdated(id=entry, call_id=call_id, message=message)
            self.event(tool_execution_updated=step(call_updated=updated))
        if status != "running":
            ended = step.Ended(
                id=call_id,
                call_id=call_id,
                message=result,
                status=TOOL_STATUSES.index(status),
            )
            self.event(tool_execution_updated=step(ended=ended))
        return call_id

    def fail(self, message: str) -> None:
        """Report an error."""
        self.event(error=protocol().AgentSessionEvent.Error(message=message))

    def false_interruption(self, *, resumed: bool) -> None:
        """Find out that what stopped it was no interruption."""
        told = protocol().AgentSessionEvent.AgentFalseInterruption(resumed=resumed)
        self.event(agent_false_interruption=told)

    # What the script goes through ---------------------------------------------------------------

    def reported(self, at: Place, before: str, after: str) -> None:
        """The agent does something else."""
        if before in STATES and after in STATES:
            changed = protocol().AgentSessionEvent.AgentStateChanged(
                old_state=STATES.index(before), new_state=STATES.index(after)
            )
            self.event(at, agent_state_changed=changed)

    def answered(self, at: Place, text: str, reply: str) -> None:
        """A turn is over: the agent said all of the reply to the text."""
        self.said("assistant", reply, at=at)
        self.use(len(reply.split()), at)
        if self._runs and self._runs[0][2] == text and self._runs[0][0].identity == at.identity:
            place, request_id, _ = self._runs.popleft()
            items = [self._history[-1]]
            self._answer(place, request_id, "run_input", "RunInputResponse", items=items)

    # What it is asked ---------------------------------------------------------------------------

    def take(self, place: Place, info: StreamInfo) -> tuple[Received, ...]:
        """Take a request."""
        return (Received(info, partial(self._asked, place)),) if self.is_served else ()

    def _asked(self, place: Place, stream: Received) -> None:
        data = stream.payload
        message = protocol().AgentSessionMessage()
        message.ParseFromString(data if isinstance(data, bytes) else data.encode())
        request = message.request
        kind = request.WhichOneof("request") or ""
        self.asked.append(kind)
        answer = partial(self._answer, place, request.request_id, kind)
        agent = next((one for one in place.room.roster if one.identity == place.identity), None)
        match kind:
            case "ping":
                answer("Pong", field="pong")
            case "get_chat_history":
                answer("GetChatHistoryResponse", items=self._history)
            case "get_agent_info":
                answer(
                    "GetAgentInfoResponse",
                    id=AGENT_ID,
                    instructions="Play the script.",
                    tools=["script"],
                    chat_ctx=self._history,
                )
            case "get_session_state":
                report = "" if agent is None else agent.report
                answer(
                    "GetSessionStateResponse",
                    agent_state=STATES.index(report) if report in STATES else 1,
                    user_state=USER_STATES.index(self.user_state),
                    agent_id=AGENT_ID,
                    options={"script": "True"},
                )
            case "get_session_usage":
                answer("GetSessionUsageResponse", usage=self._usage())
            case "get_framework_info":
                answer("GetFrameworkInfoResponse", sdk="script", sdk_version="1")
            case "get_rtc_stats":
                answer("GetRTCStatsResponse")
            case "update_io":
                self._mute(request.update_io)
                answer("UpdateIOResponse")
            case "run_input":
                self._run(place, request.request_id, request.run_input.text)
            case _:
                pass

    def _answer(
        self,
        place: Place,
        request_id: str,
        kind: str,
        message: str,
        *,
        error: str | None = None,
        field: str | None = None,
        **fields: Any,
    ) -> None:
        wire = protocol()
        body = getattr(wire.SessionResponse, message)(**fields)
        response = wire.SessionResponse(request_id=request_id, error=error, **{field or kind: body})
        self.send(wire.AgentSessionMessage(response=response).SerializeToString(), place)

    def _mute(self, io: Any) -> None:
        for side in ("input", "output"):
            for what in ("audio", "video", "transcription"):
                field = f"{what}_enabled"
                wire = getattr(io, side)
                if field in wire.DESCRIPTOR.fields_by_name and wire.HasField(field):
                    change = self.muted.discard if getattr(wire, field) else self.muted.add
                    change(f"{side}.{what}")

    def _run(self, place: Place, request_id: str, text: str) -> None:
        if self.is_deaf:
            error = "AgentSession is closing, cannot use generate_reply()"
            self._answer(place, request_id, "run_input", "RunInputResponse", error=error)
        else:
            self._runs.append((place, request_id, text))
            place.hear(text)
