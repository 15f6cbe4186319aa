"""What an agent's history is made of: one frozen class for each kind of item.

Source: ``livekit_agent_session.proto`` of livekit-protocol 1.1.29, as livekit-agents 1.8.9 fills
it. Times are aware and UTC, or None where the agent gave none that makes sense; durations are
seconds.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

import attrs

from session_fsm.roster import NO_ATTRIBUTES, frozen

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


class ChatRole(StrEnum):
    """Whose words a message holds."""

    DEVELOPER = "developer"
    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"


@attrs.frozen
class TurnMetrics:
    """How long the parts of one turn took; what was not measured is None.

    Attributes:
        item_id: Id of the message that they belong to.
        role: Whose message it is: the user's has the delays of listening, the agent's those of
            answering.
        started_speaking_at: When the speech began.
        stopped_speaking_at: When it ended.
        transcription_delay: From the end of the speech to its text.
        end_of_turn_delay: From the end of the speech to the decision that the turn is over.
        on_user_turn_completed_delay: What the agent's own callback took.
        llm_node_ttft: Until the language model's first token.
        llm_node_ttfs: Until its first sentence.
        llm_node_tps: Its tokens per second.
        tts_node_ttfb: Until the voice's first byte.
        e2e_latency: From the end of the user's speech to the agent's first sound.
    """

    item_id: str
    role: ChatRole | None
    started_speaking_at: datetime | None = None
    stopped_speaking_at: datetime | None = None
    transcription_delay: float | None = None
    end_of_turn_delay: float | None = None
    on_user_turn_completed_delay: float | None = None
    llm_node_ttft: float | None = None
    llm_node_ttfs: float | None = None
    llm_node_tps: float | None = None
    tts_node_ttfb: float | None = None
    e2e_latency: float | None = None


@attrs.frozen
class ChatMessage:
    """Words of one side.

    Attributes:
        id: Unique in the history.
        role: Whose they are; None where the agent gave a role that is not known here.
        text: The words. Of interrupted speech those that were spoken.
        interrupted: The agent was interrupted.
        transcript_confidence: 0 to 1, of speech that was written down.
        extra: Whatever the agent's program adds.
        metrics: How long the turn took, or None where nothing was measured.
        at: When it was said.
    """

    id: str
    role: ChatRole | None
    text: str
    interrupted: bool = False
    transcript_confidence: float | None = None
    extra: Mapping[str, str] = attrs.field(default=NO_ATTRIBUTES, converter=frozen, hash=False)
    metrics: TurnMetrics | None = None
    at: datetime | None = None


@attrs.frozen
class FunctionCall:
    """The agent calls one of its tools.

    Attributes:
        id: Unique in the history; empty where the agent gave none.
        call_id: The same in the call, its progress and its output.
        name: The tool's name.
        arguments: As the model wrote them, mostly a JSON object.
        extra: Whatever the agent's program adds.
        at: When it was called.
    """

    id: str
    call_id: str
    name: str
    arguments: str
    extra: Mapping[str, str] = attrs.field(default=NO_ATTRIBUTES, converter=frozen, hash=False)
    at: datetime | None = None


@attrs.frozen
class FunctionCallOutput:
    """What a tool returned.

    Attributes:
        id: Unique in the history; empty where the agent gave none.
        call_id: That of the call.
        name: The tool's name.
        output: What it returned, as text.
        is_error: It failed, and ``output`` says how.
        at: When it returned.
    """

    id: str
    call_id: str
    name: str
    output: str
    is_error: bool = False
    at: datetime | None = None


@attrs.frozen
class AgentHandoff:
    """Another of the program's agents takes the conversation over; the participant stays.

    Attributes:
        id: Unique in the history.
        old_agent_id: Who had it before, or None for the first.
        new_agent_id: Who has it now.
        at: When.
    """

    id: str
    old_agent_id: str | None
    new_agent_id: str
    at: datetime | None = None


@attrs.frozen
class AgentConfigUpdate:
    """The agent got other instructions or tools.

    Attributes:
        id: Unique in the history.
        instructions: The new ones, or None where they stay.
        tools_added: Names.
        tools_removed: Names.
        at: When.
    """

    id: str
    instructions: str | None = None
    tools_added: tuple[str, ...] = ()
    tools_removed: tuple[str, ...] = ()
    at: datetime | None = None


@attrs.frozen
class UnknownItem:
    """An item of a kind that is not known here.

    Attributes:
        kind: Its name on the wire, or ``field-<number>`` where even that is unknown.
    """

    kind: str


ChatItem: TypeAlias = (
    ChatMessage | FunctionCall | FunctionCallOutput | AgentHandoff | AgentConfigUpdate | UnknownItem
)
