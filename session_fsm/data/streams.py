"""What a session does with streams, over all of its runs."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import attrs

from session_fsm.data.incoming import IncomingStream
from session_fsm.data.info import StreamHeader, StreamKind
from session_fsm.data.outgoing import OutgoingStream
from session_fsm.data.outgoing_text import OutgoingText
from session_fsm.errors import SessionStateError, StreamError
from stores import WritableEventStream

if TYPE_CHECKING:
    from collections.abc import Callable

    from session_fsm.data.info import StreamInfo
    from session_fsm.data.reception import Reception
    from session_fsm.data.receptions import Receptions
    from session_fsm.data.sources import Source
    from session_fsm.transports.base import Link, Sink
    from session_fsm.transports.streams import StreamPort
    from stores import EventStream, OnUnhandled


@attrs.frozen
class Envelope:
    """What a stream of our own is for.

    Attributes:
        topic: What it is about.
        to: Identities that get it; empty: everybody in the room.
        attributes: Anything, for the receiver.
        id: LiveKit's id of the stream.
    """

    topic: str
    to: tuple[str, ...] = ()
    attributes: dict[str, str] = attrs.field(factory=dict[str, str])
    id: str = attrs.field(factory=lambda: str(uuid4()))


class Streams:
    """Receives the topics that somebody asked for, and sends streams. A `Capability`."""

    def __init__(self, receptions: Receptions, on_unhandled: OnUnhandled | None = None) -> None:
        self._receptions = receptions
        self._on_unhandled = on_unhandled
        self._topics: dict[tuple[StreamKind, str], WritableEventStream[IncomingStream]] = {}
        self._port: StreamPort | None = None
        self._sending: set[OutgoingStream | OutgoingText] = set()
        self._closed = False

    # The link -----------------------------------------------------------------------------------

    def attach(self, link: Link, tell: Sink) -> None:  # noqa: ARG002 - tells no facts
        """Listen to all topics on a new link."""
        self._port = link.streams
        for kind, topic in self._topics:
            self._port.listen(kind, topic, self._opened)

    def detach(self) -> None:
        """End everything that is open: the run is over."""
        self._port = None
        ended = StreamError("The session ended before the stream did.", kind="run-ended")
        self._receptions.stop(ended)
        for sending in tuple(self._sending):
            sending.stop(ended)

    def close(self) -> None:
        """Complete the streams of streams."""
        self._closed = True
        for stream in self._topics.values():
            stream.close()

    # Receiving ----------------------------------------------------------------------------------

    def topic(self, kind: StreamKind, topic: str) -> EventStream[IncomingStream]:
        """Return the streams of a topic, and receive them from now on."""
        stream = self._topics.get((kind, topic))
        if stream is None:
            if self._port is not None:
                self._port.listen(kind, topic, self._opened)
            stream = WritableEventStream[IncomingStream](on_unhandled=self._on_unhandled)
            self._topics[kind, topic] = stream
            if self._closed:
                stream.close()
        return stream

    def _opened(self, info: StreamInfo) -> Reception | None:
        stream = self._topics[info.kind, info.topic]
        if not stream.is_observed:
            return None
        reception = self._receptions.begin(info)
        stream.emit(IncomingStream(reception))
        return None if reception.ended.value is not None else reception

    # Sending ------------------------------------------------------------------------------------

    def send(self, source: Callable[[], Source], envelope: Envelope) -> OutgoingStream:
        """Begin to send what the source gives.

        Raises:
            SessionStateError: The room is not joined.
            OSError: The source cannot be opened.
        """
        port = self._joined()
        opened = source()
        header = StreamHeader(
            envelope.id,
            StreamKind.BYTES,
            envelope.topic,
            envelope.to,
            opened.name,
            opened.mime_type,
            opened.size,
            envelope.attributes,
        )
        stream = OutgoingStream(header, port, opened, self._sending.discard, self._on_unhandled)
        self._sending.add(stream)
        return stream

    def text(self, envelope: Envelope) -> OutgoingText:
        """Return a text that is about to be written.

        Raises:
            SessionStateError: The room is not joined.
        """
        header = StreamHeader(
            envelope.id,
            StreamKind.TEXT,
            envelope.topic,
            envelope.to,
            attributes=envelope.attributes,
        )
        stream = OutgoingText(header, self._joined(), self._sending.discard, self._on_unhandled)
        self._sending.add(stream)
        return stream

    def _joined(self) -> StreamPort:
        if self._port is None:
            raise SessionStateError(
                "The room is not joined yet: wait for start() before sending a stream.",
                kind="not-running",
            )
        return self._port
