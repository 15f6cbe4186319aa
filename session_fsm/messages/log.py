"""The list of messages, and what is needed to change it at a cost that does not grow with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs
from pyrsistent import PMap, PVector, pmap, pvector

from session_fsm.messages.message import (
    Message,
    MessageAdded,
    MessageChange,
    MessageKind,
    MessageStatus,
    MessageUpdated,
)

if TYPE_CHECKING:
    from datetime import datetime

    from session_fsm.events import SpeechCorrected
    from session_fsm.messages.expression import Expression

    Changes = tuple[MessageChange, ...]


@attrs.frozen
class OpenStream:
    """A stream that has not ended: where its text goes, and what its header said."""

    message_id: str
    kind: MessageKind
    sender: str
    sender_name: str
    speaker: str
    timestamp: datetime
    says_final: bool = False
    expression: Expression | None = None
    started: bool = False


@attrs.frozen(eq=False)
class Index:
    """What is remembered beside the messages; all of it but ``places`` is small.

    Attributes:
        places: Message id -> place in the list.
        streams: Stream id -> open stream.
        newest: Message id -> id of the stream that was opened for it last.
        unfinished: Ids of the messages that are not final.
        unspoken: Speaker and id of the agent's last messages that no correction came for yet.
        early: Items of the agent's history that came before the words they are about.
        sending: How many of the user's texts are on their way.
        restored: How many messages at the beginning are from an earlier session.
        cut: How many messages were cut off at the limit.
        refused: How many streams were refused because too many were open.
    """

    places: PMap[str, int]
    streams: PMap[str, OpenStream]
    newest: PMap[str, str]
    unfinished: PMap[str, bool]
    unspoken: tuple[tuple[str, str], ...] = ()
    early: tuple[SpeechCorrected, ...] = ()
    sending: int = 0
    restored: int = 0
    cut: int = 0
    refused: int = 0


@attrs.frozen(eq=False)
class MessageLog:
    """All messages in the order of their first appearance. Persistent."""

    messages: PVector[Message]
    index: Index

    def find(self, message_id: str) -> Message | None:
        """Return the message of this id, or None."""
        place = self.index.places.get(message_id)
        return None if place is None else self.messages[place]

    def add(self, message: Message) -> tuple[MessageLog, Changes]:
        """Append a message."""
        index = self.index
        unfinished = index.unfinished
        index = attrs.evolve(
            index,
            places=index.places.set(message.id, len(self.messages)),
            unfinished=unfinished if message.final else unfinished.set(message.id, True),  # noqa: FBT003
            sending=index.sending + (message.status is MessageStatus.SENDING),
        )
        return MessageLog(self.messages.append(message), index), (MessageAdded(message),)

    def put(self, message: Message) -> tuple[MessageLog, Changes]:
        """Put a message in the place of the one with its id."""
        place = self.index.places[message.id]
        before = self.messages[place]
        if before == message:
            return self, ()
        index = self.index
        if before.final is not message.final or before.status is not message.status:
            sent = before.status is MessageStatus.SENDING is not message.status
            index = attrs.evolve(
                index, unfinished=index.unfinished.discard(message.id), sending=index.sending - sent
            )
        log = MessageLog(self.messages.set(place, message), index)
        return log, (MessageUpdated(message, before),)


EMPTY_LOG: Final = MessageLog(pvector(), Index(pmap(), pmap(), pmap(), pmap()))


def log_of(restored: list[Message]) -> MessageLog:
    """Return a log that begins with messages of an earlier session."""
    if not restored:
        return EMPTY_LOG
    places = {message.id: place for place, message in enumerate(restored)}
    index = attrs.evolve(EMPTY_LOG.index, places=pmap(places), restored=len(restored))
    return MessageLog(pvector(restored), index)


def begin(log: MessageLog) -> MessageLog:
    """Return the log of a new run: what was restored stays, what the last run said goes."""
    return log_of(list(log.messages[: log.index.restored]))
