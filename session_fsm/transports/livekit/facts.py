"""What a Room tells, as facts; and what is in it, as a roster.

Measured with livekit 1.1.21 to 1.2.1:

- Participants that are there already send no join: the roster is read when the room is joined.
- A full reconnect tells that everybody left *before* it tells that the link was lost.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from livekit import rtc

from session_fsm.events import (
    Fact,
    LinkGone,
    LinkLost,
    LinkRestored,
    LocalChanged,
    ParticipantChanged,
    ParticipantJoined,
    ParticipantLeft,
    RoomChanged,
    TextChunk,
    TextClosed,
    TextOpened,
    TrackChanged,
)
from session_fsm.roster import PUBLISHABLE, Local, Participant, Permissions, Roster, Tracks

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from session_fsm.transports.base import Sink
    from session_fsm.transports.livekit.encryption import LiveKitEncryption
    from session_fsm.transports.livekit.seat import Seat
    from session_fsm.transports.livekit.streams import LiveKitStreams

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

_ROOM_FREE = (TextOpened, TextChunk, TextClosed, LinkLost, LinkGone)


class RoomFacts:
    """Tells the facts of a Room.

    Attributes:
        is_lost: The SDK is restoring the link.
        is_over: Nothing is told any more but the ends of texts.
    """

    def __init__(
        self, seat: Seat, sink: Sink, streams: LiveKitStreams, encryption: LiveKitEncryption
    ) -> None:
        self._seat = seat
        self._sink = sink
        self._streams = streams
        self._encryption = encryption
        self._early: list[Fact] | None = []
        self.is_lost = False
        self.is_over = False
        self._rejoined: set[str] = set()
        self._rebuilt = False

    @property
    def is_holding(self) -> bool:
        """Whether what is told waits until the room is joined."""
        return self._early is not None

    def hold(self) -> None:
        """Hold back what is told from now on, as far as the roster will not say it."""
        self._early = []

    def release(self) -> list[Fact]:
        """Tell everything at once from now on, and return what was held back."""
        early, self._early = self._early or [], None
        return early

    def tell(self, fact: Fact) -> None:
        """Tell a fact, or hold it back."""
        if self.is_over and not isinstance(fact, TextClosed):
            return
        if self._early is None:
            self._sink(fact)
        elif isinstance(fact, _ROOM_FREE):
            # Facts about participants are in the roster that is read when the room is joined.
            self._early.append(fact)

    def follow(self, room: rtc.Room) -> None:
        """Tell what this Room tells."""
        for handlers in (self._handlers(), self._encryption.handlers()):
            for event, handler in handlers.items():
                room.on(event, handler)  # pyright: ignore[reportUnknownMemberType]

    def unfollow(self, room: rtc.Room) -> None:
        """Tell nothing of this Room any more."""
        for handlers in (self._handlers(), self._encryption.handlers()):
            for event, handler in handlers.items():
                room.off(event, handler)  # pyright: ignore[reportUnknownMemberType]

    def roster(self, was_there: Callable[[rtc.RemoteParticipant], bool]) -> Roster:
        """Return everybody who is there, in the order in which they came."""
        there = list(self._seat.room.remote_participants.values())
        there.sort(key=lambda one: one.joined_at or datetime.max.replace(tzinfo=UTC))
        return tuple(_seen(one, was_there=was_there(one)) for one in there)

    def _handlers(self) -> dict[Any, Callable[..., None]]:
        return {
            "participant_connected": self._participant_connected,
            "participant_disconnected": self._participant_disconnected,
            "participant_attributes_changed": self._attributes_changed,
            "participant_metadata_changed": self._changed,
            "participant_name_changed": self._changed,
            "participant_permissions_changed": self._changed,
            "room_metadata_changed": self.room_changed,
            "room_updated": self.room_changed,
            "local_track_published": self.local_changed,
            "local_track_unpublished": self.local_changed,
            "local_track_republished": self.local_changed,
            "track_subscribed": self._track_changed,
            "track_unsubscribed": self._track_changed,
            "reconnecting": self._reconnecting,
            "reconnected": self._reconnected,
            "disconnected": self._disconnected,
        }

    def _participant_connected(self, one: rtc.RemoteParticipant) -> None:
        if self.is_lost:
            self._rejoined.add(one.identity)
            self._rebuilt = True
        self.tell(ParticipantJoined(_seen(one, was_there=False)))

    def _participant_disconnected(self, one: rtc.RemoteParticipant) -> None:
        self._rebuilt = self._rebuilt or self.is_lost
        self._streams.abandon(one.identity)
        on_purpose = one.disconnect_reason == rtc.DisconnectReason.CLIENT_INITIATED
        self.tell(ParticipantLeft(one.identity, on_purpose=on_purpose))

    def _attributes_changed(self, _changed: object, one: rtc.Participant) -> None:
        self._changed(one)

    def _changed(self, one: rtc.Participant) -> None:
        if isinstance(one, rtc.LocalParticipant):
            self.local_changed()
        else:
            self.tell(ParticipantChanged(one.identity, one.name, one.metadata, one.attributes))

    # The SDK hands over only as many arguments as a handler takes.

    def local_changed(self) -> None:
        """Tell what this client shows of itself."""
        self.tell(LocalChanged(own(self._seat.room.local_participant)))

    def room_changed(self) -> None:
        """Tell what the room shows."""
        self.tell(RoomChanged(self._seat.room.metadata))

    def _track_changed(
        self,
        _track: rtc.RemoteTrack,
        publication: rtc.RemoteTrackPublication,
        one: rtc.RemoteParticipant,
    ) -> None:
        source = SOURCES.get(publication.source)
        if source is not None:
            # Who replaces a track may publish the next before it takes back the one before.
            self.tell(TrackChanged(one.identity, source, _tracks(one).get(source)))

    def _reconnecting(self) -> None:
        self.is_lost = True
        self._rejoined.clear()
        self._rebuilt = False
        self.tell(LinkLost())

    def _reconnected(self) -> None:
        self.is_lost = False
        self._streams.restored(self._seat.room.remote_participants.keys() - self._rejoined)
        if self._early is not None:
            # It came and went before the room was told of, whose roster says the rest.
            self._early = [fact for fact in self._early if not isinstance(fact, LinkLost)]
            return
        # A link that is resumed tells nothing of participants; one that is made anew tells that all
        # of them left and came. Measured: 8 of 8, and no text of 300 that a resumed one carried
        # was lost.
        roster = self.roster(lambda one: one.identity in self._rejoined)
        self.tell(LinkRestored(roster, resumed=not self._rebuilt))
        # What changed while the link was down is told by no event.
        self.room_changed()
        self.local_changed()

    def _disconnected(self, reason: int) -> None:
        self._streams.lost()
        self.tell(LinkGone(GONE.get(reason, "link-lost")))


def is_agent(one: rtc.Participant) -> bool:
    """Say whether it joined as an agent, which nobody can claim."""
    return one.kind == rtc.ParticipantKind.PARTICIPANT_KIND_AGENT


def own(one: rtc.LocalParticipant) -> Local:
    """Return what this client shows of itself."""
    tracks = frozenset(one.track_publications)
    return Local(one.name, one.metadata, one.attributes, tracks, _permissions(one))


def _permissions(one: rtc.LocalParticipant) -> Permissions:
    told = one.permissions
    if not told.HasField("can_publish"):
        return Permissions()
    listed = frozenset(SOURCES[source] for source in told.can_publish_sources if source in SOURCES)
    # Where none is listed, all are meant.
    sources = listed if told.can_publish_sources else PUBLISHABLE
    return Permissions(sources if told.can_publish else frozenset(), told.can_publish_data)


def _tracks(one: rtc.RemoteParticipant) -> dict[str, object]:
    return {
        SOURCES[publication.source]: publication.track
        for publication in one.track_publications.values()
        if publication.source in SOURCES and publication.track is not None
    }


def _seen(one: rtc.RemoteParticipant, *, was_there: bool) -> Participant:
    return Participant(
        one.identity,
        one.name,
        one.metadata,
        one.attributes,
        Tracks(**_tracks(one)),
        was_there,
        is_agent(one),
    )
