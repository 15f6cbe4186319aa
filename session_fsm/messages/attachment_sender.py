"""The files that the user sends with a text: one after the other, once the text is sent."""

from __future__ import annotations

import asyncio
import os
from functools import partial
from typing import TYPE_CHECKING, Final, Self
from uuid import uuid4

import attrs

from session_fsm.data.reception import too_much
from session_fsm.data.sources import from_file
from session_fsm.data.streams import Envelope
from session_fsm.errors import SendError, SessionStateError, StreamError
from session_fsm.events import AttachmentChanged
from session_fsm.messages.attachment import Attachment
from session_fsm.messages.attachment_progress import failed, follow
from session_fsm.messages.merge import CHAT_TOPIC

if TYPE_CHECKING:
    from collections.abc import Iterable

    from session_fsm.data.sources import Source
    from session_fsm.data.streams import Streams
    from session_fsm.limits import Limits
    from session_fsm.messages.message import Message
    from session_fsm.messages.outbox import Outbox
    from session_fsm.transports.base import Sink


ENDED: Final = "The session ended before the attachment was sent."
CANCELLED: Final = "Sending the message was cancelled."


@attrs.frozen
class Enclosure:
    """The files of one text, opened.

    Attributes:
        attachments: What the message shows of them at first.
    """

    attachments: tuple[Attachment, ...]
    _sources: tuple[Source, ...]

    @classmethod
    def of(cls, paths: Iterable[str | os.PathLike[str]], limits: Limits) -> Self:
        """Open the files.

        Raises:
            OSError: One of them cannot be read.
            StreamError: One of them is larger than ``Limits.attachment_size``.
            TypeError: It is one path, and not several.
        """
        if isinstance(paths, str | bytes | os.PathLike):
            raise TypeError("attachments must be several paths: put one into a list.")
        sources: list[Source] = []
        try:
            for path in paths:
                sources.append(from_file(path, None, None))
                _check(sources[-1], limits.attachment_size)
        except BaseException:
            for source in sources:
                source.close()
            raise
        attachments = tuple(
            Attachment(str(uuid4()), one.name, one.mime_type, one.size) for one in sources
        )
        return cls(attachments, tuple(sources))

    async def send(self, message_id: str, streams: Streams, tell: Sink) -> None:
        """Send all of them, one after the other; one that fails does not keep the next one back.

        Raises:
            StreamError: The first failure.
        """
        failure: StreamError | None = None
        for place, (attachment, source) in enumerate(self._pairs()):
            try:
                stream = streams.send(
                    partial(_same, source), Envelope(CHAT_TOPIC, id=attachment.id)
                )
            except SessionStateError:
                failure = StreamError(ENDED, kind="run-ended")
                self.give_up(message_id, failure, tell, place)
                break
            follow(message_id, attachment, stream, tell)
            try:
                await stream
            except StreamError as error:
                failure = failure or error
            except asyncio.CancelledError:
                self.give_up(message_id, StreamError(CANCELLED, kind="cancelled"), tell, place + 1)
                raise
        if failure is not None:
            raise failure

    def give_up(self, message_id: str, error: StreamError, tell: Sink, first: int = 0) -> None:
        """Close the files from this one on, and show them as failed."""
        for attachment, source in self._pairs()[first:]:
            source.close()
            tell(AttachmentChanged(message_id, failed(attachment, error)))

    def _pairs(self) -> list[tuple[Attachment, Source]]:
        return list(zip(self.attachments, self._sources, strict=True))


async def send_with(
    enclosure: Enclosure, text: str, outbox: Outbox, streams: Streams, tell: Sink
) -> Message:
    """Send a text, and then the files that it lists; return the message as it is in the end.

    Raises:
        SendError: The text was not sent, and none of the files.
        StreamError: The text was sent, and the first of the files that failed failed with this.
    """
    message = outbox.message(text, enclosure.attachments)
    try:
        sent = await outbox.send(message)
    except SendError as error:
        failure = StreamError(f"Its text was not sent: {error}", kind="broken-off")
        enclosure.give_up(message.id, failure, tell)
        raise
    except asyncio.CancelledError:
        enclosure.give_up(message.id, StreamError(CANCELLED, kind="cancelled"), tell)
        raise
    await enclosure.send(sent.id, streams, tell)
    return sent


def _check(source: Source, limit: int) -> None:
    if source.size > limit:
        what = f"the file {source.name!r} has {source.size} bytes"
        raise too_much("attachment_size", limit, what)


def _same(source: Source) -> Source:
    return source
