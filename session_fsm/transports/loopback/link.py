"""One user's link to a room of a loopback network."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

import attrs

from session_fsm.errors import SendError
from session_fsm.events import (
    Fact,
    LinkGone,
    LinkLost,
    LinkRestored,
    LocalChanged,
    RoomChanged,
    RoomJoined,
    TextChunk,
    TextClosed,
    TextOpened,
)
from session_fsm.messages.merge import CHAT_TOPIC
from session_fsm.roster import find
from session_fsm.transports.loopback.data_tracks import LoopbackDataTracks
from session_fsm.transports.loopback.participant import LoopbackParticipant
from session_fsm.transports.loopback.room import LoopbackRoom
from session_fsm.transports.loopback.rpc import LoopbackRpc

if TYPE_CHECKING:
    from collections.abc import Mapping

    from session_fsm.transports.base import Sink
    from session_fsm.transports.loopback.network import LoopbackAgent
    from session_fsm.transports.streams import StreamPort


class LoopbackLink:
    """One user's link to a room."""

    def __init__(self, agent: LoopbackAgent, token: Mapping[str, Any], sink: Sink) -> None:
        self._agent = agent
        self._network = agent.network
        self._token = token
        self._sink = sink
        self._room: LoopbackRoom | None = None
        self._streams: set[str] = set()
        self._restored = asyncio.Event()
        self._restored.set()
        self.identity = str(token.get("sub", ""))
        self.losses = 0
        self.rpc: Final = LoopbackRpc(self)
        self.participant: Final = LoopbackParticipant(self, token)
        self.data_tracks: Final = LoopbackDataTracks(self)

    @property
    def room(self) -> None:
        """None: there is no `livekit.rtc.Room` behind a loopback."""
        return

    @property
    def joined(self) -> LoopbackRoom | None:
        """The room while it is joined."""
        return self._room

    @property
    def is_up(self) -> bool:
        """Whether the link carries anything now."""
        return self._restored.is_set()

    async def carried(self) -> bool:
        """Wait until the link is up; False: what was on its way meanwhile is lost."""
        was_up = self._restored.is_set()
        await self._restored.wait()
        return was_up and self._room is not None

    @property
    def publishes(self) -> bool:
        """False: nothing is published on a loopback."""
        return False

    @property
    def streams(self) -> StreamPort:
        """The streams of this link."""
        raise NotImplementedError

    async def connect(self) -> None:
        """Join the room of the token, which is made if it is not there."""
        await asyncio.sleep(self._network.connect_delay)
        if self._network.refusal is not None:
            raise self._network.refusal
        room = self._enter()
        roster = tuple(attrs.evolve(one, was_there=True) for one in room.roster)
        local = self.participant.local
        self._sink(RoomJoined(room.name, self.identity, roster, room.metadata, local))
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
        if not self._restored.is_set():
            return
        match fact:
            case TextOpened(stream_id):
                self._streams.add(stream_id)
            case TextChunk(stream_id) | TextClosed(stream_id) if stream_id not in self._streams:
                return
            case TextClosed(stream_id):
                self._streams.discard(stream_id)
            case _:
                pass
        self._sink(fact)

    async def send_text(self, text: str, topic: str, agent: str | None = None) -> None:
        """Send a text; over a lost link it waits and is lost, as with LiveKit's SDK."""
        if self._room is None:
            raise SendError("The text could not be sent: the room is left.", kind="transport")
        was_up = self._restored.is_set()
        await self._restored.wait()
        if was_up and topic == CHAT_TOPIC:
            self._room.agent.hear(self._room, text, agent)

    async def probe(self, identity: str, timeout: float) -> bool:  # noqa: ASYNC109 - the peer's time
        """Ask the scripted agent whether it is alive."""
        there = self._room is not None and find(self._room.roster, identity) is not None
        if there and self._restored.is_set() and self._agent.answers(identity):
            return True
        await asyncio.sleep(timeout)
        return False

    async def close(self) -> None:
        """Leave the room."""
        self._break_streams()
        self._leave()

    def _leave(self) -> None:
        room, self._room = self._room, None
        self._restored.set()
        if room is not None:
            room.exit(self)
            room.calls.leave(self.identity)
            self.data_tracks.left(room)

    def drop(self) -> None:
        """Lose the link; every stream that it carried breaks off."""
        if self._restored.is_set():
            self._break_streams()
            self._restored.clear()
            self.losses += 1
            self._sink(LinkLost())

    def restore(self) -> None:
        """Have the link back; the roster is as it is now."""
        if self._room is not None and not self._restored.is_set():
            self._restored.set()
            self._sink(LinkRestored(self._room.roster))
            self._sink(RoomChanged(self._room.metadata))
            self._sink(LocalChanged(self.participant.local))

    def cut(self, kind: str) -> None:
        """Lose the link for good."""
        self._break_streams()
        self._leave()
        self._sink(LinkGone(kind))

    def _break_streams(self) -> None:
        streams, self._streams = self._streams, set()
        for stream_id in sorted(streams):
            self._sink(TextClosed(stream_id, broken=True))
