"""Who else is in the room, and which of them is the agent.

Wire facts (livekit-agents 1.8.9, livekit-server 1.13.5): the agent's kind is AGENT; its attribute
``lk.agent.state`` says what it does, ``lk.agent.name`` what it is called; an avatar worker is of
the same kind and names the agent that it speaks for in ``lk.publish_on_behalf``.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import attrs

if TYPE_CHECKING:
    from collections.abc import Mapping

AGENT_STATE: Final = "lk.agent.state"
AGENT_NAME: Final = "lk.agent.name"
ON_BEHALF_OF: Final = "lk.publish_on_behalf"

PUBLISHABLE: Final = frozenset({"microphone", "camera", "screen_share"})
"""The sources of tracks that this client publishes."""
NO_ATTRIBUTES: Final[Mapping[str, str]] = MappingProxyType({})


def frozen(attributes: Mapping[str, str]) -> Mapping[str, str]:
    """Return the attributes as a mapping that nobody can change any more."""
    if isinstance(attributes, MappingProxyType):
        return attributes  # pyright: ignore[reportUnknownVariableType] - narrowed to less
    return MappingProxyType(dict(attributes))


@attrs.frozen
class Tracks:
    """The tracks of one participant that can be heard or seen, by LiveKit's sources.

    The objects are the transport's own (``livekit.rtc.RemoteTrack``); None where there is none.
    """

    microphone: object | None = attrs.field(default=None, eq=id)
    camera: object | None = attrs.field(default=None, eq=id)
    screen_share: object | None = attrs.field(default=None, eq=id)

    def of(self, source: str) -> object | None:
        """Return the track of a source."""
        track: object | None = getattr(self, source)
        return track


NO_TRACKS: Final = Tracks()


@attrs.frozen
class Participant:
    """Somebody else in the room.

    Attributes:
        identity: Unique in the room.
        name: Its display name, maybe empty.
        metadata: Free text, maybe empty.
        attributes: All its attributes, as the server last told them.
        tracks: What of it is subscribed.
        was_there: It was in the room before this client was, so that the server may not have
            announced the client to it yet.
        is_agent: It is of kind AGENT: an agent, or an avatar worker. Anybody can set attributes,
            and only the server sets the kind.
    """

    identity: str
    name: str = ""
    metadata: str = ""
    attributes: Mapping[str, str] = attrs.field(default=NO_ATTRIBUTES, converter=frozen, hash=False)
    tracks: Tracks = NO_TRACKS
    was_there: bool = False
    is_agent: bool = True

    @property
    def agent_name(self) -> str:
        """``lk.agent.name``, else the participant's name."""
        return self.attributes.get(AGENT_NAME) or self.name

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as JSON-able data."""
        return {
            "identity": self.identity,
            "name": self.name,
            "metadata": self.metadata,
            "attributes": dict(self.attributes),
            "is_agent": self.is_agent,
            "has_microphone_track": self.tracks.microphone is not None,
            "has_camera_track": self.tracks.camera is not None,
            "has_screen_share_track": self.tracks.screen_share is not None,
        }

    @property
    def report(self) -> str:
        """The raw ``lk.agent.state``, empty when there is none."""
        return self.attributes.get(AGENT_STATE, "")

    @property
    def is_avatar(self) -> bool:
        """Whether it publishes on behalf of another agent."""
        return self.is_agent and bool(self.attributes.get(ON_BEHALF_OF))


@attrs.frozen
class Permissions:
    """What the token, or the server since, allows this participant.

    Attributes:
        can_publish_sources: Which of ``"microphone"``, ``"camera"`` and ``"screen_share"``.
        can_publish_data: Texts, streams and calls.
    """

    can_publish_sources: frozenset[str] = PUBLISHABLE
    can_publish_data: bool = True

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as JSON-able data."""
        return {
            "can_publish_sources": sorted(self.can_publish_sources),
            "can_publish_data": self.can_publish_data,
        }


NO_DATA: Final = "The room does not allow to send texts and data: the token needs canPublishData."
"""What to tell where something is to be sent all the same; a server would drop it silently."""


@attrs.frozen
class Local:
    """What the server knows of this participant.

    Attributes:
        name: Its display name, maybe empty.
        metadata: Free text, maybe empty.
        attributes: All its attributes, as the server last told them.
        tracks: The ids of the tracks that it publishes.
        permissions: What it may do.
    """

    name: str = ""
    metadata: str = ""
    attributes: Mapping[str, str] = attrs.field(default=NO_ATTRIBUTES, converter=frozen, hash=False)
    tracks: frozenset[str] = frozenset()
    permissions: Permissions = Permissions()


NOT_JOINED: Final = Local()

Roster = tuple[Participant, ...]
"""Everybody else in the room, in the order in which they joined."""


def find(roster: Roster, identity: str | None) -> Participant | None:
    """Return the participant of this identity, or None."""
    for one in roster:
        if one.identity == identity:
            return one
    return None


def could_be_agent(one: Participant, agent_name: str | None) -> bool:
    """Say whether this participant can be the agent of a session.

    Who is not of kind AGENT cannot, nor an avatar worker. A wanted name must match
    ``lk.agent.name`` where there is one.
    """
    if not one.is_agent or one.attributes.get(ON_BEHALF_OF):
        return False
    return agent_name is None or one.attributes.get(AGENT_NAME, "") in {"", agent_name}


def avatar_of(roster: Roster, agent: str) -> Participant | None:
    """Return the avatar worker that publishes on behalf of the agent, or None."""
    for one in roster:
        if one.is_agent and one.attributes.get(ON_BEHALF_OF) == agent:
            return one
    return None
