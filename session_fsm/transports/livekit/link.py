"""Rooms on a LiveKit server, by `livekit.rtc`.

What this module guards against, measured with livekit 1.1.21 to 1.2.1:

- Cancelling ``room.connect`` leaves a ghost in the room and ends the process with SIGTERM 15 s
  later: it is shielded, and whoever comes back from it after the end is disconnected.
- A Room is single-use, and must be made on the running loop: every link makes its own.
- The server's 401 quotes the whole token, and the SDK's exception carries it: it is redacted.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final
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
    MediaRepublished,
    RoomJoined,
)
from session_fsm.redact import redact, redacted_cause
from session_fsm.transports.encryption import NOT_NOW
from session_fsm.transports.livekit.asking import hears
from session_fsm.transports.livekit.data_tracks import LiveKitDataTracks
from session_fsm.transports.livekit.encryption import LiveKitEncryption
from session_fsm.transports.livekit.facts import RoomFacts, is_agent, own
from session_fsm.transports.livekit.media import LiveKitMedia
from session_fsm.transports.livekit.participant import LiveKitParticipant
from session_fsm.transports.livekit.refusals import refusal
from session_fsm.transports.livekit.rpc import LiveKitRpc
from session_fsm.transports.livekit.seat import Seat
from session_fsm.transports.livekit.streams import LiveKitStreams
from session_fsm.transports.livekit.tasks import error_of
from session_fsm.transports.texts import tell_texts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from session_fsm.encryption.options import Encryption
    from session_fsm.tokens.details import ConnectionDetails
    from session_fsm.transports.base import Sink

LOOK_AGAIN: Final = 0.1
"""Seconds between two looks at a link that the SDK restores."""
NOT_MOVED: Final = "The room could not be joined anew, and encryption is as it was."

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
        self._facts = RoomFacts(self._seat, sink, self._streams, self.encryption)
        tell_texts(self._streams, self._facts.tell)
        self.rpc: Final = LiveKitRpc(self._seat, self.encryption.refuses)
        self.participant: Final = LiveKitParticipant(self._seat)
        self.data_tracks: Final = LiveKitDataTracks(self._seat)
        self.media: Final = LiveKitMedia(self._seat)
        self.media.on_published = self.encryption.published
        self._joining: asyncio.Task[None] | None = None
        self._moving: asyncio.Task[None] | None = None
        self._facts.follow(self._seat.room)

    @property
    def _room(self) -> rtc.Room:
        return self._seat.room

    @property
    def room(self) -> rtc.Room | None:
        """The Room while it is joined."""
        return None if self._facts.is_holding or self._facts.is_over else self._room

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
        if self._facts.is_over or not self._facts.is_holding:
            return
        early = self._facts.release()
        gone = next((fact for fact in early if isinstance(fact, LinkGone)), None)
        if gone is not None:
            raise ConnectError(
                "The link ended while the room was being joined. Start again.", kind=gone.kind
            )
        roster = self._facts.roster(lambda _: True)
        identity = self._room.local_participant.identity
        metadata, local = self._room.metadata, own(self._room.local_participant)
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
        if self._facts.is_holding or self._facts.is_over or self._facts.is_lost:
            raise EncryptionError(NOT_NOW, kind="not-possible")
        self._moving = asyncio.create_task(self._move(encrypted))
        self._moving.add_done_callback(error_of)
        await asyncio.shield(self._moving)

    async def _move(self, encrypted: bool) -> None:  # noqa: FBT001 - the fact itself
        old, new = self._room, self._make_room()
        self._facts.unfollow(old)
        self._facts.hold()
        self._sink(LinkLost())
        self._facts.follow(new)
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
        before = own(old.local_participant)
        self._streams.moved()
        self.data_tracks.leave(old)
        self.data_tracks.follow(self._room)
        await self._leave_room(old)
        early = self._facts.release()
        self._facts.tell(LinkRestored(self._facts.roster(lambda _: False)))
        self._facts.tell(EncryptionSwitched(self.encryption.is_enabled))
        self.encryption.look()
        for fact in early:
            self._facts.tell(fact)
        self._facts.room_changed()
        if not self._facts.is_over:
            await self._republish()
            await self.data_tracks.moved()
            await self.participant.restore(before)
            self._facts.local_changed()

    async def _go_back(self, old: rtc.Room, new: rtc.Room) -> None:
        self._facts.unfollow(new)
        await self._leave_room(new)
        self._seat.room = old
        while old.connection_state == rtc.ConnectionState.CONN_RECONNECTING:  # noqa: ASYNC110
            await asyncio.sleep(LOOK_AGAIN)
        self._facts.release()
        self._facts.follow(old)
        if not old.isconnected():
            self._facts.tell(LinkGone("link-lost"))
        elif not self._facts.is_over:
            self._facts.tell(LinkRestored(self._facts.roster(lambda _: False)))
            self.encryption.look()
            self._facts.room_changed()
            await self._republish()
            self._facts.local_changed()

    async def _republish(self) -> None:
        await self.media.moved(lambda name, track: self._facts.tell(MediaRepublished(name, track)))

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
            one.identity for one in everybody if agent in {None, one.identity} or not is_agent(one)
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
        if not self._facts.is_over:
            self._facts.is_over = True
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

    def _tell(self, fact: Fact) -> None:
        self._facts.tell(fact)


def _new_room() -> rtc.Room:
    return rtc.Room(loop=asyncio.get_running_loop())
