"""The port between a session and a room.

A transport never knows the session: it is handed a sink and tells it facts, all of them on the loop
that opened the link. What it must tell, and in which order:

- ``RoomJoined`` with the roster comes before any other fact of that room, exactly once.
- Every join and every roster entry carries all attributes. Everybody else in the room is told.
- Between ``LinkLost`` and ``LinkRestored`` anything may be told; the roster of ``LinkRestored``
wins.
- ``LocalChanged`` and ``RoomChanged`` come whenever they may have changed, and after every
``LinkRestored``; what is there at the join is in ``RoomJoined``.
- ``LinkGone`` is the last fact about the link, unless the session closed it.
- Every ``TextOpened`` is followed by exactly one ``TextClosed``, also when the link breaks.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias
from urllib.parse import urlsplit

import attrs

from session_fsm.errors import ConnectError
from session_fsm.redact import redact

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from livekit.rtc import Room

    from session_fsm.encryption.options import Encryption
    from session_fsm.events import Fact
    from session_fsm.tokens.details import ConnectionDetails
    from session_fsm.transports.data_tracks import DataTrackPort
    from session_fsm.transports.encryption import EncryptionPort
    from session_fsm.transports.media import MediaPort
    from session_fsm.transports.participant import ParticipantPort
    from session_fsm.transports.rpc import RpcPort
    from session_fsm.transports.streams import StreamPort

    Sink: TypeAlias = Callable[[Fact], None]


@attrs.frozen
class LinkWishes:
    """What a link is to be, besides where it leads.

    Attributes:
        encryption: How what is sent is encrypted, or None. A transport that cannot raises
            ``EncryptionError``, and never sends in clear instead.
        make_room: Makes the ``livekit.rtc.Room`` of the link, or None.
    """

    encryption: Encryption | None = None
    make_room: Callable[[], Room] | None = None


NO_WISHES: Final = LinkWishes()


class Link(Protocol):
    """One attempt to be in one room: opened once, closed once."""

    @property
    def room(self) -> Room | None:
        """LiveKit's own Room while it is joined, else None."""
        ...

    @property
    def publishes(self) -> bool:
        """Whether this client has a track of its own in the room."""
        ...

    @property
    def streams(self) -> StreamPort:
        """The text and byte streams of this link, besides the conversation's own."""
        ...

    @property
    def rpc(self) -> RpcPort:
        """The remote calls of this link."""
        ...

    @property
    def participant(self) -> ParticipantPort:
        """This participant, as the server knows it."""
        ...

    @property
    def data_tracks(self) -> DataTrackPort:
        """The data tracks of this link."""
        ...

    @property
    def encryption(self) -> EncryptionPort:
        """The encryption of this link."""
        ...

    @property
    def media(self) -> MediaPort:
        """The tracks of sound and pictures of this link."""
        ...

    async def connect(self) -> None:
        """Join the room and tell ``RoomJoined``.

        May be cancelled at any moment; what then still runs is ended by ``close()``.

        Raises:
            ConnectError: The room could not be joined.
        """
        ...

    async def send_text(
        self,
        text: str,
        topic: str,
        agent: str | None = None,
        attachments: Sequence[str] = (),
    ) -> None:
        """Send a text to the people in the room; returns when the transport has taken it.

        Args:
            text: The text.
            topic: ``lk.chat``, or another.
            agent: The one agent that gets it, by identity; None: every agent does. After a restart
                of the server two agents can be in the room, and both would answer.
            attachments: Ids of the byte streams on the same topic that belong to the text; they
                are opened after it.

        Raises:
            SendError: The transport refused.
        """
        ...

    async def probe(self, identity: str, timeout: float) -> bool:  # noqa: ASYNC109 - the peer's time
        """Ask this participant whether it hears us; False after ``timeout`` seconds of silence."""
        ...

    async def close(self) -> None:
        """Leave the room and end every reader. Never raises; tells nothing but ends of texts.

        May take long while a join is under way. When it is cancelled the transport goes on by
        itself until the room is left.
        """
        ...


class Transport(Protocol):
    """Opens links."""

    def open(self, details: ConnectionDetails, sink: Sink, wishes: LinkWishes = NO_WISHES) -> Link:
        """Return a link that is not connected yet. Must be called on the running loop."""
        ...


TRANSPORTS: Final[Mapping[str, str]] = {
    "ws": "session_fsm.transports.livekit",
    "wss": "session_fsm.transports.livekit",
    "http": "session_fsm.transports.livekit",
    "https": "session_fsm.transports.livekit",
    "loopback": "session_fsm.transports.loopback",
}
"""Scheme of the server's URL -> module that has a ``transport()``."""


def for_url(server_url: str) -> Transport:
    """Return the transport for this URL.

    Raises:
        ConnectError: The URL has no host, or a scheme that no transport knows.
    """
    scheme = _scheme(server_url)
    if scheme not in TRANSPORTS:
        url = redact(server_url)
        raise ConnectError(
            f"The server URL {url!r} cannot be used: it needs a host and one of the schemes "
            f"{', '.join(TRANSPORTS)}, as in 'wss://example.livekit.cloud'.",
            kind="bad-url",
        )
    transport: Transport = import_module(TRANSPORTS[scheme]).transport()
    return transport


def _scheme(server_url: str) -> str:
    """Return the scheme of a URL that names a host, else nothing."""
    try:
        parts = urlsplit(server_url)
    except ValueError:
        return ""
    return parts.scheme if parts.hostname else ""
