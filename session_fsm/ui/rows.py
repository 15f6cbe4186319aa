"""One row of a transcript, and what can happen to the list of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import attrs

from session_fsm.messages.attachment import AttachmentState
from session_fsm.messages.message import MessageStatus
from session_fsm.messages.people import STRANGER

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from session_fsm.messages.attachment import Attachment
    from session_fsm.messages.message import Message

Side: TypeAlias = Literal["user", "agent", "other"]

SIDES: Final[Mapping[str, tuple[Side, str]]] = {
    "user": ("user", "You"),
    "agent": ("agent", "Agent"),
    "avatar": ("agent", "Agent"),
}
"""Who says it -> the side, and what it is called; everybody else is on the side "other"."""
LABELS: Final = frozenset(label.casefold() for _, label in SIDES.values())
NOTES: Final[Mapping[MessageStatus | None, str]] = {
    MessageStatus.SENDING: "sending",
    MessageStatus.FAILED: "not sent: the agent does not have it",
    MessageStatus.UNCONFIRMED: "unconfirmed: the agent may not have it",
}
"""What became of one's own text, where that is worth a word."""
INTERRUPTED: Final = "interrupted"
THINKING_ID: Final = "%thinking"
STEP: Final = 1000
"""So many bytes are a kilobyte, and so on."""


@attrs.frozen
class TranscriptRow:
    """One row.

    Attributes:
        id: The message's; unique in the transcript, and stays.
        side: ``user``, ``agent``, or ``other`` for anybody else in the room.
        sender: What to call whoever says it.
        text: The text so far, without white space around it.
        time: When it first appeared; aware, UTC. None for the row that says that the agent thinks.
        is_final: The text will not change any more.
        note: A word below the text: ``sending``, ``not sent: …``, ``interrupted``; mostly empty.
        attachments: One line for each file, with its progress.
        interrupted: The agent was interrupted; the text is what was really spoken.
        restored: It is from an earlier session.
        is_thinking: It is no message: the agent thinks. Always the last one.
    """

    id: str
    side: Side
    sender: str
    text: str
    time: datetime | None
    is_final: bool
    note: str = ""
    attachments: tuple[str, ...] = ()
    interrupted: bool = False
    restored: bool = False
    is_thinking: bool = False


THINKING: Final = TranscriptRow(
    THINKING_ID, "agent", "Agent", "Thinking…", None, is_final=False, is_thinking=True
)
"""What is shown at the end while the agent thinks."""


@attrs.frozen
class RowInserted:
    """There is a new row at this index."""

    index: int
    row: TranscriptRow


@attrs.frozen
class RowUpdated:
    """The row at this index changed."""

    index: int
    row: TranscriptRow


@attrs.frozen
class RowRemoved:
    """The row that was at this index is gone."""

    index: int
    row: TranscriptRow


@attrs.frozen(eq=False)
class RowsReplaced:
    """These are all rows: the first thing that is told, and what a start or a jump leads to."""

    rows: Sequence[TranscriptRow]


TranscriptChange: TypeAlias = RowInserted | RowUpdated | RowRemoved | RowsReplaced


def row_of(message: Message) -> TranscriptRow:
    """Return the row of a message."""
    side, sender = SIDES.get(message.sender) or ("other", _stranger(message))
    return TranscriptRow(
        message.id,
        side,
        sender,
        message.text.strip(),
        message.timestamp,
        message.final,
        INTERRUPTED if message.interrupted else NOTES.get(message.status, ""),
        tuple([line_of(one) for one in message.attachments]),
        message.interrupted,
        message.restored,
    )


def _stranger(message: Message) -> str:
    """Return what to call somebody else, who must not look like the agent or like the user."""
    identity = message.sender.removeprefix(STRANGER)
    name = message.sender_name.strip() or identity
    return f"{name} ({identity})" if name.casefold() in LABELS else name


def line_of(attachment: Attachment) -> str:
    """Return what to show of a file."""
    return f"{attachment.name or 'a file'}, {_LINES[attachment.state](attachment)}"


def _progress(attachment: Attachment) -> str:
    if not attachment.size:
        return _bytes(attachment.transferred)
    share = min(100, 100 * attachment.transferred // attachment.size)
    return f"{share} % of {_bytes(attachment.size)}"


def _bytes(count: int) -> str:
    size, units = float(count), ["GB", "MB", "kB", "bytes"]
    while size >= STEP and len(units) > 1:
        size /= STEP
        units.pop()
    return f"{size:.0f} {units[-1]}" if units[-1] == "bytes" else f"{size:.1f} {units[-1]}"


_LINES: Final[Mapping[AttachmentState, Callable[[Attachment], str]]] = {
    AttachmentState.PENDING: lambda _: "waiting",
    AttachmentState.TRANSFERRING: _progress,
    AttachmentState.COMPLETE: lambda one: _bytes(one.transferred),
    AttachmentState.BROKEN_OFF: lambda one: f"broken off at {_progress(one)}",
    AttachmentState.CANCELLED: lambda _: "cancelled",
}
"""How far a file is -> what to show of that."""
