"""One message of the conversation, and the two things that can happen to the list of them."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

import attrs

if TYPE_CHECKING:
    from datetime import datetime

    from session_fsm.messages.attachment import Attachment
    from session_fsm.messages.expression import Expression


class MessageKind(StrEnum):
    """Where a message comes from."""

    USER_TRANSCRIPT = "user-transcript"
    """What a person said, written down."""
    AGENT_TRANSCRIPT = "agent-transcript"
    """What the agent says, word by word as it is spoken (or only written)."""
    CHAT = "chat"
    """Text that was typed, by anybody."""


class MessageStatus(StrEnum):
    """What became of a text that the user sent."""

    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNCONFIRMED = "unconfirmed"
    """It left, and nobody can tell any more whether the agent got it."""


@attrs.frozen
class Message:
    """One message.

    Attributes:
        id: Unique in the session; never changes.
        kind: ``user-transcript``, ``agent-transcript`` or ``chat``.
        text: What is known of the text so far.
        timestamp: When it first appeared; aware, UTC; never changes.
        final: The text will not change any more. Once true, always true.
        sender: ``user``, ``agent``, ``avatar``, or the identity of another participant; one that is
            called like a role is ``participant:agent``, say.
        status: ``sending``, ``sent``, ``failed`` or ``unconfirmed`` for the user's own chat, else
            None.
        attachments: The files that belong to it, from the beginning, each with its progress.
        sender_name: Display name of another participant, as known when the message came, maybe
            empty; always empty for the others.
        interrupted: The agent was interrupted; the text is what was really spoken.
        expression: How the agent says it, where it tells.
        restored: It is from an earlier session.
    """

    id: str
    kind: MessageKind
    text: str
    timestamp: datetime
    final: bool
    sender: str
    status: MessageStatus | None = None
    attachments: tuple[Attachment, ...] = ()
    sender_name: str = ""
    interrupted: bool = False
    expression: Expression | None = None
    restored: bool = False

    def with_text(
        self,
        text: str,
        final: bool,  # noqa: FBT001 - the hot path of every word
        expression: Expression | None,
    ) -> Message:
        """Return the message with more of its text; by hand, `attrs.evolve` costs four times it."""
        return Message(
            self.id,
            self.kind,
            text,
            self.timestamp,
            final,
            self.sender,
            self.status,
            self.attachments,
            self.sender_name,
            self.interrupted,
            expression or self.expression,
            self.restored,
        )


@attrs.frozen
class MessageAdded:
    """A message appeared at the end of the list."""

    message: Message


@attrs.frozen
class MessageUpdated:
    """A message changed in its place.

    Attributes:
        message: The message as it is now.
        previous: The message as it was.
    """

    message: Message
    previous: Message


MessageChange: TypeAlias = MessageAdded | MessageUpdated
