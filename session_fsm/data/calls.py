"""The methods of a session that are about streams."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from session_fsm.arguments import checked_text
from session_fsm.data.info import StreamKind
from session_fsm.data.sources import from_bytes, from_file
from session_fsm.data.streams import Envelope
from session_fsm.errors import StreamError
from session_fsm.roster import NO_DATA

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    from session_fsm.data.incoming import IncomingStream
    from session_fsm.data.outgoing import OutgoingStream
    from session_fsm.data.outgoing_text import OutgoingText
    from session_fsm.data.streams import Streams
    from session_fsm.run import Run
    from session_fsm.snapshot import SessionSnapshot
    from stores import EventStream, Store


class StreamCalls:
    """What a session can do with streams; `Session` is one of these."""

    _streams: Streams
    _snapshots: Store[SessionSnapshot]

    def _running(self, method: str) -> Run:
        """Return the run, or raise `SessionStateError`."""
        raise NotImplementedError

    def _may_send(self, method: str) -> None:
        self._running(method)
        if not self._snapshots.value.local.permissions.can_publish_data:
            raise StreamError(NO_DATA, kind="permission")

    def text_streams(self, topic: str) -> EventStream[IncomingStream]:
        """Return the text streams that others send on this topic.

        A topic is received from the first call on, over all later starts, and only while somebody
        is subscribed: a stream that opens when nobody is, is not kept. May be called at any time.

        Raises:
            TypeError: The topic is no str.
            ValueError: It is empty, or a handler for it was set at ``session.room`` by hand.
        """
        return self._streams.topic(StreamKind.TEXT, checked_text("topic", topic))

    def byte_streams(self, topic: str) -> EventStream[IncomingStream]:
        """Return the byte streams (files) that others send on this topic; as ``text_streams``."""
        return self._streams.topic(StreamKind.BYTES, checked_text("topic", topic))

    def send_text_stream(
        self,
        topic: str,
        *,
        to: str | Sequence[str] | None = None,
        attributes: Mapping[str, str] | None = None,
    ) -> OutgoingText:
        """Return a text that can be written bit by bit.

            async with session.send_text_stream("notes") as stream:
                await stream.write("one, ")
                await stream.write("two")

        Args:
            topic: What it is about.
            to: The identity that gets it, or several; None: everybody in the room.
            attributes: Anything, for the receivers.

        Raises:
            SessionStateError: The session is not running, or the room is not joined yet.
            StreamError: The token does not allow it.
            TypeError: An argument is of the wrong type.
            ValueError: The topic, or a receiver, is empty.
        """
        envelope = _envelope(topic, to, attributes)
        self._may_send("send_text_stream")
        return self._streams.text(envelope)

    def send_file(
        self,
        path: str | os.PathLike[str],
        topic: str,
        *,
        to: str | Sequence[str] | None = None,
        name: str | None = None,
        mime_type: str | None = None,
        attributes: Mapping[str, str] | None = None,
    ) -> OutgoingStream:
        """Begin to send a file; ``await`` what it returns for the end.

        The file is read bit by bit, so its size does not matter.

        Args:
            path: The file.
            topic: What it is about.
            to: The identity that gets it, or several; None: everybody in the room.
            name: What the receivers are told of its name; by default its own.
            mime_type: What it is; by default guessed from the name.
            attributes: Anything, for the receivers.

        Raises:
            OSError: There is no such file, or it cannot be read.
            SessionStateError: The session is not running, or the room is not joined yet.
            StreamError: The token does not allow it.
            TypeError: An argument is of the wrong type.
            ValueError: The topic, or a receiver, is empty.
        """
        envelope = _envelope(topic, to, attributes)
        self._may_send("send_file")
        return self._streams.send(partial(from_file, path, name, mime_type), envelope)

    def send_bytes(
        self,
        data: bytes,
        topic: str,
        *,
        to: str | Sequence[str] | None = None,
        name: str | None = None,
        mime_type: str | None = None,
        attributes: Mapping[str, str] | None = None,
    ) -> OutgoingStream:
        """Begin to send bytes as a file; as ``send_file``."""
        envelope = _envelope(topic, to, attributes)
        self._may_send("send_bytes")
        return self._streams.send(partial(from_bytes, data, name, mime_type), envelope)


def _envelope(
    topic: str, to: str | Sequence[str] | None, attributes: Mapping[str, str] | None
) -> Envelope:
    given = dict(attributes or {})
    words: list[object] = [*given, *given.values()]
    if not all(isinstance(word, str) for word in words):
        raise TypeError("attributes must be a mapping of str to str.")
    receivers = () if to is None else (to,) if isinstance(to, str) else tuple(to)
    if to is not None and not receivers:
        raise ValueError("to names nobody: leave it out for everybody in the room.")
    checked = tuple(checked_text("to", identity) for identity in receivers)
    return Envelope(checked_text("topic", topic), checked, given)
