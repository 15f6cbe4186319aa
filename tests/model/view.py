"""Everything of a snapshot that decides what may come next, in plain words."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from session_fsm.roster import Participant
    from session_fsm.snapshot import MediaSnapshot, SessionSnapshot

MEDIA = ("microphone", "camera", "screen_share")


class Person(NamedTuple):
    """Somebody else in the room."""

    identity: str
    says: str = ""
    speaks_for: str = ""
    named: str = ""
    is_agent: bool = True


class Sent(NamedTuple):
    """One thing that can be sent."""

    state: str = "off"
    device: str | None = None
    track: object | None = None
    failure: str | None = None


class Peer(NamedTuple):
    """What is known of somebody's encryption."""

    is_encrypted: bool | None = None
    failure: str | None = None
    has_answered: bool = False


class View(NamedTuple):
    session: str
    connection: str
    agent: str
    failure: tuple[str, str] | None = None
    end_reason: str | None = None
    people: tuple[Person, ...] = ()
    who: str | None = None
    responsive: bool = True
    deaf: bool = False
    dispatched: bool = False
    was_active: bool = False
    seen: bool = False
    waits_for: tuple[bool, str | None] | None = None
    links: int = 0
    epoch: int = 0
    room: str | None = None
    met_now: frozenset[str] = frozenset()
    met_before: frozenset[tuple[str, str]] = frozenset()
    microphone: Sent = Sent()
    camera: Sent = Sent()
    screen_share: Sent = Sent()
    encrypts: bool = False
    peers: frozenset[tuple[str, Peer]] = frozenset()

    @property
    def triple(self) -> tuple[str, str, str]:
        return self.session, self.connection, self.agent

    @property
    def media(self) -> tuple[str, str, str]:
        return self.microphone.state, self.camera.state, self.screen_share.state


def view_of(snapshot: SessionSnapshot) -> View:
    run, failure, deadline = snapshot.run, snapshot.failure, snapshot.run.deadline
    return View(
        session=snapshot.state.value,
        connection=snapshot.connection_state.value,
        agent=snapshot.agent.state.value,
        failure=failure and (type(failure).__name__, failure.kind),
        end_reason=snapshot.end_reason and snapshot.end_reason.value,
        people=tuple(map(person, snapshot.roster)),
        who=snapshot.agent.identity,
        responsive=snapshot.agent.is_responsive,
        deaf=snapshot.agent.channel.is_deaf,
        dispatched=run.dispatches,
        was_active=run.was_active,
        seen=run.agent_seen,
        waits_for=deadline and (deadline.returning, deadline.identity),
        links=run.links,
        epoch=snapshot.epoch,
        room=snapshot.room_name,
        met_now=run.met,
        met_before=run.met_before,
        encrypts=snapshot.encryption.is_enabled,
        peers=frozenset(
            (identity, Peer(one.is_encrypted, one.failure and one.failure.kind, one.is_proven))
            for identity, one in snapshot.encryption.peers.items()
        ),
        **{source: sent(getattr(snapshot.media, source)) for source in MEDIA},
    )


def sent(one: MediaSnapshot) -> Sent:
    return Sent(one.state.value, one.device, one.track, one.failure and one.failure.kind)


def person(one: Participant) -> Person:
    said = one.attributes
    return Person(
        one.identity,
        said.get("lk.agent.state", ""),
        said.get("lk.publish_on_behalf", ""),
        said.get("lk.agent.name", ""),
        one.is_agent,
    )
