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
    """Tell every text of the two topics: each opened one is closed, exactly once."""

    def opened(info: StreamInfo) -> _Text:
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
        return _Text(info.id, tell)

    for topic in TOPICS:
        port.listen(StreamKind.TEXT, topic, opened)


@attrs.frozen
class _Text:
    """Tells one text as it arrives."""

    stream_id: str
    tell: Sink

    def feed(self, chunk: str | bytes) -> bool:
        self.tell(TextChunk(self.stream_id, str(chunk)))
        return True

    def end(self, attributes: Mapping[str, str], error: str | None) -> None:
        self.tell(TextClosed(self.stream_id, dict(attributes), broken=error is not None))
