"""The conversation as JSON-able data, and back: what a program keeps from one day to the next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Self, cast

from session_fsm.messages.attachment import Attachment, AttachmentState
from session_fsm.messages.expression import Expression
from session_fsm.messages.message import Message, MessageKind, MessageStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

RESTORED: Final = "%restored/"
"""What the id of a restored message begins with: no other id can, which hold no bare ``%``."""


def exported(messages: Iterable[Message]) -> list[dict[str, Any]]:
    """Return the messages as data that ``json.dumps`` takes and ``Session(history=…)`` as well."""
    return [_entry(message) for message in messages]


def _entry(message: Message) -> dict[str, Any]:
    expression = message.expression
    return {
        "id": message.id,
        "kind": message.kind.value,
        "text": message.text,
        "timestamp": message.timestamp.isoformat(),
        "final": message.final,
        "sender": message.sender,
        "status": None if message.status is None else message.status.value,
        "sender_name": message.sender_name,
        "interrupted": message.interrupted,
        "expression": expression and {"expression": expression.expression, "mood": expression.mood},
        "attachments": [_file(one) for one in message.attachments],
    }


def _file(attachment: Attachment) -> dict[str, Any]:
    return {
        "id": attachment.id,
        "name": attachment.name,
        "mime_type": attachment.mime_type,
        "size": attachment.size,
        "transferred": attachment.transferred,
        "state": attachment.state.value,
    }


def restored(history: object) -> list[Message]:
    """Return the messages that were exported once, marked as restored.

    All of them are final; a text that was on its way is ``unconfirmed`` now, a file ``broken-off``.
    Files are listed, without what was in them.

    Raises:
        TypeError: The history, or something in it, is of the wrong type.
        ValueError: Something in it cannot be understood; the text names the entry.
    """
    if isinstance(history, str | bytes) or not isinstance(history, Sequence):
        raise TypeError(
            "history must be a list as session.messages.export() returns it, "
            f"not {type(history).__name__}."
        )
    entries = cast("Sequence[object]", history)
    messages = [_message(place, entry) for place, entry in enumerate(entries)]
    seen: dict[str, int] = {}
    for place, message in enumerate(messages):
        if message.id in seen:
            raise ValueError(f"history[{place}] has the id of history[{seen[message.id]}].")
        seen[message.id] = place
    return messages


def _message(place: int, entry: object) -> Message:
    fields = _Fields.of(f"history[{place}]", entry)
    key = fields.text("id")
    status = fields.choice("status", MessageStatus, required=False)
    if status is MessageStatus.SENDING:
        status = MessageStatus.UNCONFIRMED
    return Message(
        key if key.startswith(RESTORED) else RESTORED + key,
        fields.choice("kind", MessageKind, required=True) or MessageKind.CHAT,
        fields.text("text", empty=True),
        fields.time("timestamp"),
        final=True,
        sender=fields.text("sender", empty=True),
        status=status,
        sender_name=fields.text("sender_name", empty=True, default=""),
        interrupted=fields.flag("interrupted"),
        expression=fields.expression("expression"),
        restored=True,
        attachments=tuple([_attachment(one) for one in fields.entries("attachments")]),
    )


def _attachment(fields: _Fields) -> Attachment:
    state = fields.choice("state", AttachmentState, required=True)
    if state in {AttachmentState.PENDING, AttachmentState.TRANSFERRING}:
        state = AttachmentState.BROKEN_OFF
    return Attachment(
        fields.text("id"),
        fields.text("name", empty=True, default=""),
        fields.text("mime_type", empty=True, default=""),
        fields.number("size"),
        fields.number("transferred") or 0,
        state,
    )


class _Fields:
    """The fields of one entry; each error names the entry and the field."""

    def __init__(self, where: str, entry: Mapping[str, object]) -> None:
        self._where = where
        self._entry = entry

    @classmethod
    def of(cls, where: str, entry: object) -> Self:
        if not isinstance(entry, Mapping):
            raise TypeError(f"{where} must be a dict, not {type(entry).__name__}.")
        return cls(where, cast("Mapping[str, object]", entry))

    def entries(self, name: str) -> list[Self]:
        found = self._entry.get(name, ())
        if isinstance(found, str | bytes) or not isinstance(found, Sequence):
            raise TypeError(self._says(name, f"must be a list, not {type(found).__name__}"))
        entries = enumerate(cast("Sequence[object]", found))
        return [self.of(f"{self._where}[{name!r}][{place}]", one) for place, one in entries]

    def number(self, name: str) -> int | None:
        value = self._entry.get(name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
            raise TypeError(self._says(name, f"must be an int, not {type(value).__name__}"))
        return value

    def text(self, name: str, *, empty: bool = False, default: str | None = None) -> str:
        value = self._entry.get(name, default)
        if not isinstance(value, str):
            raise TypeError(self._says(name, f"must be a str, not {type(value).__name__}"))
        if not value and not empty:
            raise ValueError(self._says(name, "must not be empty"))
        return value

    def optional(self, name: str) -> str | None:
        return None if self._entry.get(name) is None else self.text(name, empty=True)

    def flag(self, name: str) -> bool:
        value = self._entry.get(name, False)
        if not isinstance(value, bool):
            raise TypeError(self._says(name, f"must be a bool, not {type(value).__name__}"))
        return value

    def time(self, name: str) -> datetime:
        value = self.text(name)
        try:
            found = datetime.fromisoformat(value)
            return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError):
            raise ValueError(self._says(name, f"is no ISO 8601 time: {value[:40]!r}")) from None

    def choice(self, name: str, enum: Callable[[str], Any], *, required: bool) -> Any:
        if not required and self._entry.get(name) is None:
            return None
        value = self.text(name)
        try:
            return enum(value)
        except ValueError:
            raise ValueError(self._says(name, f"cannot be {value[:40]!r}")) from None

    def expression(self, name: str) -> Expression | None:
        value = self._entry.get(name)
        if value is None:
            return None
        inner = self.of(f"{self._where}[{name!r}]", value)
        expression, mood = (inner.optional(key) for key in ("expression", "mood"))
        return Expression(expression, mood)

    def _says(self, name: str, what: str) -> str:
        return f"{self._where}[{name!r}] {what}."
