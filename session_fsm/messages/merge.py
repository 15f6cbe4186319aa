"""How text streams become one list of messages: the merge rule.

A message is what one participant says in one segment: its key is (participant, ``lk.segment_id``,
or the stream's id where there is none). Chunks of the same stream append. A new stream for the same
segment replaces what the stream before it said, from its first chunk on; what the older one still
brings is ignored. Id, place and timestamp never change. ``final`` is monotone: it comes with the
end of a stream whose trailer (or header) says so, and with the end of a stream that breaks off. A
message appears with its first text.

Wire facts (livekit-agents 1.8.9): an agent's segment is one stream of deltas whose trailer sets
``lk.transcription_final``; a user's segment is a new stream for every update, each with the whole
text so far.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs
from pyrsistent import PMap, PVector, pmap, pvector

from session_fsm.events import (
    AttachmentChanged,
    SpeechCorrected,
    TextChunk,
    TextClosed,
    TextFact,
    TextOpened,
    TextSettled,
    TextSubmitted,
)
from session_fsm.messages.attachments import pending, with_attachment
from session_fsm.messages.message import (
    Message,
    MessageAdded,
    MessageChange,
    MessageKind,
    MessageUpdated,
)
from session_fsm.roster import Roster, find

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

CHAT_TOPIC: Final = "lk.chat"
TRANSCRIPTION_TOPIC: Final = "lk.transcription"
SEGMENT_ID: Final = "lk.segment_id"
FINAL: Final = "lk.transcription_final"


@attrs.frozen
class OpenStream:
    """A stream that has not ended: where its text goes, and what its header said."""

    message_id: str
    kind: MessageKind
    sender: str
    timestamp: datetime
    header: Mapping[str, str] = attrs.field(hash=False)
    started: bool = False


@attrs.frozen(eq=False)
class MessageLog:
    """All messages of a run, and what is needed to merge the next fact. Persistent.

    Attributes:
        messages: The messages in the order of their first appearance.
        places: Message id -> place in ``messages``.
        streams: Stream id -> open stream.
        newest: Message id -> id of the stream that was opened for it last.
    """

    messages: PVector[Message]
    places: PMap[str, int]
    streams: PMap[str, OpenStream]
    newest: PMap[str, str]


EMPTY_LOG: Final = MessageLog(pvector(), pmap(), pmap(), pmap())


@attrs.frozen
class Room:
    """What is known of the people in the room, to tell who said something."""

    local_identity: str | None
    roster: Roster
    local_tracks: frozenset[str] = frozenset()

    def sender(self, identity: str) -> str:
        """Return ``user``, ``agent``, ``avatar`` or the identity itself."""
        if identity == self.local_identity:
            return "user"
        known = find(self.roster, identity)
        if known is None:
            return identity
        return "avatar" if known.is_avatar else "agent"


def merge(
    log: MessageLog, fact: TextFact, room: Room
) -> tuple[MessageLog, tuple[MessageChange, ...]]:
    """Fold one fact into the log: a chunk costs the same at any length of it."""
    match fact:
        case TextChunk():
            return _chunk(log, fact)
        case TextOpened():
            return _opened(log, fact, room)
        case TextClosed():
            return _closed(log, fact)
        case TextSubmitted(message):
            return _add(log, message)
        case TextSettled() | AttachmentChanged():
            return _touched(log, fact)
        case SpeechCorrected():
            return log, ()


def _touched(
    log: MessageLog, fact: TextSettled | AttachmentChanged
) -> tuple[MessageLog, tuple[MessageChange, ...]]:
    place = log.places.get(fact.message_id)
    if place is None:
        return log, ()
    before = log.messages[place]
    if isinstance(fact, AttachmentChanged):
        return _put(log, with_attachment(before, fact.attachment))
    return _put(log, attrs.evolve(before, status=fact.status))


def finish(log: MessageLog) -> tuple[MessageLog, tuple[MessageChange, ...]]:
    """End the run: streams that are still open broke off, and every message is final."""
    changes: tuple[MessageChange, ...] = ()
    log = attrs.evolve(log, streams=pmap(), newest=pmap())
    for message in log.messages:
        if not message.final:
            log, change = _put(log, attrs.evolve(message, final=True))
            changes += change
    return log, changes


def message_id(sender: str, attributes: Mapping[str, str], stream_id: str) -> str:
    """Return the id of the message that a text stream belongs to."""
    who = sender.replace("%", "%25").replace("/", "%2F")  # no two keys make the same id
    return f"{who}/{attributes.get(SEGMENT_ID) or stream_id}"


def _opened(
    log: MessageLog, fact: TextOpened, room: Room
) -> tuple[MessageLog, tuple[MessageChange, ...]]:
    key = message_id(fact.sender, fact.attributes, fact.stream_id)
    sender = room.sender(fact.sender)
    stream = OpenStream(
        key, _kind(fact.topic, sender), sender, fact.timestamp, dict(fact.attributes)
    )
    log = attrs.evolve(
        log,
        streams=log.streams.set(fact.stream_id, stream),
        newest=log.newest.set(key, fact.stream_id),
    )
    if fact.topic != CHAT_TOPIC or not fact.attachments or key in log.places:
        return log, ()
    files = pending(fact.attachments)  # shown at once, before the first word
    return _add(
        log,
        Message(
            key, stream.kind, "", fact.timestamp, final=False, sender=sender, attachments=files
        ),
    )


def _kind(topic: str, sender: str) -> MessageKind:
    if topic == CHAT_TOPIC:
        return MessageKind.CHAT
    spoken_by_agent = sender in {"agent", "avatar"}
    return MessageKind.AGENT_TRANSCRIPT if spoken_by_agent else MessageKind.USER_TRANSCRIPT


def _chunk(log: MessageLog, fact: TextChunk) -> tuple[MessageLog, tuple[MessageChange, ...]]:
    stream = _current(log, fact.stream_id)
    if stream is None or not fact.text:
        return log, ()
    if not stream.started:
        log = attrs.evolve(
            log, streams=log.streams.set(fact.stream_id, attrs.evolve(stream, started=True))
        )
        return _write(log, stream, fact.text, final=False)
    before = log.messages[log.places[stream.message_id]]
    return _write(log, stream, before.text + fact.text, final=False)


def _closed(log: MessageLog, fact: TextClosed) -> tuple[MessageLog, tuple[MessageChange, ...]]:
    if fact.stream_id not in log.streams:
        return log, ()
    stream = _current(log, fact.stream_id)
    log = attrs.evolve(log, streams=log.streams.discard(fact.stream_id))
    if stream is None:
        return log, ()
    log = attrs.evolve(log, newest=log.newest.discard(stream.message_id))
    place = log.places.get(stream.message_id)
    if place is None:
        return log, ()
    keeps_text = stream.started or fact.broken
    final = fact.broken or _says_final(stream, fact)
    return _write(log, stream, log.messages[place].text if keeps_text else "", final=final)


def _says_final(stream: OpenStream, fact: TextClosed) -> bool:
    if stream.kind is MessageKind.CHAT:
        return True
    return {**stream.header, **fact.attributes}.get(FINAL) == "true"


def _current(log: MessageLog, stream_id: str) -> OpenStream | None:
    """Return the open stream, unless a newer one for the same message took its place."""
    stream = log.streams.get(stream_id)
    if stream is None or log.newest.get(stream.message_id) != stream_id:
        return None
    return stream


def _write(
    log: MessageLog, stream: OpenStream, text: str, *, final: bool
) -> tuple[MessageLog, tuple[MessageChange, ...]]:
    place = log.places.get(stream.message_id)
    if place is None:
        return _add(
            log,
            Message(stream.message_id, stream.kind, text, stream.timestamp, final, stream.sender),
        )
    before = log.messages[place]
    message = Message(
        before.id,
        before.kind,
        text,
        before.timestamp,
        before.final or final,
        before.sender,
        before.status,
        before.attachments,
    )
    return _put(log, message)


def _add(log: MessageLog, message: Message) -> tuple[MessageLog, tuple[MessageChange, ...]]:
    log = attrs.evolve(
        log,
        messages=log.messages.append(message),
        places=log.places.set(message.id, len(log.messages)),
    )
    return log, (MessageAdded(message),)


def _put(log: MessageLog, message: Message) -> tuple[MessageLog, tuple[MessageChange, ...]]:
    place = log.places[message.id]
    before = log.messages[place]
    if before == message:
        return log, ()
    # The constructor, because attrs.evolve costs as much as all the rest of a chunk.
    log = MessageLog(log.messages.set(place, message), log.places, log.streams, log.newest)
    return log, (MessageUpdated(message, before),)
