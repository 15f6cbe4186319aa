"""Data tracks in a loopback room: frames go to whoever listens at that moment."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from session_fsm.errors import StreamError

if TYPE_CHECKING:
    from collections.abc import Callable

    from session_fsm.transports.data_tracks import DataFrame, Feed, Published, Unpublished
    from session_fsm.transports.loopback.link import LoopbackLink
    from session_fsm.transports.loopback.room import LoopbackRoom

_sids = count(1)


class LoopbackTrack:
    """A data track in a room: what its publisher holds, and what all others see."""

    def __init__(self, link: LoopbackLink, room: LoopbackRoom, name: str) -> None:
        self.sid = f"DTR_{next(_sids)}"
        self.name = name
        self.publisher = link.identity
        self._link = link
        self._room = room
        self._feeds: dict[Feed, Callable[[], None]] = {}

    def push(self, frame: DataFrame) -> bool:
        """Send a frame to whoever is subscribed; a lost link drops it."""
        if self not in self._room.data_tracks or not self._link.is_up:
            return False
        for feed in list(self._feeds):
            feed(frame)
        return True

    async def unpublish(self) -> None:
        """Take the track back."""
        self.end()

    def end(self) -> None:
        """Be gone: everybody else is told."""
        if self not in self._room.data_tracks:
            return
        self._room.data_tracks.remove(self)
        for ended in list(self._feeds.values()):
            ended()
        self._feeds.clear()
        for link in self._room.links:
            link.data_tracks.tell_unpublished(self)

    def subscribe(self, feed: Feed, ended: Callable[[], None]) -> Callable[[], None]:
        """Hand over every frame from now on."""
        self._feeds[feed] = ended

        def stop() -> None:
            self._feeds.pop(feed, None)

        return stop


class LoopbackDataTracks:
    """The data tracks of one link."""

    def __init__(self, link: LoopbackLink) -> None:
        self._link = link
        self._listeners: list[tuple[Published, Unpublished]] = []

    async def publish(self, name: str) -> LoopbackTrack:
        """Publish a track; a name counts once for each publisher."""
        await self._link.carried()
        room = self._link.joined
        if room is None:
            raise StreamError(
                f"The data track {name!r} could not be published: the room is left.",
                kind="transport",
            )
        if any(
            (one.name, one.publisher) == (name, self._link.identity) for one in room.data_tracks
        ):
            raise StreamError(
                f"The data track {name!r} could not be published: the name is taken.",
                kind="transport",
            )
        track = LoopbackTrack(self._link, room, name)
        room.data_tracks.append(track)
        for link in room.links:
            link.data_tracks.tell_published(track)
        return track

    def listen(self, published: Published, unpublished: Unpublished) -> None:
        """Tell the tracks of others."""
        self._listeners.append((published, unpublished))

    def joined(self, room: LoopbackRoom) -> None:
        """Tell the tracks that are there."""
        for track in room.data_tracks:
            self.tell_published(track)

    def left(self, room: LoopbackRoom) -> None:
        """Take back what this participant published."""
        for track in list(room.data_tracks):
            if track.publisher == self._link.identity:
                track.end()

    def tell_published(self, track: LoopbackTrack) -> None:
        """Tell a new track, unless it is one's own."""
        if track.publisher != self._link.identity:
            for published, _ in self._listeners:
                published(track)

    def tell_unpublished(self, track: LoopbackTrack) -> None:
        """Tell that one is gone, unless it was one's own."""
        if track.publisher != self._link.identity:
            for _, unpublished in self._listeners:
                unpublished(track.sid)
