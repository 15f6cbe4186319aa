"""How what happens to attachments is folded into the message that lists them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from session_fsm.messages.attachment import Attachment

if TYPE_CHECKING:
    from collections.abc import Iterable

    from session_fsm.messages.message import Message


def pending(ids: Iterable[str]) -> tuple[Attachment, ...]:
    """Return the attachments that a text lists, in its order, each once."""
    return tuple(Attachment(one) for one in dict.fromkeys(ids))


def with_attachment(message: Message, changed: Attachment) -> Message:
    """Return the message with this one of its attachments as it is now."""
    after = tuple(changed if one.id == changed.id else one for one in message.attachments)
    return message if after == message.attachments else attrs.evolve(message, attachments=after)
