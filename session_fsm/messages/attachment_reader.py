"""The files that texts on ``lk.chat`` list: found among the byte streams of that topic.

Wire facts (LiveKit's JavaScript client): the header of a text stream lists the ids of byte streams
on the same topic; they are opened after it, but nothing says which is handled first here.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import attrs

from session_fsm.data.incoming import IncomingStream
from session_fsm.data.info import StreamKind
from session_fsm.errors import StreamError
from session_fsm.events import AttachmentChanged
from session_fsm.messages.attachment import Attachment
from session_fsm.messages.attachment_progress import failed, follow
from session_fsm.messages.merge import CHAT_TOPIC, message_id

if TYPE_CHECKING:
    from session_fsm.data.info import StreamInfo
    from session_fsm.data.reception import Reception
    from session_fsm.data.receptions import Receptions
    from session_fsm.transports.base import Link, Sink

CLAIM_WITHIN: Final = 10.0
"""Seconds in which a text must list a byte stream that came before it."""


@attrs.frozen
class _Unclaimed:
    reception: Reception
    timer: asyncio.TimerHandle


class AttachmentReader:
    """Receives attachments, and only those of the one who sent the text. A `Capability`."""

    def __init__(self, receptions: Receptions) -> None:
        self._receptions = receptions
        self._tell: Sink | None = None
        self._expected: dict[tuple[str, str], list[str]] = {}
        self._unclaimed: dict[tuple[str, str], _Unclaimed] = {}

    def attach(self, link: Link, tell: Sink) -> None:
        """Listen to texts and byte streams of the conversation."""
        self._tell = tell
        link.streams.listen(StreamKind.TEXT, CHAT_TOPIC, self._text)
        link.streams.listen(StreamKind.BYTES, CHAT_TOPIC, self._file)

    def detach(self) -> None:
        """Give up what has not come: the run is over."""
        tell, self._tell = self._tell, None
        expected, self._expected = self._expected, {}
        for unclaimed in self._unclaimed.values():
            unclaimed.timer.cancel()
        self._unclaimed.clear()
        if tell is None:
            return
        error = StreamError("The session ended before the attachment came.", kind="run-ended")
        for (_, stream_id), messages in expected.items():
            for of_message in messages:
                tell(AttachmentChanged(of_message, failed(Attachment(stream_id), error)))

    def close(self) -> None:
        """Nothing is kept over the end of a run."""

    def _text(self, info: StreamInfo) -> None:
        for stream_id in dict.fromkeys(info.attachments):
            key = info.sender, stream_id
            of_message = message_id(info.sender, info.attributes, info.id)
            unclaimed = self._unclaimed.pop(key, None)
            if unclaimed is None:
                self._expected.setdefault(key, []).append(of_message)
            else:
                unclaimed.timer.cancel()
                self._follow(of_message, unclaimed.reception)

    def _file(self, info: StreamInfo) -> Reception | None:
        key = info.sender, info.id
        messages = self._expected.pop(key, [])
        if not messages and key in self._unclaimed:
            return None
        reception = self._receptions.begin(info, "attachment_size")
        for of_message in messages:
            self._follow(of_message, reception)
        if not messages and reception.ended.value is None:
            loop = asyncio.get_running_loop()
            timer = loop.call_later(CLAIM_WITHIN, self._drop, key)
            self._unclaimed[key] = _Unclaimed(reception, timer)
        return None if reception.ended.value is not None else reception

    def _drop(self, key: tuple[str, str]) -> None:
        unclaimed = self._unclaimed.pop(key, None)
        if unclaimed is not None:
            unclaimed.reception.stop(StreamError("No text lists the file.", kind="cancelled"))

    def _follow(self, of_message: str, reception: Reception) -> None:
        if self._tell is not None:
            info = reception.info
            stream = IncomingStream(reception)
            attachment = Attachment(info.id, info.name, info.mime_type, info.size, stream=stream)
            follow(of_message, attachment, stream, self._tell)
