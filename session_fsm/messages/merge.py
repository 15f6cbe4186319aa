"""How text streams become one list of messages: the merge rule.

A message is what one participant says in one segment: its key is (participant, ``lk.segment_id``,
or the stream's id where there is none). Chunks of the same stream append. A new stream for the same
segment replaces what the stream before it said, from its first chunk on; what the older one still
brings is ignored. One that is final and empty takes the text back. Id, place and timestamp never
change. ``final`` is monotone: it comes with the end of a stream whose trailer (or header) says so,
and with the end of a stream that breaks off. A message appears with its first text. What the
agent's history has cut is not written any more. A stream belongs to who opened it first, until it
is closed.

Wire facts (livekit-agents 1.8.9): an agent's segment is one stream of deltas whose trailer sets
``lk.transcription_final``; a user's segment is a new stream for every update, each with the whole
text so far.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Final

import attrs
from pyrsistent import pmap

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
from session_fsm.limits import DEFAULT_LIMITS, Limits
from session_fsm.messages.attachments import pending, with_attachment
from session_fsm.messages.expression import expression_of
from session_fsm.messages.log import MessageLog, OpenStream
from session_fsm.messages.message import Message, MessageKind
from session_fsm.messages.people import CHAT_TOPIC, ROLES, Room, kind_of
from session_fsm.messages.speech import caught_up, correct, expects_item

if TYPE_CHECKING:
    from collections.abc import Mapping

    from session_fsm.messages.attachment import Attachment
    from session_fsm.messages.expression import Expression
    from session_fsm.messages.log import Changes
    from session_fsm.messages.message import MessageChange

SEGMENT_ID: Final = "lk.segment_id"
FINAL: Final = "lk.transcription_final"
LONGEST_ID: Final = 200
"""Characters of an id; a longer one, which is somebody's joke, is replaced by its hash."""
LONGEST_NAME: Final = 200
"""Characters of a display name."""


def merge(
    log: MessageLog, fact: TextFact, room: Room, limits: Limits = DEFAULT_LIMITS
) -> tuple[MessageLog, Changes]:
    """Fold one fact into the log: a chunk costs the same at any length of it."""
    match fact:
        case TextChunk():
            log, changes = _chunk(log, fact, limits)
        case TextOpened():
            return _opened(log, fact, room, limits)
        case TextClosed():
            log, changes = _closed(log, fact, limits)
        case _:
            return _told(log, fact)
    return caught_up(log, changes) if log.index.early else (log, changes)


def _told(
    log: MessageLog, fact: TextSubmitted | TextSettled | AttachmentChanged | SpeechCorrected
) -> tuple[MessageLog, Changes]:
    """Fold in what is told of a whole message."""
    if isinstance(fact, TextSubmitted):
        return log.add(fact.message)
    if isinstance(fact, SpeechCorrected):
        return correct(log, fact)
    message = log.find(fact.message_id)
    if message is None:
        return log, ()
    if isinstance(fact, TextSettled):
        return log.put(attrs.evolve(message, status=fact.status))
    return log.put(with_attachment(message, fact.attachment))


def finish(log: MessageLog) -> tuple[MessageLog, Changes]:
    """End the run: streams that are still open broke off, and every message is final."""
    changes: list[MessageChange] = []
    index = attrs.evolve(log.index, streams=pmap(), newest=pmap(), unspoken=(), early=())
    log = MessageLog(log.messages, index)
    for key in sorted(log.index.unfinished, key=log.index.places.__getitem__):
        message = log.messages[log.index.places[key]]
        log, change = log.put(attrs.evolve(message, final=True))
        changes.extend(change)
    return log, tuple(changes)


def message_id(sender: str, attributes: Mapping[str, str], stream_id: str) -> str:
    """Return the id of the message that a text stream of this participant belongs to."""
    segment = attributes.get(SEGMENT_ID) or stream_id
    who = sender.replace("%", "%25").replace("/", "%2F")  # no two keys make the same id
    key = f"{who}/{segment}"
    return key if len(key) <= LONGEST_ID else sha256(key.encode(errors="replace")).hexdigest()


