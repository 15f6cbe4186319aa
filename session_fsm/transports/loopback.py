"""Rooms in this very process: no server, no native library, no sockets.

The loopback behaves as LiveKit does where it matters to a session, unpleasant parts included: an
agent is dispatched only when its room is made, it stays deaf for a while after the user has left,
texts that are sent over a lost link are lost, streams that a lost link cuts through break off.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import urlsplit
from uuid import uuid4

import attrs

from session_fsm.errors import ConnectError, SendError
from session_fsm.events import (
    Fact,
    LinkGone,
    LinkLost,
    LinkRestored,
    ParticipantChanged,
    ParticipantJoined,
    ParticipantLeft,
    RoomJoined,
    TextChunk,
    TextClosed,
    TextOpened,
    TrackChanged,
)
from session_fsm.messages.merge import CHAT_TOPIC
from session_fsm.roster import Participant, Roster, find
from session_fsm.tokens.jwt import claims

if TYPE_CHECKING:
    from collections.abc import Mapping

    from session_fsm.tokens.details import ConnectionDetails
    from session_fsm.transports.base import Sink

DEPARTURE_TIMEOUT: Final = 20.0
"""Seconds that a room lives on after its last user has left; livekit-server's default."""


class LoopbackAgent(Protocol):
    """What a network dispatches to the rooms that are made in it."""

    @property
    def network(self) -> LoopbackNetwork:
        """The network that the agent is reached by."""
        ...

    async def serve(self, room: LoopbackRoom, name: str, metadata: str) -> None:
        """Do the job in this room, until cancelled because the room is gone."""
        ...

    def hear(self, room: LoopbackRoom, text: str, identity: str | None) -> None:
        """Take a text that a user sent to this agent, or to all of them (None)."""
        ...

    def answers(self, identity: str) -> bool:
        """Say whether the participant of this identity is alive enough to refuse an RPC."""
        ...


class LoopbackNetwork:
    """The rooms that one registered agent serves, and all the ways in which a network fails.

    Attributes:
        connect_delay: Seconds that joining a room takes.
        refusal: Raised by every attempt to join while it is not None.
        rooms: Room name -> room.
    """

    def __init__(self) -> None:
        self.connect_delay = 0.05
        self.refusal: ConnectError | None = None
        self.rooms: dict[str, LoopbackRoom] = {}

    def participants(self, room_name: str) -> list[str]:
        """Return the identities of everybody in the room, users first; empty without a room."""
        room = self.rooms.get(room_name)
        if room is None:
            return []
        return [link.identity for link in room.links] + [one.identity for one in room.roster]

    def drop(self) -> None:
        """Break every link; the users' transports try to restore theirs."""
        for link in self._links():
            link.drop()

    def restore(self) -> None:
        """Restore every link that was dropped."""
        for link in self._links():
            link.restore()

    def cut(self, kind: str = "link-lost") -> None:
        """End every link for good; ``kind`` is one of ``ConnectError``'s."""
        for link in self._links():
            link.cut(kind)

    def delete_rooms(self) -> None:
        """Delete every room, with everybody in it."""
        for room in list(self.rooms.values()):
            for link in list(room.links):
                link.cut("room-deleted")
            room.close()

    def _links(self) -> list[LoopbackLink]:
        return [link for room in self.rooms.values() for link in room.links]


_agents: dict[str, LoopbackAgent] = {}


def register(agent: LoopbackAgent | None = None) -> str:
    """Make the agent reachable, and return the URL of its server: ``loopback://<id>``.

    Without an agent, a `ScriptedAgent` that echoes is made.
    """
    if agent is None:
        from session_fsm.transports.scripted import ScriptedAgent  # noqa: PLC0415 - a cycle

        agent = ScriptedAgent()
    known = next((key for key, one in _agents.items() if one is agent), None)
    key = known or uuid4().hex[:12]
    _agents[key] = agent
    return f"loopback://{key}"


class LoopbackTransport:
    """Opens links to the rooms of registered agents."""

    def open(self, details: ConnectionDetails, sink: Sink) -> LoopbackLink:
        """Return a link that is not connected yet."""
        agent = _agents.get(urlsplit(details.server_url).hostname or "")
        if agent is None:
            raise ConnectError(
                f"Nobody is registered under {details.server_url!r}: take the URL from "
                "TokenSource.loopback() in this very process.",
                kind="unreachable",
            )
        return LoopbackLink(agent, claims(details.participant_token), sink)


def transport() -> LoopbackTransport:
    """Return the transport for ``loopback``."""
    return LoopbackTransport()


@attrs.define(eq=False)
class TextStream:
    """A text that a participant is sending to everybody in the room."""

    room: LoopbackRoom
    stream_id: str

    def write(self, chunk: str) -> None:
        """Send more of it."""
        self.room.tell(TextChunk(self.stream_id, chunk))

    def close(self, attributes: Mapping[str, str] | None = None) -> None:
        """End it, with the attributes of the trailer."""
        self.room.end_text(TextClosed(self.stream_id, dict(attributes or {})))


