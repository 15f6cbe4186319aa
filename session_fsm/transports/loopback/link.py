"""One user's link to a room of a loopback network."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

import attrs

from session_fsm.data.info import StreamHeader, StreamKind
from session_fsm.errors import SendError, StreamError
from session_fsm.events import (
    Fact,
    LinkGone,
    LinkLost,
    LinkRestored,
    LocalChanged,
    RoomChanged,
    RoomJoined,
)
from session_fsm.messages.people import CHAT_TOPIC
from session_fsm.roster import Participant, find
from session_fsm.transports.loopback.data_tracks import LoopbackDataTracks
from session_fsm.transports.loopback.encryption import LoopbackEncryption
from session_fsm.transports.loopback.media import LoopbackMedia
from session_fsm.transports.loopback.participant import LoopbackParticipant
from session_fsm.transports.loopback.room import LoopbackRoom
from session_fsm.transports.loopback.rpc import LoopbackRpc
from session_fsm.transports.loopback.streams import LoopbackStreams
from session_fsm.transports.texts import tell_texts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from session_fsm.encryption.options import Encryption
    from session_fsm.transports.base import Sink
    from session_fsm.transports.loopback.network import LoopbackAgent


class LoopbackLink:
    """One user's link to a room."""

    def __init__(
        self,
        agent: LoopbackAgent,
        token: Mapping[str, Any],
        sink: Sink,
        encryption: Encryption | None = None,
    ) -> None:
        self._agent = agent
        self._network = agent.network
        self._token = token
        self._sink = sink
        self._room: LoopbackRoom | None = None
        self._restored = asyncio.Event()
        self._restored.set()
        self.identity = str(token.get("sub", ""))
        self.name = str(token.get("name", ""))
        self._streams = LoopbackStreams(self.identity, self._reached)
        tell_texts(self._streams, sink)
        self.losses = 0
        self.rpc: Final = LoopbackRpc(self)
        self.encryption: Final = LoopbackEncryption(self, encryption)
        self.participant: Final = LoopbackParticipant(self, token)
        self.data_tracks: Final = LoopbackDataTracks(self)
        self.media: Final = LoopbackMedia(self)

    @property
    def room(self) -> None:
        """None: there is no `livekit.rtc.Room` behind a loopback."""
        return

    @property
    def joined(self) -> LoopbackRoom | None:
        """The room while it is joined."""
        return self._room

    @property
    def is_understood(self) -> bool:
        """Whether the agent can read what this client sends, and the other way round."""
        room = self._room
        return (
            room is not None
            and room.agent_reads(self.encryption.cipher)
            and self.encryption.reads(room.agent_cipher)
        )

    async def carried(self) -> bool:
        """Wait until the link is up; False: what was on its way meanwhile is lost."""
        was_up = self.is_up
        await self._restored.wait()
        return was_up and self._room is not None

    def seen(self) -> Participant:
        """Return this user, as the others in the room see it."""
        local = self.participant.local
        return Participant(
            self.identity,
            local.name,
            local.metadata,
            local.attributes,
            self.media.tracks,
            is_agent=False,
        )

    @property
    def publishes(self) -> bool:
        """Whether this client has a track of its own in the room."""
        return bool(self.media.published)

    @property
    def streams(self) -> LoopbackStreams:
        """The streams of this link."""
        return self._streams

    @property
    def is_up(self) -> bool:
        """Whether anything gets through: it is not being restored, nor about to be."""
        return self._restored.is_set() and not self._network.is_silent

    async def connect(self) -> None:
        """Join the room of the token, which is made if it is not there."""
        await asyncio.sleep(self._network.connect_delay)
        if self._network.refusal is not None:
            raise self._network.refusal
        await self.encryption.joined()
        room = self._enter()
        roster = tuple(attrs.evolve(one, was_there=True) for one in room.seen_by(self))
        local = self.participant.local
        is_encrypted = self.encryption.is_enabled
        self._sink(RoomJoined(room.name, self.identity, roster, room.metadata, local, is_encrypted))
        for one in room.roster:
            await self.encryption.look(one.identity)
        self.data_tracks.joined(room)

    def _enter(self) -> LoopbackRoom:
        name = str(self._token["video"]["room"])
        room = self._network.rooms.get(name)
        is_new = room is None
        if room is None:
            room = LoopbackRoom(self._network, self._agent, name)
            self._network.rooms[name] = room
        room.enter(self)
        self._room = room
        if is_new:
            for wanted in self._token.get("roomConfig", {}).get("agents", []):
                room.dispatch(self._agent, wanted.get("agentName", ""), wanted.get("metadata", ""))
        return room

    def tell(self, fact: Fact) -> None:
        """Tell a fact of the room, unless the link is down."""
        if self.is_up:
            self._sink(fact)

    async def send_text(
        self,
        text: str,
        topic: str,
        agent: str | None = None,
        attachments: Sequence[str] = (),
    ) -> None:
        """Send a text; over a lost link it waits and is lost, as with LiveKit's SDK."""
        room = self._room
        if room is None:
            raise SendError("The text could not be sent: the room is left.", kind="transport")
        was_up = self.is_up
        await self._restored.wait()
        if not was_up or not self.is_up or self._room is not room:
            return
        to = [link.identity for link in room.links if link is not self]
        to += [one.identity for one in room.roster if agent in {None, one.identity}]
        header = StreamHeader(
            str(uuid4()), StreamKind.TEXT, topic, tuple(to), attachments=tuple(attachments)
        )
        if to:
            stream = room.open_stream(self.identity, header)
            stream.write(text)
            stream.close()
        if topic == CHAT_TOPIC and room.agent_reads(self.encryption.cipher):
            room.agent.hear(room, text, agent)

    async def _reached(self) -> LoopbackRoom:
        await self._restored.wait()
        if self._room is None:
            raise StreamError("The stream could not be opened: the room is left.", kind="transport")
        return self._room

    async def probe(self, identity: str, timeout: float) -> bool:  # noqa: ASYNC109 - the peer's time
        """Ask the scripted agent whether it is alive."""
        await self.encryption.known(identity)
        there = self._room is not None and find(self._room.roster, identity) is not None
        if there and self.is_up and self._agent.answers(identity) and self.is_understood:
            return True
        await asyncio.sleep(timeout)
        return False

    async def close(self) -> None:
        """Leave the room."""
        self.encryption.close()
        self._streams.break_off("the room was left")
        self._leave(on_purpose=True)

    def _leave(self, *, on_purpose: bool = False) -> None:
        room, self._room = self._room, None
        self._restored.set()
        if room is not None:
            room.exit(self, on_purpose=on_purpose)
            room.calls.leave(self.identity)
            self.data_tracks.left(room)

    def drop(self) -> None:
        """Lose the link; every stream that it carried breaks off."""
        if self._restored.is_set():
            self._streams.break_off("the link to the server was lost on the way")
            self._restored.clear()
            self.losses += 1
            self._sink(LinkLost())

    def restore(self) -> None:
        """Have the link back; the roster is as it is now."""
        if self._room is not None and not self._restored.is_set():
            self._restored.set()
            self._sink(LinkRestored(self._room.seen_by(self)))
            self._sink(RoomChanged(self._room.metadata))
            self._sink(LocalChanged(self.participant.local))

    def cut(self, kind: str) -> None:
        """Lose the link for good."""
        self._streams.break_off("the link to the server was lost")
        self._leave()
        self._sink(LinkGone(kind))
