"""A user's own name, metadata and attributes in a loopback room."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import attrs

from session_fsm.errors import UpdateError
from session_fsm.events import LocalChanged, ParticipantChanged
from session_fsm.roster import PUBLISHABLE, Local, Permissions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from session_fsm.transports.loopback.link import LoopbackLink
    from session_fsm.transports.participant import Update

MOST_ATTRIBUTES: Final = 64_000
"""Bytes of all attributes together; livekit-server's default limit. Metadata has none."""
LONGEST_NAME: Final = 256
"""Characters of a display name; livekit-server's default limit."""
FORBIDDEN: Final = (
    "The server does not allow this participant to change its own name, metadata or attributes: "
    "the token needs the grant canUpdateOwnMetadata."
)


class LoopbackParticipant:
    """This participant: what the token says of it, and what became of that."""

    def __init__(self, link: LoopbackLink, token: Mapping[str, Any]) -> None:
        self._link = link
        grants: Mapping[str, Any] = token.get("video", {})
        self._may = bool(grants.get("canUpdateOwnMetadata", True))
        attributes: Mapping[str, str] = token.get("attributes", {})
        self.local = Local(
            token.get("name", ""),
            token.get("metadata", ""),
            attributes,
            permissions=_permissions(grants),
        )

    async def update(self, update: Update) -> None:
        """Change it and tell so; over a lost link it waits and is lost."""
        if not await self._link.carried():
            return
        if not self._may:
            raise UpdateError(FORBIDDEN, kind="permission")
        local = self.local
        both = {**local.attributes, **(update.attributes or {})}
        after = attrs.evolve(
            local,
            name=local.name if update.name is None else update.name,
            metadata=local.metadata if update.metadata is None else update.metadata,
            attributes={key: value for key, value in both.items() if value},
        )
        if _size(after) > MOST_ATTRIBUTES or len(after.name) > LONGEST_NAME:
            raise UpdateError("The server refused the change: it is too large.", kind="refused")
        self._become(after)

    def publishes(self, tracks: frozenset[str]) -> None:
        """Have published these tracks."""
        self._become(attrs.evolve(self.local, tracks=tracks))

    def permit(self, permissions: Permissions) -> None:
        """Have the server allow something else from now on."""
        self._become(attrs.evolve(self.local, permissions=permissions))

    def _become(self, after: Local) -> None:
        if after == self.local:
            return
        self.local = after
        self._link.tell(LocalChanged(after))
        room, identity = self._link.joined, self._link.identity
        if room is not None:
            changed = ParticipantChanged(identity, after.name, after.metadata, after.attributes)
            room.tell_others(identity, changed)


def _permissions(grants: Mapping[str, Any]) -> Permissions:
    sources = frozenset(grants.get("canPublishSources", ())) or PUBLISHABLE
    return Permissions(
        sources & PUBLISHABLE if grants.get("canPublish", True) else frozenset(),
        grants.get("canPublishData", True),
    )


def _size(local: Local) -> int:
    return sum(len(k.encode()) + len(v.encode()) for k, v in local.attributes.items())
