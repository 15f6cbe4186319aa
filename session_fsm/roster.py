"""Who is in the room, and which of them is the agent.

Wire facts (livekit-agents 1.8.9, livekit-server 1.13.5): the agent's kind is AGENT; its attribute
``lk.agent.state`` says what it does, ``lk.agent.name`` what it is called; an avatar worker is of
the same kind and names the agent that it speaks for in ``lk.publish_on_behalf``.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import attrs

if TYPE_CHECKING:
    from collections.abc import Mapping

AGENT_STATE: Final = "lk.agent.state"
AGENT_NAME: Final = "lk.agent.name"
ON_BEHALF_OF: Final = "lk.publish_on_behalf"

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


NO_TRACKS: Final = Tracks()


@attrs.frozen
class Participant:
    """A remote participant of kind AGENT: an agent, or an avatar worker.

    Attributes:
        identity: Unique in the room.
        name: Its display name, maybe empty.
        metadata: Free text, maybe empty.
        attributes: All its attributes, as the server last told them.
        tracks: What of it is subscribed.
        was_there: It was in the room before this client was, so that the server may not have
            announced the client to it yet.
    """

    identity: str
    name: str = ""
    metadata: str = ""
    attributes: Mapping[str, str] = attrs.field(default=NO_ATTRIBUTES, converter=frozen, hash=False)
    tracks: Tracks = NO_TRACKS
    was_there: bool = False

    @property
    def agent_name(self) -> str:
        """``lk.agent.name``, else the participant's name."""
        return self.attributes.get(AGENT_NAME) or self.name

    @property
    def report(self) -> str:
        """The raw ``lk.agent.state``, empty when there is none."""
        return self.attributes.get(AGENT_STATE, "")

    @property
    def is_avatar(self) -> bool:
        """Whether it publishes on behalf of another agent."""
        return bool(self.attributes.get(ON_BEHALF_OF))


@attrs.frozen
class Local:
    """What the server knows of this participant.

    Attributes:
        name: Its display name, maybe empty.
        metadata: Free text, maybe empty.
        attributes: All its attributes, as the server last told them.
        tracks: The ids of the tracks that it publishes.
    """

    name: str = ""
    metadata: str = ""
    attributes: Mapping[str, str] = attrs.field(default=NO_ATTRIBUTES, converter=frozen, hash=False)
    tracks: frozenset[str] = frozenset()


NOT_JOINED: Final = Local()

Roster = tuple[Participant, ...]
"""Everybody of kind AGENT in the room, in the order in which they joined."""


def find(roster: Roster, identity: str | None) -> Participant | None:
    """Return the participant of this identity, or None."""
    for one in roster:
        if one.identity == identity:
            return one
    return None


def could_be_agent(one: Participant, agent_name: str | None) -> bool:
    """Say whether this participant can be the agent of a session.

    An avatar worker cannot. A wanted name must match ``lk.agent.name`` where there is one.
    """
    if one.attributes.get(ON_BEHALF_OF):
        return False
    return agent_name is None or one.attributes.get(AGENT_NAME, "") in {"", agent_name}


def avatar_of(roster: Roster, agent: str) -> Participant | None:
    """Return the avatar worker that publishes on behalf of the agent, or None."""
    for one in roster:
        if one.attributes.get(ON_BEHALF_OF) == agent:
            return one
    return None
