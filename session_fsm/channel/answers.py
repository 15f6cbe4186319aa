"""What an agent answers when it is asked about itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from session_fsm.roster import NO_ATTRIBUTES, frozen

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from session_fsm.channel.items import ChatItem
    from session_fsm.states import AgentState, UserState


@attrs.frozen
class Items:
    """Part of a history, the oldest item first."""

    items: tuple[ChatItem, ...]


@attrs.frozen
class AgentInfo:
    """The agent that has the conversation now.

    Attributes:
        id: As the program calls it; changes with a hand-off.
        instructions: What its model is told, or None.
        tools: The names of its tools.
        items: Its own context: what its model knows of the conversation.
    """

    id: str
    instructions: str | None
    tools: tuple[str, ...]
    items: tuple[ChatItem, ...]


@attrs.frozen
class AgentSessionInfo:
    """How the agent's session stands.

    Attributes:
        agent_state: What the agent does; None where the word is not known here.
        user_state: What the agent takes the user to be doing; None as above.
        agent_id: As the program calls the agent that has the conversation.
        options: The session's options, as text.
        started_at: When it began.
    """

    agent_state: AgentState | None
    user_state: UserState | None
    agent_id: str
    options: Mapping[str, str] = attrs.field(default=NO_ATTRIBUTES, converter=frozen, hash=False)
    started_at: datetime | None = None


@attrs.frozen
class FrameworkInfo:
    """What the agent's program is built with.

    Attributes:
        sdk: ``python`` or another.
        version: Of that SDK.
    """

    sdk: str
    version: str


@attrs.frozen
class RtcStats:
    """The agent's WebRTC statistics, as JSON-like objects; empty where it has none.

    Attributes:
        publisher: Of what it sends.
        subscriber: Of what it receives.
    """

    publisher: tuple[Mapping[str, Any], ...] = attrs.field(default=(), hash=False)
    subscriber: tuple[Mapping[str, Any], ...] = attrs.field(default=(), hash=False)
