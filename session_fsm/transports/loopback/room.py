"""One room of a loopback network, and the streams that are being sent in it."""

from __future__ import annotations

import asyncio
from itertools import count
from typing import TYPE_CHECKING, Final

import attrs

from session_fsm.data.info import StreamHeader, StreamKind
from session_fsm.events import (
    Fact,
    ParticipantChanged,
    ParticipantJoined,
    ParticipantLeft,
    RoomChanged,
    TrackChanged,
)
from session_fsm.roster import NO_TRACKS, Participant, Roster, find
from session_fsm.transports.listeners import Feeds
from session_fsm.transports.loopback.rpc import LoopbackCalls
from session_fsm.transports.loopback.streams import RoomStream, described

if TYPE_CHECKING:
    from collections.abc import Mapping

    from session_fsm.encryption.options import Key
    from session_fsm.transports.loopback.data_tracks import LoopbackTrack
    from session_fsm.transports.loopback.link import LoopbackLink
    from session_fsm.transports.loopback.network import LoopbackAgent, LoopbackNetwork

DEPARTURE_TIMEOUT: Final = 20.0
"""Seconds that a room lives on after its last user has left; livekit-server's default."""


class LoopbackRoom:
    """One room: the agents and avatars in it, and the links of its users."""

    def __init__(self, network: LoopbackNetwork, agent: LoopbackAgent, name: str) -> None:
        self.name = name
        self.roster: Roster = ()
        self.links: list[LoopbackLink] = []
        self.agent = agent
        self.metadata = ""
        self.calls = LoopbackCalls(self)
        self.data_tracks: list[LoopbackTrack] = []
        self._network = network
        self._jobs: set[asyncio.Task[None]] = set()
        self._departure: asyncio.TimerHandle | None = None
        self._ids = count(1)
        self._open: set[RoomStream] = set()
        self._looking: set[asyncio.Task[None]] = set()

    # Who can read whom --------------------------------------------------------------------------

    @property
    def publishers(self) -> list[str]:
        """Who publishes a track, users apart."""
        return [one.identity for one in self.roster if one.tracks != NO_TRACKS]

    @property
    def agent_cipher(self) -> Key | None:
        """What the agent encrypts with, or None."""
        return self.agent.keys[-1] if self.agent.keys else None

    def agent_reads(self, cipher: Key | None) -> bool:
        """Say whether the agent can read what is encrypted with this."""
        return cipher is None or cipher in self.agent.keys

    def cipher(self, identity: str) -> Key | None:
        """Return what somebody encrypts with, or None."""
        link = next((link for link in self.links if link.identity == identity), None)
        return self.agent_cipher if link is None else link.encryption.cipher

    # What happens in it -------------------------------------------------------------------------

    def dispatch(self, agent: LoopbackAgent, name: str, metadata: str) -> None:
        """Give the agent a job in this room."""
        job = asyncio.get_running_loop().create_task(agent.serve(self, name, metadata))
        self._jobs.add(job)
        job.add_done_callback(self._jobs.discard)

    def tell(self, fact: Fact) -> None:
        """Tell everybody who is linked."""
        for link in list(self.links):
            link.tell(fact)

    def tell_others(self, identity: str, fact: Fact) -> None:
        """Tell everybody who is linked a fact about one of them."""
        for link in list(self.links):
            if link.identity != identity:
                link.tell(fact)

    def seen_by(self, link: LoopbackLink) -> Roster:
        """Return everybody else in the room, the agents first."""
        users = tuple(one.seen() for one in self.links if one.identity != link.identity)
        return (*self.roster, *users)

    def join(self, participant: Participant) -> None:
        """Let an agent or avatar in."""
        self.roster = (*self.roster, participant)
        self.tell(ParticipantJoined(participant))
        self._look_at(participant.identity)

    def leave(self, identity: str, *, on_purpose: bool) -> None:
        """Let it out again."""
        if find(self.roster, identity) is not None:
            for stream in [one for one in self._open if one.info.sender == identity]:
                stream.close(reason=f"{identity} left in the middle of it")
            self.roster = tuple(one for one in self.roster if one.identity != identity)
            self.calls.leave(identity)
            self.tell(ParticipantLeft(identity, on_purpose=on_purpose))

    def change(self, identity: str, attributes: Mapping[str, str]) -> None:
        """Merge attributes into a participant's; an empty value removes one, as on LiveKit."""
        one = find(self.roster, identity)
        if one is None:
            return
        merged = {key: value for key, value in {**one.attributes, **attributes}.items() if value}
        self._replace(one, attrs.evolve(one, attributes=merged))
        self.tell(ParticipantChanged(identity, attributes=merged))

    def set_metadata(self, identity: str, metadata: str) -> None:
        """Change a participant's metadata."""
        one = find(self.roster, identity)
        if one is not None:
            self._replace(one, attrs.evolve(one, metadata=metadata))
            self.tell(ParticipantChanged(identity, metadata=metadata))

    def change_room(self, metadata: str) -> None:
        """Change the metadata of the room itself."""
        self.metadata = metadata
        self.tell(RoomChanged(metadata))

    def publish(self, identity: str, source: str, track: object | None) -> None:
        """Publish a track of a participant, or take it back (None)."""
        one = find(self.roster, identity)
        if one is not None:
            tracks = attrs.evolve(one.tracks, **{source: track})
            self._replace(one, attrs.evolve(one, tracks=tracks))
            self.tell(TrackChanged(identity, source, track))
            if track is not None:
                self._look_at(identity)

    def _look_at(self, identity: str) -> None:
        for link in self.links:
            looking = asyncio.get_running_loop().create_task(link.encryption.look(identity))
            self._looking.add(looking)
            looking.add_done_callback(self._looking.discard)

    def _replace(self, one: Participant, by: Participant) -> None:
        self.roster = tuple(by if other is one else other for other in self.roster)

    def open_text(
        self, sender: str, topic: str, attributes: Mapping[str, str], *, speaks_for: str = ""
    ) -> RoomStream:
        """Begin to send a text to everybody; an agent may send what somebody else said."""
        stream_id = f"{self.name}-text-{next(self._ids)}"
        header = StreamHeader(stream_id, StreamKind.TEXT, topic, attributes=attributes)
        return self.open_stream(sender, header, speaks_for=speaks_for)

    def open_stream(self, sender: str, header: StreamHeader, *, speaks_for: str = "") -> RoomStream:
        """Begin to send a stream to everybody whom it is for, but the sender."""
        cipher = self.cipher(sender)
        there = self.roster if self.agent_reads(cipher) and not self._network.is_silent else ()
        agents = tuple(one.identity for one in there if _gets(header, sender, one.identity))
        author = speaks_for or sender
        info = described(header, author, self._name(author))
        takers = [
            link.streams.take(info)
            for link in list(self.links)
            if link.is_up and link.encryption.reads(cipher) and _gets(header, sender, link.identity)
        ]
        if agents and not self._network.is_silent:
            takers.append(Feeds(list(self.agent.take(self, info, agents))))
        stream = RoomStream(info, takers, self._network, self._open.discard)
        self._open.add(stream)
        return stream

    def _name(self, identity: str) -> str:
        one = find(self.roster, identity)
        if one is not None:
            return one.name
        return next((link.name for link in self.links if link.identity == identity), "")

    def enter(self, link: LoopbackLink) -> None:
        """Let a user in."""
        if self._departure is not None:
            self._departure.cancel()
            self._departure = None
        replaced = [one for one in self.links if one.identity == link.identity]
        self.links.append(link)
        for other in replaced:
            other.cut("duplicate-identity")
        self.tell_others(link.identity, ParticipantJoined(link.seen()))

    def exit(self, link: LoopbackLink, *, on_purpose: bool) -> None:
        """Let a user out; the last one leaves the agent deaf, and the room about to close."""
        if link in self.links:
            self.links.remove(link)
            self.tell_others(link.identity, ParticipantLeft(link.identity, on_purpose=on_purpose))
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


def _gets(header: StreamHeader, sender: str, identity: str) -> bool:
    return identity != sender and (not header.to or identity in header.to)
