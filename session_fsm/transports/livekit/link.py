"""Rooms on a LiveKit server, by `livekit.rtc`.

What this module guards against, measured with livekit 1.1.21 to 1.2.1:

- Cancelling ``room.connect`` leaves a ghost in the room and ends the process with SIGTERM 15 s
  later: it is shielded, and whoever comes back from it after the end is disconnected.
- A Room is single-use, and must be made on the running loop: every link makes its own.
- Participants that are there already send no join: the roster is read when the room is joined.
- A full reconnect tells that everybody left *before* it tells that the link was lost.
- The server's 401 quotes the whole token, and the SDK's exception carries it: it is redacted.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from livekit import rtc

from session_fsm.data.info import StreamHeader, StreamKind
from session_fsm.errors import ConnectError, EncryptionError, SendError
from session_fsm.events import (
    EncryptionSwitched,
    Fact,
    LinkGone,
    LinkLost,
    LinkRestored,
    LocalChanged,
    MediaRepublished,
    ParticipantChanged,
    ParticipantJoined,
    ParticipantLeft,
    RoomChanged,
    RoomJoined,
    TextChunk,
    TextClosed,
    TextOpened,
    TrackChanged,
)
from session_fsm.redact import redact, redacted_cause
from session_fsm.roster import Local, Participant, Roster, Tracks
from session_fsm.transports.encryption import NOT_NOW
from session_fsm.transports.livekit.asking import hears
from session_fsm.transports.livekit.data_tracks import LiveKitDataTracks
from session_fsm.transports.livekit.encryption import LiveKitEncryption
from session_fsm.transports.livekit.media import LiveKitMedia
from session_fsm.transports.livekit.participant import LiveKitParticipant
from session_fsm.transports.livekit.refusals import refusal
from session_fsm.transports.livekit.rpc import LiveKitRpc
from session_fsm.transports.livekit.seat import Seat
from session_fsm.transports.livekit.streams import LiveKitStreams
from session_fsm.transports.livekit.tasks import error_of
from session_fsm.transports.texts import tell_texts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from session_fsm.encryption.options import Encryption
    from session_fsm.tokens.details import ConnectionDetails
    from session_fsm.transports.base import Sink

SOURCES: Final[Mapping[int, str]] = {
    rtc.TrackSource.SOURCE_MICROPHONE: "microphone",
    rtc.TrackSource.SOURCE_CAMERA: "camera",
    rtc.TrackSource.SOURCE_SCREENSHARE: "screen_share",
}

GONE: Final[Mapping[int, str]] = {
    rtc.DisconnectReason.DUPLICATE_IDENTITY: "duplicate-identity",
    rtc.DisconnectReason.SERVER_SHUTDOWN: "server-shutdown",
    rtc.DisconnectReason.PARTICIPANT_REMOVED: "removed",
    rtc.DisconnectReason.ROOM_DELETED: "room-deleted",
    rtc.DisconnectReason.ROOM_CLOSED: "room-deleted",
}
"""Why the SDK says that the link is gone -> kind of ``ConnectError``; else ``link-lost``."""

LOOK_AGAIN: Final = 0.1
"""Seconds between two looks at a link that the SDK restores."""
NOT_MOVED: Final = "The room could not be joined anew, and encryption is as it was."

_ROOM_FREE = (TextOpened, TextChunk, TextClosed, LinkLost, LinkGone)

logger = logging.getLogger("session_fsm")
_leaving: set[asyncio.Task[None]] = set()
"""Links that are still being left after their session has gone on: kept from the collector."""


class LiveKitLink:
    """One Room, from before it is joined until it is left."""

    def __init__(
        self,
        details: ConnectionDetails,
        sink: Sink,
        options: rtc.RoomOptions | None = None,
        *,
        encryption: Encryption | None = None,
        make_room: Callable[[], rtc.Room] | None = None,
    ) -> None:
        self._details = details
        self._options = options or rtc.RoomOptions()
        self._sink = sink
        self._make_room = make_room or _new_room
        self._seat = Seat(self._make_room())
        self.encryption: Final = LiveKitEncryption(
            self._seat, self._tell, encryption, self._hand_over
        )
        self._streams = LiveKitStreams(self._seat, self.encryption.refuses)
        tell_texts(self._streams, self._tell)
        self.rpc: Final = LiveKitRpc(self._seat, self.encryption.refuses)
        self.participant: Final = LiveKitParticipant(self._seat)
        self.data_tracks: Final = LiveKitDataTracks(self._seat)
        self.media: Final = LiveKitMedia(self._seat)
        self.media.on_published = self.encryption.published
        self._joining: asyncio.Task[None] | None = None
        self._moving: asyncio.Task[None] | None = None
        self._early: list[Fact] | None = []
        self._closing = False
        self._lost = False
        self._rejoined: set[str] = set()
        self._rebuilt = False
        self._follow(self._seat.room)

    @property
    def _room(self) -> rtc.Room:
        return self._seat.room

    @property
    def room(self) -> rtc.Room | None:
        """The Room while it is joined."""
        return self._room if self._early is None and not self._closing else None

    @property
    def publishes(self) -> bool:
        """Whether this client has published a track."""
        return bool(self._room.local_participant.track_publications)

    @property
    def streams(self) -> LiveKitStreams:
        """The streams of this link."""
        return self._streams

    async def connect(self) -> None:
        """Join the room and tell ``RoomJoined``, then what came in before it."""
        details = self._details
        self._joining = asyncio.create_task(
            self._join(self._room, encrypted=self.encryption.is_enabled)
        )
        failure: ConnectError | None = None
        try:
            await asyncio.shield(self._joining)
        except rtc.ConnectError as error:
            failure = refusal(error, details.server_url)
        if failure is not None:
            raise failure  # out here, where the SDK's error with the token in it is no context
        if self._closing or self._early is None:
            return
        early, self._early = self._early, None
        gone = next((fact for fact in early if isinstance(fact, LinkGone)), None)
        if gone is not None:
            raise ConnectError(
                "The link ended while the room was being joined. Start again.", kind=gone.kind
            )
        roster = self._roster(lambda _: True)
        identity = self._room.local_participant.identity
        metadata, local = self._room.metadata, _own(self._room.local_participant)
        is_encrypted = self.encryption.is_enabled
        self._sink(RoomJoined(self._room.name, identity, roster, metadata, local, is_encrypted))
        self.encryption.look()
        for fact in early:
            self._sink(fact)

    async def _join(self, room: rtc.Room, *, encrypted: bool) -> None:
        details = self._details
        await self.encryption.prepare(details.participant_token)
        options = self.encryption.options(self._options, enabled=encrypted)
        self._streams.follow(room)
        await room.connect(details.server_url, details.participant_token, options)
        self._seat.room = room
        self._streams.follow(room)  # what somebody began to listen to meanwhile
        self.rpc.joined()
        self.encryption.joined(enabled=encrypted)

    # Going over to another Room -----------------------------------------------------------------

    async def _hand_over(self, encrypted: bool) -> None:  # noqa: FBT001 - the fact itself
        """Go over to another Room, under the same identity: the server lets go of the old one.

        Measured: it takes 0.1 s, and the agent's session goes on, also where it hears a track. It
        goes on by itself when whoever asked for it is cancelled.
        """
        while self._moving is not None and not self._moving.done():
            await asyncio.wait({self._moving})
        if encrypted is self.encryption.is_enabled:
            return
        if self._early is not None or self._closing or self._lost:
            raise EncryptionError(NOT_NOW, kind="not-possible")
        self._moving = asyncio.create_task(self._move(encrypted))
        self._moving.add_done_callback(error_of)
        await asyncio.shield(self._moving)

    async def _move(self, encrypted: bool) -> None:  # noqa: FBT001 - the fact itself
        old, new = self._room, self._make_room()
        self._unfollow(old)
        self._early = []
        self._sink(LinkLost())
        self._follow(new)
        await self.media.take_back()
        self._joining = asyncio.create_task(self._join(new, encrypted=encrypted))
        failure: Exception | None = None
        try:
            await self._joining
        except rtc.ConnectError as error:
            failure = refusal(error, self._details.server_url)
        except Exception as error:  # noqa: BLE001 - whatever it is, the old Room may go on
            failure = redacted_cause(error)
        if failure is None:
            await self._settle_in(old)
        else:
            await self._go_back(old, new)
            refused = EncryptionError(f"{NOT_MOVED} {failure}", kind="not-possible")
            refused.__cause__ = failure
            raise refused

    async def _settle_in(self, old: rtc.Room) -> None:
        before = _own(old.local_participant)
        self._streams.moved()
        self.data_tracks.leave(old)
        self.data_tracks.follow(self._room)
        await self._leave_room(old)
        early, self._early = self._early or [], None
        self._tell(LinkRestored(self._roster(lambda _: False)))
        self._tell(EncryptionSwitched(self.encryption.is_enabled))
        self.encryption.look()
        for fact in early:
            self._tell(fact)
        self._room_changed()
        if not self._closing:
            await self._republish()
            await self.data_tracks.moved()
            await self.participant.restore(before)
            self._local_changed()

    async def _go_back(self, old: rtc.Room, new: rtc.Room) -> None:
        self._unfollow(new)
        await self._leave_room(new)
        self._seat.room = old
        while old.connection_state == rtc.ConnectionState.CONN_RECONNECTING:  # noqa: ASYNC110
            await asyncio.sleep(LOOK_AGAIN)
        self._early = None
        self._follow(old)
        if not old.isconnected():
            self._tell(LinkGone("link-lost"))
        elif not self._closing:
            self._tell(LinkRestored(self._roster(lambda _: False)))
            self.encryption.look()
            self._room_changed()
            await self._republish()
            self._local_changed()

    async def _republish(self) -> None:
        await self.media.moved(lambda name, track: self._tell(MediaRepublished(name, track)))

    async def send_text(
        self,
        text: str,
        topic: str,
        agent: str | None = None,
        attachments: Sequence[str] = (),
    ) -> None:
        """Send a text to all but other agents; blocks while the SDK restores the link."""
        everybody = self._room.remote_participants.values()
        to = [
            one.identity for one in everybody if agent in {None, one.identity} or not _is_agent(one)
        ]
        try:
            if attachments:
                header = StreamHeader(
                    str(uuid4()), StreamKind.TEXT, topic, tuple(to), attachments=tuple(attachments)
                )
                await self._streams.send_text(header, text)
            else:
                await self._room.local_participant.send_text(
                    text, topic=topic, destination_identities=to
                )
        except Exception as error:  # noqa: BLE001 - the SDK raises its own and plain ones
            failure = SendError(
                f"The text could not be sent: {redact(str(error)) or type(error).__name__}.",
                kind="transport",
            )
            failure.__cause__ = redacted_cause(error)
        else:
            return
        raise failure

    async def probe(self, identity: str, timeout: float) -> bool:  # noqa: ASYNC109 - the peer's time
        """Ask for a method that nobody has: a refusal by the peer is the answer."""
        await self.encryption.known(identity)
        return await hears(self._room, identity, timeout)

    async def close(self) -> None:
        """Leave the room, after a join that is under way has come back."""
        if not self._closing:
            self._closing = True
            task = asyncio.create_task(self._leave())
            _leaving.add(task)
            task.add_done_callback(_leaving.discard)
            await asyncio.shield(task)

    async def _leave(self) -> None:
        await self._streams.close()
        self.encryption.close()
        if self._moving is not None:
            await asyncio.wait({self._moving})
        elif self._joining is not None:
            await asyncio.wait({self._joining})
            if isinstance(error_of(self._joining), rtc.ConnectError):
                return
        await self._leave_room(self._room)

    async def _leave_room(self, room: rtc.Room) -> None:
        try:
            await room.disconnect()
        except Exception as error:  # noqa: BLE001 - leaving must not fail the session
            logger.warning("leaving the room failed: %s", redact(repr(error)))

    # What the SDK tells -------------------------------------------------------------------------

    def _tell(self, fact: Fact) -> None:
        if self._closing and not isinstance(fact, TextClosed):
            return
        if self._early is None:
            self._sink(fact)
        elif isinstance(fact, _ROOM_FREE):
            # Facts about participants are in the roster that is read when the room is joined.
            self._early.append(fact)

    def _follow(self, room: rtc.Room) -> None:
        for handlers in (self._handlers(), self.encryption.handlers()):
            for event, handler in handlers.items():
                room.on(event, handler)  # pyright: ignore[reportUnknownMemberType]

    def _unfollow(self, room: rtc.Room) -> None:
        for handlers in (self._handlers(), self.encryption.handlers()):
            for event, handler in handlers.items():
                room.off(event, handler)  # pyright: ignore[reportUnknownMemberType]

    def _handlers(self) -> dict[Any, Callable[..., None]]:
        return {
            "participant_connected": self._participant_connected,
            "participant_disconnected": self._participant_disconnected,
            "participant_attributes_changed": self._attributes_changed,
            "participant_metadata_changed": self._changed,
            "participant_name_changed": self._changed,
            "room_metadata_changed": self._room_changed,
            "room_updated": self._room_changed,
            "local_track_published": self._local_changed,
            "local_track_unpublished": self._local_changed,
            "local_track_republished": self._local_changed,
            "track_subscribed": self._track_subscribed,
            "track_unsubscribed": self._track_unsubscribed,
            "reconnecting": self._reconnecting,
            "reconnected": self._reconnected,
            "disconnected": self._disconnected,
        }

    def _participant_connected(self, one: rtc.RemoteParticipant) -> None:
        if self._lost:
            self._rejoined.add(one.identity)
            self._rebuilt = True
        self._tell(ParticipantJoined(_seen(one, was_there=False)))

    def _participant_disconnected(self, one: rtc.RemoteParticipant) -> None:
        self._rebuilt = self._rebuilt or self._lost
        self._streams.abandon(one.identity)
        on_purpose = one.disconnect_reason == rtc.DisconnectReason.CLIENT_INITIATED
        self._tell(ParticipantLeft(one.identity, on_purpose=on_purpose))

    def _attributes_changed(self, _changed: object, one: rtc.Participant) -> None:
        self._changed(one)

    def _changed(self, one: rtc.Participant) -> None:
        if isinstance(one, rtc.LocalParticipant):
            self._local_changed()
        else:
            self._tell(ParticipantChanged(one.identity, one.name, one.metadata, one.attributes))

    # The SDK hands over only as many arguments as a handler takes.

    def _local_changed(self) -> None:
        self._tell(LocalChanged(_own(self._room.local_participant)))

    def _room_changed(self) -> None:
        self._tell(RoomChanged(self._room.metadata))

    def _track_subscribed(
        self,
        track: rtc.RemoteTrack,
        publication: rtc.RemoteTrackPublication,
        one: rtc.RemoteParticipant,
    ) -> None:
        self._track(publication, one, track)

    def _track_unsubscribed(
        self,
        _track: rtc.RemoteTrack,
        publication: rtc.RemoteTrackPublication,
        one: rtc.RemoteParticipant,
    ) -> None:
        self._track(publication, one, None)

    def _track(
        self,
        publication: rtc.RemoteTrackPublication,
        one: rtc.RemoteParticipant,
        track: rtc.RemoteTrack | None,
    ) -> None:
        source = SOURCES.get(publication.source)
        if source is not None:
            self._tell(TrackChanged(one.identity, source, track))

    def _reconnecting(self) -> None:
        self._lost = True
        self._rejoined.clear()
        self._rebuilt = False
        self._tell(LinkLost())

    def _reconnected(self) -> None:
        self._lost = False
        self._streams.restored(self._room.remote_participants.keys() - self._rejoined)
        if self._early is not None:
            # It came and went before the room was told of, whose roster says the rest.
            self._early = [fact for fact in self._early if not isinstance(fact, LinkLost)]
            return
        # A link that is resumed tells nothing of participants; one that is made anew tells that all
        # of them left and came. Measured: 8 of 8, and no text of 300 that a resumed one carried
        # was lost.
        roster = self._roster(lambda one: one.identity in self._rejoined)
        self._tell(LinkRestored(roster, resumed=not self._rebuilt))
        # What changed while the link was down is told by no event.
        self._room_changed()
        self._local_changed()

    def _disconnected(self, reason: int) -> None:
        self._streams.lost()
        self._tell(LinkGone(GONE.get(reason, "link-lost")))

    def _roster(self, was_there: Callable[[rtc.RemoteParticipant], bool]) -> Roster:
        there = list(self._room.remote_participants.values())
        there.sort(key=lambda one: one.joined_at or datetime.max.replace(tzinfo=UTC))
        return tuple(_seen(one, was_there=was_there(one)) for one in there)


def _new_room() -> rtc.Room:
    return rtc.Room(loop=asyncio.get_running_loop())


def _is_agent(one: rtc.Participant) -> bool:
    return one.kind == rtc.ParticipantKind.PARTICIPANT_KIND_AGENT


def _own(one: rtc.LocalParticipant) -> Local:
    tracks = frozenset(one.track_publications)
    return Local(one.name, one.metadata, one.attributes, tracks)


def _seen(one: rtc.RemoteParticipant, *, was_there: bool) -> Participant:
    tracks = {
        SOURCES[publication.source]: publication.track
        for publication in one.track_publications.values()
        if publication.source in SOURCES and publication.track is not None
    }
    return Participant(
        one.identity,
        one.name,
        one.metadata,
        one.attributes,
        Tracks(**tracks),
        was_there,
        _is_agent(one),
    )
