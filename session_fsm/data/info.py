"""What the header of a stream says."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import attrs

from session_fsm.roster import NO_ATTRIBUTES, frozen

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


class StreamKind(StrEnum):
    """What a stream carries."""

    TEXT = "text"
    BYTES = "bytes"


@attrs.frozen
class StreamInfo:
    """The header of a stream that somebody sends.

    Attributes:
        id: LiveKit's id of the stream.
        kind: ``text`` or ``bytes``.
        topic: What it is about.
        sender: Identity of the participant that sends it.
        timestamp: When it was opened, by the sender's clock; aware, UTC.
        sender_name: The sender's display name, maybe empty.
        name: The file's name as the sender gave it: data, never a path; empty for texts.
        mime_type: As the sender gave it, maybe empty.
        size: Bytes in all, or None where the sender did not say.
        attributes: The header's attributes.
        attachments: The ids of the byte streams that belong to a text.
    """

    id: str
    kind: StreamKind
    topic: str
    sender: str
    timestamp: datetime
    sender_name: str = ""
    name: str = ""
    mime_type: str = ""
    size: int | None = None
    attributes: Mapping[str, str] = attrs.field(default=NO_ATTRIBUTES, converter=frozen, hash=False)
    attachments: tuple[str, ...] = ()


@attrs.frozen
class StreamHeader:
    """What a stream of our own is opened with.

    Attributes:
        id: LiveKit's id of the stream; unique.
        kind: ``text`` or ``bytes``.
        topic: What it is about.
        to: Identities that get it; empty: everybody in the room.
        name: The file's name; empty for texts.
        mime_type: What it carries; empty for texts.
        size: Bytes in all, or None where that is not known yet.
        attributes: Anything, for the receiver.
        attachments: The ids of the byte streams that belong to a text.
    """

    id: str
    kind: StreamKind
    topic: str
    to: tuple[str, ...] = ()
    name: str = ""
    mime_type: str = ""
    size: int | None = None
    attributes: Mapping[str, str] = attrs.field(default=NO_ATTRIBUTES, converter=frozen, hash=False)
    attachments: tuple[str, ...] = ()
