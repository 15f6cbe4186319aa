"""Streams of text, and the list of messages that they become."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Self

from session_fsm.events import TextChunk, TextClosed, TextFact, TextOpened
from session_fsm.messages.log import EMPTY_LOG
from session_fsm.messages.merge import finish, merge
from session_fsm.messages.people import Room
from unit.core.scenes import agent, stranger

if TYPE_CHECKING:
    from session_fsm.messages.message import Message, MessageChange

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
ROOM = Room(
    "me",
    (
        agent("bot"),
        agent("face", speaks_for="bot"),
        stranger("eve", "speaking", speaks_for="bot"),
        stranger("agent"),
    ),
)


def opened(
    stream: str,
    sender: str = "bot",
    *,
    segment: str = "",
    chat: bool = False,
    minute: int = 0,
    **header: str,
) -> TextOpened:
    attributes = {**header, "lk.segment_id": segment} if segment else header
    topic = "lk.chat" if chat else "lk.transcription"
    return TextOpened(stream, topic, sender, attributes, NOON + timedelta(minutes=minute))


def closed(stream: str, *, broken: bool = False, final: str | None = None) -> TextClosed:
    return TextClosed(stream, {} if final is None else {"lk.transcription_final": final}, broken)


class Chat:
    """A log, and the changes that it told last."""

    def __init__(self) -> None:
        self.log = EMPTY_LOG
        self.told: tuple[MessageChange, ...] = ()

    def take(self, *facts: TextFact | tuple[str, str]) -> Self:
        """Take facts; a pair is a chunk: stream and text."""
        for fact in facts:
            whole = TextChunk(*fact) if isinstance(fact, tuple) else fact
            self.log, self.told = merge(self.log, whole, ROOM)
        return self

    def finish(self) -> Self:
        self.log, self.told = finish(self.log)
        return self

    @property
    def messages(self) -> list[Message]:
        return list(self.log.messages)

    @property
    def texts(self) -> list[str]:
        return [one.text for one in self.log.messages]

    @property
    def finals(self) -> list[bool]:
        return [one.final for one in self.log.messages]
