"""A network: the rooms that one agent serves, and all the ways in which it fails."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from session_fsm.data.info import StreamInfo
    from session_fsm.encryption.options import Key
    from session_fsm.errors import ConnectError
    from session_fsm.media.frames import AudioFrame, VideoFrame
    from session_fsm.transports.loopback.link import LoopbackLink
    from session_fsm.transports.loopback.room import LoopbackRoom
    from session_fsm.transports.rpc import RpcCall
    from session_fsm.transports.streams import StreamFeed


class LoopbackAgent(Protocol):
    """What a network dispatches to the rooms that are made in it."""

    @property
    def network(self) -> LoopbackNetwork:
        """The network that the agent is reached by."""
        ...

    @property
    def keys(self) -> Sequence[Key]:
        """What it can read with; it encrypts with the last one, and without one not at all."""
        ...

    async def serve(self, room: LoopbackRoom, name: str, metadata: str) -> None:
        """Do the job in this room, until cancelled because the room is gone."""
        ...

    def hear(self, room: LoopbackRoom, text: str, identity: str | None) -> None:
        """Take a text that a user sent to this agent, or to all of them (None)."""
        ...

    def expect(self, room: LoopbackRoom, identity: str) -> None:
        """Hear nothing live of this user before what was said earlier has come."""
        ...

    def listen(
        self, room: LoopbackRoom, identity: str, source: str, frame: AudioFrame | VideoFrame
    ) -> None:
        """Take a frame that a user publishes."""
        ...

    def take(
        self, room: LoopbackRoom, info: StreamInfo, to: tuple[str, ...]
    ) -> Iterable[StreamFeed]:
        """Return what these participants take a stream with that somebody in the room opens."""
        ...

    def answers(self, identity: str) -> bool:
        """Say whether the participant of this identity is alive enough to refuse an RPC."""
        ...

    async def answer(self, room: LoopbackRoom, identity: str, call: RpcCall) -> str:
        """Answer a call to this agent; raises ``RpcError`` and nothing else."""
        ...


class LoopbackNetwork:
    """The rooms that one registered agent serves, and all the ways in which a network fails.

    Attributes:
        connect_delay: Seconds that joining a room takes.
        refusal: Raised by every attempt to join while it is not None.
        is_silent: Nothing gets through any link, either way, and nobody knows it yet.
        rooms: Room name -> room.
    """

    def __init__(self) -> None:
        self.connect_delay = 0.05
        self.refusal: ConnectError | None = None
        self.is_silent = False
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
        """Restore every link that was dropped, as new ones: what they carried is lost."""
        self.is_silent = False
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