def _opened(
    log: MessageLog, fact: TextOpened, room: Room, limits: Limits
) -> tuple[MessageLog, Changes]:
    index = log.index
    if fact.stream_id in index.streams:
        return log, ()
    if len(index.streams) >= limits.open_streams:
        return attrs.evolve(log, index=attrs.evolve(index, refused=index.refused + 1)), ()
    speaker = room.speaker(fact)
    sender = room.sender(speaker)
    stream = OpenStream(
        message_id(speaker, fact.attributes, fact.stream_id),
        kind_of(fact.topic, sender),
        sender,
        "" if sender in ROLES else fact.sender_name[:LONGEST_NAME],
        speaker,
        fact.timestamp,
        fact.attributes.get(FINAL) == "true",
        expression_of(fact.attributes),
    )
    index = attrs.evolve(
        index,
        streams=index.streams.set(fact.stream_id, stream),
        newest=index.newest.set(stream.message_id, fact.stream_id),
    )
    log = MessageLog(log.messages, index)
    if not fact.attachments or fact.topic != CHAT_TOPIC or stream.message_id in index.places:
        return log, ()
    return _appear(log, stream, "", files=pending(fact.attachments))  # before its first word


def _chunk(log: MessageLog, fact: TextChunk, limits: Limits) -> tuple[MessageLog, Changes]:
    stream = _current(log, fact.stream_id)
    if stream is None or not fact.text:
        return log, ()
    if not stream.started:
        streams = log.index.streams.set(fact.stream_id, attrs.evolve(stream, started=True))
        log = MessageLog(log.messages, attrs.evolve(log.index, streams=streams))
        return _write(log, stream, fact.text, limits)
    before = log.messages[log.index.places[stream.message_id]]
    if len(before.text) >= limits.message_length:
        return log, ()
    return _write(log, stream, before.text + fact.text, limits)


def _closed(log: MessageLog, fact: TextClosed, limits: Limits) -> tuple[MessageLog, Changes]:
    if fact.stream_id not in log.index.streams:
        return log, ()
    stream = _current(log, fact.stream_id)
    streams = log.index.streams.discard(fact.stream_id)
    log = MessageLog(log.messages, attrs.evolve(log.index, streams=streams))
    if stream is None:
        return log, ()
    newest = log.index.newest.discard(stream.message_id)
    log = MessageLog(log.messages, attrs.evolve(log.index, newest=newest))
    before = log.find(stream.message_id)
    if before is None:
        return log, ()
    final = fact.broken or _says_final(stream, fact)
    is_taken_back = final and not stream.started and not fact.broken
    text = "" if is_taken_back else before.text
    trailer = expression_of(fact.attributes)
    return _write(log, stream, text, limits, final=final, expression=trailer)


def _says_final(stream: OpenStream, fact: TextClosed) -> bool:
    if stream.kind is MessageKind.CHAT:
        return True
    trailer = fact.attributes.get(FINAL)
    return stream.says_final if trailer is None else trailer == "true"


def _current(log: MessageLog, stream_id: str) -> OpenStream | None:
    """Return the open stream, unless a newer one for the same message took its place."""
    stream = log.index.streams.get(stream_id)
    if stream is None or log.index.newest.get(stream.message_id) != stream_id:
        return None
    return stream


def _write(
    log: MessageLog,
    stream: OpenStream,
    text: str,
    limits: Limits,
    *,
    final: bool = False,
    expression: Expression | None = None,
) -> tuple[MessageLog, Changes]:
    before = log.find(stream.message_id)
    if before is not None and before.interrupted:
        return log, ()  # its text is what was really spoken
    if len(text) > limits.message_length:
        text = text[: limits.message_length]
        index = log.index
        if before is None or len(before.text) < len(text):  # else it was told already
            log = MessageLog(log.messages, attrs.evolve(index, cut=index.cut + 1))
    if before is None:
        return _appear(log, stream, text)
    return log.put(before.with_text(text, before.final or final, expression or stream.expression))


def _appear(
    log: MessageLog, stream: OpenStream, text: str, *, files: tuple[Attachment, ...] = ()
) -> tuple[MessageLog, Changes]:
    message = Message(
        stream.message_id,
        stream.kind,
        text,
        stream.timestamp,
        final=False,
        sender=stream.sender,
        attachments=files,
        sender_name=stream.sender_name,
        expression=stream.expression,
    )
    if stream.kind is MessageKind.AGENT_TRANSCRIPT:
        log = expects_item(log, stream.speaker, message.id)
    return log.add(message)
