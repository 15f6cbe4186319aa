"""``session.participant(identity)``: what can be seen and heard of somebody else in the room."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from session_fsm.media.heard import RemoteMedia
from session_fsm.media.remote import Senses
from session_fsm.roster import NO_ATTRIBUTES, Participant

if TYPE_CHECKING:
    from collections.abc import Mapping

    from session_fsm.snapshot import SessionSnapshot
    from session_fsm.transports.base import Link, Sink
    from stores import OnUnhandled, Store


class RemoteParticipant(RemoteMedia):
    """Whoever has this identity, each time it is in the room.

    Attributes:
        identity: The identity.
    """

    def __init__(
        self,
        identity: str,
        snapshots: Store[SessionSnapshot],
        senses: Senses,
        on_unhandled: OnUnhandled | None = None,
    ) -> None:
        super().__init__(senses, on_unhandled)
        self.identity = identity
        self._seen: Store[Participant | None] = snapshots.select(
            lambda now: now.participant(identity)
        )

    def __repr__(self) -> str:
        where = "in the room" if self._seen.value else "not in the room"
        return f"<RemoteParticipant {self.identity}, {where}>"

    @cached_property
    def is_present(self) -> Store[bool]:
        """Whether it is in the room."""
        return self._seen.select(lambda seen: seen is not None)

    @cached_property
    def is_agent(self) -> Store[bool]:
        """Whether it is in the room as an agent or an avatar worker."""
        return self._seen.select(lambda seen: seen is not None and seen.is_agent)

    @cached_property
    def name(self) -> Store[str | None]:
        """Its display name, maybe empty, while it is in the room."""
        return self._seen.select(lambda seen: None if seen is None else seen.name)

    @cached_property
    def metadata(self) -> Store[str | None]:
        """Its metadata, maybe empty, while it is in the room."""
        return self._seen.select(lambda seen: None if seen is None else seen.metadata)

    @cached_property
    def attributes(self) -> Store[Mapping[str, str]]:
        """All its attributes, as the server last told them."""
        return self._seen.select(lambda seen: NO_ATTRIBUTES if seen is None else seen.attributes)


class RemoteParticipants:
    """One `RemoteParticipant` for each identity that was asked for."""

    def __init__(
        self, snapshots: Store[SessionSnapshot], on_unhandled: OnUnhandled | None = None
    ) -> None:
        self._snapshots = snapshots
        self._on_unhandled = on_unhandled
        self._known: dict[str, tuple[RemoteParticipant, Senses]] = {}
        self._link: tuple[Link, Sink] | None = None
        self._is_closed = False

    def of(self, identity: str) -> RemoteParticipant:
        """Return the one of this identity."""
        if identity not in self._known:
            senses = Senses(self._snapshots, lambda now, source: _track(now, identity, source))
            if self._link is not None:
                senses.attach(*self._link)
            if self._is_closed:
                senses.close()
            one = RemoteParticipant(identity, self._snapshots, senses, self._on_unhandled)
            self._known[identity] = (one, senses)
        return self._known[identity][0]

    def attach(self, link: Link, tell: Sink) -> None:
        """Begin with a link."""
        self._link = (link, tell)
        for _, senses in self._known.values():
            senses.attach(link, tell)

    def detach(self) -> None:
        """Hear and see nothing more: the run is over."""
        self._link = None
        for _, senses in self._known.values():
            senses.detach()

    def close(self) -> None:
        """End what is left, and whatever is asked for later."""
        self._link = None
        self._is_closed = True
        for _, senses in self._known.values():
            senses.close()


def _track(now: SessionSnapshot, identity: str, source: str) -> object | None:
    one = now.participant(identity)
    return None if one is None else one.tracks.of(source)