class LoopbackRoom:
    """One room: the agents and avatars in it, and the links of its users."""

    def __init__(self, network: LoopbackNetwork, agent: LoopbackAgent, name: str) -> None:
        self.name = name
        self.roster: Roster = ()
        self.links: list[LoopbackLink] = []
        self.agent = agent
        self._network = network
        self._jobs: set[asyncio.Task[None]] = set()
        self._departure: asyncio.TimerHandle | None = None
        self._ids = count(1)
        self._open_texts: dict[str, str] = {}

    def dispatch(self, agent: LoopbackAgent, name: str, metadata: str) -> None:
        """Give the agent a job in this room."""
        job = asyncio.get_running_loop().create_task(agent.serve(self, name, metadata))
        self._jobs.add(job)
        job.add_done_callback(self._jobs.discard)

    def tell(self, fact: Fact) -> None:
        """Tell everybody who is linked."""
        for link in list(self.links):
            link.tell(fact)

    def join(self, participant: Participant) -> None:
        """Let an agent or avatar in."""
        self.roster = (*self.roster, participant)
        self.tell(ParticipantJoined(participant))

    def leave(self, identity: str, *, on_purpose: bool) -> None:
        """Let it out again."""
        if find(self.roster, identity) is not None:
            for stream_id in [key for key, by in self._open_texts.items() if by == identity]:
                self.end_text(TextClosed(stream_id, broken=True))
            self.roster = tuple(one for one in self.roster if one.identity != identity)
            self.tell(ParticipantLeft(identity, on_purpose=on_purpose))

    def change(self, identity: str, attributes: Mapping[str, str]) -> None:
        """Merge attributes into a participant's; an empty value removes one, as on LiveKit."""
        one = find(self.roster, identity)
        if one is None:
            return
        merged = {key: value for key, value in {**one.attributes, **attributes}.items() if value}
        self._replace(one, attrs.evolve(one, attributes=merged))
        self.tell(ParticipantChanged(identity, attributes=merged))

    def publish(self, identity: str, source: str, track: object | None) -> None:
        """Publish a track of a participant, or take it back (None)."""
        one = find(self.roster, identity)
        if one is not None:
            tracks = attrs.evolve(one.tracks, **{source: track})
            self._replace(one, attrs.evolve(one, tracks=tracks))
            self.tell(TrackChanged(identity, source, track))

    def _replace(self, one: Participant, by: Participant) -> None:
        self.roster = tuple(by if other is one else other for other in self.roster)

    def open_text(self, sender: str, topic: str, attributes: Mapping[str, str]) -> TextStream:
        """Begin to send a text."""
        stream_id = f"{self.name}-text-{next(self._ids)}"
        self._open_texts[stream_id] = sender
        self.tell(TextOpened(stream_id, topic, sender, attributes, datetime.now(UTC)))
        return TextStream(self, stream_id)

    def end_text(self, closed: TextClosed) -> None:
        """Tell the end of a text, unless it has ended."""
        if self._open_texts.pop(closed.stream_id, None) is not None:
            self.tell(closed)

    def enter(self, link: LoopbackLink) -> None:
        """Let a user in."""
        if self._departure is not None:
            self._departure.cancel()
            self._departure = None
        replaced = [one for one in self.links if one.identity == link.identity]
        self.links.append(link)
        for other in replaced:
            other.cut("duplicate-identity")

    def exit(self, link: LoopbackLink) -> None:
        """Let a user out; the last one leaves the agent deaf, and the room about to close."""
        if link in self.links:
            self.links.remove(link)
        if not self.links and self.name in self._network.rooms and self._departure is None:
            self.end_jobs()
            loop = asyncio.get_running_loop()
            self._departure = loop.call_later(DEPARTURE_TIMEOUT, self.close)

    def close(self) -> None:
        """End the room and every job in it."""
        if self._departure is not None:
            self._departure.cancel()
            self._departure = None
        self.end_jobs()
        self.roster = ()
        self._network.rooms.pop(self.name, None)

    @property
    def is_served(self) -> bool:
        """Whether a job is still being done here."""
        return bool(self._jobs)

    def end_jobs(self) -> None:
        """End every job; who does it stays in the room, and is deaf."""
        for job in list(self._jobs):
            job.cancel()


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

    @property
    def room(self) -> None:
        """None: there is no `livekit.rtc.Room` behind a loopback."""
        return

    @property
    def publishes(self) -> bool:
        """False: nothing is published on a loopback."""
        return False

    async def connect(self) -> None:
        """Join the room of the token, which is made if it is not there."""
        await asyncio.sleep(self._network.connect_delay)
        if self._network.refusal is not None:
            raise self._network.refusal
        room = self._enter()
        roster = tuple(attrs.evolve(one, was_there=True) for one in room.roster)
        self._sink(RoomJoined(room.name, self.identity, roster))

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

    def drop(self) -> None:
        """Lose the link; every stream that it carried breaks off."""
        if self._restored.is_set():
            self._break_streams()
            self._restored.clear()
            self._sink(LinkLost())

    def restore(self) -> None:
        """Have the link back; the roster is as it is now."""
        if self._room is not None and not self._restored.is_set():
            self._restored.set()
            self._sink(LinkRestored(self._room.roster))

    def cut(self, kind: str) -> None:
        """Lose the link for good."""
        self._break_streams()
        self._leave()
        self._sink(LinkGone(kind))

    def _break_streams(self) -> None:
        streams, self._streams = self._streams, set()
        for stream_id in sorted(streams):
            self._sink(TextClosed(stream_id, broken=True))
