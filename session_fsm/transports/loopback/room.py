"""One room of a loopback network, and the texts that are being sent in it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING, Final

import attrs

from session_fsm.events import (
    Fact,
    ParticipantChanged,
    ParticipantJoined,
    ParticipantLeft,
    RoomChanged,
    TextChunk,
    TextClosed,
    TextOpened,
    TrackChanged,
)
from session_fsm.roster import Participant, Roster, find
from session_fsm.transports.loopback.rpc import LoopbackCalls

if TYPE_CHECKING:
    from collections.abc import Mapping

    from session_fsm.transports.loopback.data_tracks import LoopbackTrack
    from session_fsm.transports.loopback.link import LoopbackLink
    from session_fsm.transports.loopback.network import LoopbackAgent, LoopbackNetwork

DEPARTURE_TIMEOUT: Final = 20.0
"""Seconds that a room lives on after its last user has left; livekit-server's default."""


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
        self.metadata = ""
        self.calls = LoopbackCalls(self)
        self.data_tracks: list[LoopbackTrack] = []
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
