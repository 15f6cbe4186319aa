"""The texts of the conversation, as facts: one listener among all who listen to streams."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

from session_fsm.data.info import StreamKind
from session_fsm.events import TextChunk, TextClosed, TextOpened
from session_fsm.messages.people import CHAT_TOPIC, TRANSCRIPTION_TOPIC

if TYPE_CHECKING:
    from collections.abc import Mapping

    from session_fsm.data.info import StreamInfo
    from session_fsm.transports.base import Sink
    from session_fsm.transports.streams import StreamPort

TOPICS: Final = (CHAT_TOPIC, TRANSCRIPTION_TOPIC)


def tell_texts(port: StreamPort, tell: Sink) -> None:
    """Tell every text of the two topics: each opened one is closed, exactly once.

    A stream with the id of one that is open is not received: its words would be the other's.
    """
    ids: set[str] = set()

    def opened(info: StreamInfo) -> _Text | None:
        if info.id in ids:
            return None
        ids.add(info.id)
        tell(
            TextOpened(
                info.id,
                info.topic,
                info.sender,
                info.attributes,
                info.timestamp,
                info.sender_name,
                info.attachments,
            )
        )
        return _Text(info.id, tell, ids)

    for topic in TOPICS:
        port.listen(StreamKind.TEXT, topic, opened)


@attrs.frozen
class _Text:
    """Tells one text as it arrives."""

    stream_id: str
    tell: Sink
    open_ids: set[str]

    def feed(self, chunk: str | bytes) -> bool:
        self.tell(TextChunk(self.stream_id, str(chunk)))
        return True

    def end(self, attributes: Mapping[str, str], error: str | None) -> None:
        self.open_ids.discard(self.stream_id)
        self.tell(TextClosed(self.stream_id, dict(attributes), broken=error is not None))
