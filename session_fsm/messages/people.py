"""Who says something: the user, the agent, its avatar worker, or somebody else in the room."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

from session_fsm.messages.message import MessageKind
from session_fsm.roster import Roster, find

if TYPE_CHECKING:
    from session_fsm.events import TextOpened
    from session_fsm.roster import Participant

CHAT_TOPIC: Final = "lk.chat"
TRANSCRIPTION_TOPIC: Final = "lk.transcription"
TRACK: Final = "lk.transcribed_track_id"
ROLES: Final = frozenset({"user", "agent", "avatar"})
STRANGER: Final = "participant:"
"""What comes before the identity of somebody who is called like a role."""


@attrs.frozen
class Room:
    """What is known of the people in the room.

    Attributes:
        local_identity: This participant's identity.
        roster: Everybody else in the room.
        local_tracks: The ids of the tracks that this participant publishes, or has published.
    """

    local_identity: str | None
    roster: Roster
    local_tracks: frozenset[str] = frozenset()

    def speaker(self, opened: TextOpened) -> str:
        """Return the identity of who says it.

        An encrypted transcript of what the user said arrives under the agent's identity, because
        the server cannot put the user's on it (livekit-server 1.13.5): the track tells. Only an
        agent is believed: everybody in the room knows the ids of the tracks.
        """
        is_ours = (
            opened.topic == TRANSCRIPTION_TOPIC
            and opened.attributes.get(TRACK) in self.local_tracks
            and self._agent(opened.sender) is not None
        )
        return self.local_identity if is_ours and self.local_identity else opened.sender

    def sender(self, identity: str) -> str:
        """Return ``user``, ``agent``, ``avatar`` or the identity, which never looks like those."""
        if identity == self.local_identity:
            return "user"
        known = self._agent(identity)
        if known is None:
            is_misleading = identity in ROLES or identity.startswith(STRANGER)
            return STRANGER + identity if is_misleading else identity
        return "avatar" if known.is_avatar else "agent"

    def _agent(self, identity: str) -> Participant | None:
        """Return the agent or avatar worker of this identity, or None."""
        known = find(self.roster, identity)
        return known if known is not None and known.is_agent else None


def kind_of(topic: str, sender: str) -> MessageKind:
    """Return what kind of message it is that this sender writes on this topic."""
    if topic == CHAT_TOPIC:
        return MessageKind.CHAT
    spoken_by_agent = sender in {"agent", "avatar"}
    return MessageKind.AGENT_TRANSCRIPT if spoken_by_agent else MessageKind.USER_TRANSCRIPT
