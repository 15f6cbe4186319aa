"""Small worlds that are explored to their end: together they hold every event."""

from __future__ import annotations

from functools import cache
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

import attrs

from model.view import View, view_of
from session_fsm.channel.usage import LLMUsage, Usage
from session_fsm.errors import (
    AgentError,
    ConnectError,
    EncryptionError,
    MediaError,
    SessionStateError,
    TokenError,
)
from session_fsm.events import (
    AgentStirred,
    BufferingStarted,
    BufferingStopped,
    DeadlinePassed,
    EncryptionSwitched,
    End,
    Event,
    Fact,
    FromRun,
    LinkGone,
    LinkLost,
    LinkRestored,
    LocalChanged,
    MediaClosed,
    MediaFailed,
    MediaMuted,
    MediaOpened,
    MediaOpening,
    MediaRepublished,
    MediaSwitched,
    MediaUnmuted,
    ParticipantChanged,
    ParticipantJoined,
    ParticipantLeft,
    PeerEncryptionTold,
    PingAnswered,
    PingUnanswered,
    ProbeAnswered,
    ProbeUnanswered,
    RoomChanged,
    RoomJoined,
    RunClosed,
    RunFailed,
    Start,
    TextIgnored,
    TokenReady,
    TrackChanged,
    UsageTold,
    UserStateTold,
)
from session_fsm.reducer import step
from session_fsm.roster import Local, Participant
from session_fsm.snapshot import Deadline, SessionSnapshot
from session_fsm.states import UserState
from session_fsm.testing import Exploration, explore

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

STATES = ("", "initializing", "idle", "listening", "thinking", "speaking", "meditating")
SOON = DeadlinePassed(Deadline())
BACK = DeadlinePassed(Deadline(returning=True))


def agent(identity: str = "a", says: str = "", **more: str) -> Participant:
    return Participant(identity, attributes=said(says, **more))


def stranger(identity: str, says: str = "", **more: str) -> Participant:
    return attrs.evolve(agent(identity, says, **more), is_agent=False)


def said(says: str = "", *, speaks_for: str = "", named: str = "") -> dict[str, str]:
    given = {"lk.agent.state": says, "lk.publish_on_behalf": speaks_for, "lk.agent.name": named}
    return {key: value for key, value in given.items() if value}


def ready(identity: str) -> DeadlinePassed:
    return DeadlinePassed(Deadline(identity=identity))


def here(*roster: Participant, room: str = "room") -> RoomJoined:
    return RoomJoined(room, "me", roster)


def says(identity: str, says: str, **more: str) -> ParticipantChanged:
    return ParticipantChanged(identity, attributes=said(says, **more))


@attrs.frozen
class World:
    """Facts that may be told at any time, besides `Start`, `End` and what a run itself tells."""

    name: str
    facts: tuple[Fact, ...]
    wanted: str | None = None
    remembers: bool = False
    """Whether a second start can lead into the room of the first."""

    def events(self, snapshot: SessionSnapshot) -> list[Event]:
        told = (*self.facts, RunClosed(), TokenReady(dispatches=True), LinkGone("link-lost"))
        return [Start(), End(), *(FromRun(snapshot.epoch, fact) for fact in told)]

    def step(self, snapshot: SessionSnapshot, event: Event) -> SessionSnapshot:
        if not self.remembers:
            run = attrs.evolve(snapshot.run, met_before=frozenset())
            snapshot = attrs.evolve(snapshot, run=run)
        return step(snapshot, event, agent_name=self.wanted)[0]

    def key(self, snapshot: SessionSnapshot) -> Hashable:
        view = view_of(snapshot)._replace(epoch=0, links=0)
        if not self.remembers:
            view = view._replace(room=None, met_now=frozenset(), met_before=frozenset())
        return view, snapshot.agent.attributes.get("lk.agent.state")


JOURNEY = World(
    "journey",
    (
        TokenReady(dispatches=False),
        here(),
        here(agent(says="listening")),
        ParticipantJoined(agent()),
        says("a", "speaking"),
        ParticipantLeft("a"),
        LinkLost(),
        LinkRestored(),
        *(
            LinkGone(kind)
            for kind in ("room-deleted", "removed", "duplicate-identity", "server-shutdown")
        ),
        *(
            RunFailed(error("It failed.", kind=kind))
            for error, kind in (
                (TokenError, "status"),
                (ConnectError, "refused"),
                (AgentError, "not-ready"),
                (EncryptionError, "key-mismatch"),
                (SessionStateError, "not-running"),
            )
        ),
        SOON,
        BACK,
    ),
)
REPORTS = World(
    "reports",
    (
        here(),
        *(here(agent(says=state)) for state in ("initializing", "thinking")),
        *(ParticipantJoined(agent(says=state)) for state in ("", "idle", "speaking")),
        *(says("a", state) for state in STATES),
        ParticipantLeft("a"),
        ParticipantLeft("a", on_purpose=True),
        BufferingStarted(),
        BufferingStopped(),
        LinkGone("room-deleted"),
        RunFailed(AgentError("It failed.", kind="not-ready")),
        SOON,
        BACK,
        ready("a"),
    ),
)
LINK = World(
    "link",
    (
        here(),
        ParticipantJoined(agent()),
        says("a", "listening"),
        says("a", "idle"),
        ParticipantLeft("a"),
        ParticipantLeft("a", on_purpose=True),
        LinkLost(),
        LinkRestored(),
        *(LinkRestored((agent(says=state),)) for state in ("", "thinking")),
        LinkRestored((agent("b", "speaking"),)),
        LinkGone("room-deleted"),
        BufferingStarted(),
        BufferingStopped(),
        SOON,
        BACK,
        ready("a"),
    ),
)
TWO = World(
    "two agents",
    (
        here(),
        here(agent("a"), agent("b", "listening")),
        *(ParticipantJoined(agent(who, state)) for who in "ab" for state in ("", "listening")),
        *(says(who, state) for who in "ab" for state in ("idle", "thinking")),
        *(ParticipantLeft(who, on_purpose=bye) for who in "ab" for bye in (True, False)),
        ParticipantLeft("nobody", on_purpose=True),
        says("nobody", "speaking"),
        LinkLost(),
        LinkRestored((agent("b", "thinking"), agent("a"))),
        BACK,
        ready("b"),
    ),
)
HANDOVER = World(
    "handover while the user talks",
    (
        here(),
        *(ParticipantJoined(agent(who, state)) for who in "ab" for state in ("", "speaking")),
        *(ParticipantLeft(who, on_purpose=bye) for who in "ab" for bye in (True, False)),
        BufferingStarted(),
        BufferingStopped(),
        BACK,
    ),
)
NAMES = World(
    "names and avatars",
    (
        here(),
        here(agent("face", speaks_for="a"), agent("other", "listening", named="else")),
        *(
            ParticipantJoined(agent(who, state, named=name))
            for who, name, state in (("a", "", ""), ("a", "ours", "idle"), ("b", "else", ""))
        ),
        *(says("a", "listening", named=name) for name in ("", "ours", "else")),
        says("a", "listening", speaks_for="b"),
        says("b", "speaking", named="ours"),
        ParticipantLeft("a"),
        ParticipantLeft("a", on_purpose=True),
        BACK,
    ),
    wanted="ours",
)
STRANGERS = World(
    "somebody who claims to be the agent",
    (
        here(stranger("face", speaks_for="a"), agent("a")),
        here(stranger("u", "listening")),
        *(ParticipantJoined(one) for one in (stranger("u", "listening"), agent("a", "idle"))),
        *(says(who, "thinking") for who in "au"),
        says("u", "speaking", speaks_for="a", named="ours"),
        *(ParticipantLeft(who, on_purpose=True) for who in "au"),
        ParticipantLeft("a"),
        TrackChanged("u", "microphone", "track"),
        LinkLost(),
        LinkRestored((stranger("u", "speaking"),)),
        LinkRestored((stranger("u", "speaking"), agent("a", "speaking"))),
        BACK,
    ),
)
AGAIN = World(
    "the same room again",
    (
        *(here(*roster, room="same") for roster in ((), (agent(says="listening"),))),
        here(agent(says="listening"), agent("b"), room="same"),
        here(agent(says="listening"), room="new"),
        ParticipantJoined(agent(says="listening")),
        ParticipantLeft("a"),
        ParticipantLeft("a", on_purpose=True),
    ),
    remembers=True,
)
PROBES = World(
    "probes and tracks",
    (
        here(),
        here(agent(says="listening")),
        ParticipantJoined(agent("b", "speaking")),
        ParticipantLeft("a"),
        *(told(who) for told in (ProbeAnswered, ProbeUnanswered) for who in "ab"),
        *(told(who) for told in (PingAnswered, PingUnanswered) for who in "ab"),
        *(told(who) for told in (TextIgnored, AgentStirred) for who in "ab"),
        *(UserStateTold(who, UserState.SPEAKING) for who in "ab"),
        UsageTold("a", Usage((LLMUsage("maker", "model", 1),))),
        TrackChanged("a", "microphone", "track"),
        TrackChanged("a", "microphone", None),
        RoomChanged("the room's metadata"),
        LocalChanged(Local("Ann")),
    ),
)


def media(source: str, *devices: str) -> tuple[Fact, ...]:
    return (
        MediaOpening(source, devices[0]),
        MediaOpened(source, f"track of the {source}"),
        *(MediaSwitched(source, device) for device in devices),
        *(MediaRepublished(source, f"track {n} of the {source}") for n in devices[1:]),
        MediaMuted(source),
        MediaUnmuted(source),
        MediaClosed(source),
        MediaFailed(source, MediaError("It failed.", kind="in-use")),
    )


VOICE = World(
    "the microphone all along",
    (
        TokenReady(dispatches=False),
        here(),
        here(agent(says="listening")),
        ParticipantJoined(agent()),
        *(says("a", word) for word in ("idle", "speaking")),
        ParticipantLeft("a"),
        ParticipantLeft("a", on_purpose=True),
        LinkLost(),
        LinkRestored(),
        LinkGone("room-deleted"),
        RunFailed(ConnectError("It failed.", kind="refused")),
        RunFailed(AgentError("It failed.", kind="not-ready")),
        BufferingStarted(),
        BufferingStopped(),
        SOON,
        BACK,
        *media("microphone", "one", "two"),
    ),
)
ALL_SENT = World(
    "everything that can be sent",
    (
        here(agent(says="listening")),
        ParticipantLeft("a"),
        ParticipantLeft("a", on_purpose=True),
        LinkGone("room-deleted"),
        BACK,
        *media("microphone", "one"),
        *media("camera", "two"),
        *media("screen_share", "three"),
    ),
)
ENCRYPTED = World(
    "encrypted",
    (
        here(),
        *(RoomJoined("room", "me", roster, is_encrypted=True) for roster in ((), (agent("b"),))),
        ParticipantJoined(agent(says="listening")),
        says("a", "thinking"),
        *(ParticipantLeft(who) for who in "ab"),
        LinkLost(),
        LinkRestored((agent(says="listening"),)),
        *(told(who) for told in (ProbeAnswered, ProbeUnanswered) for who in "ab"),
        *(
            PeerEncryptionTold(who, is_encrypted, problem)
            for who in "ab"
            for is_encrypted, problem in (
                (True, None),
                (True, "key-mismatch"),
                (False, None),
                (False, "peer-plain"),
            )
        ),
        *(EncryptionSwitched(is_enabled) for is_enabled in (True, False)),
        BACK,
    ),
)
WORLDS = (
    JOURNEY,
    REPORTS,
    LINK,
    TWO,
    HANDOVER,
    NAMES,
    AGAIN,
    STRANGERS,
    PROBES,
    VOICE,
    ALL_SENT,
    ENCRYPTED,
)


class Taken(NamedTuple):
    """One event in one state of one world, and what it must lead to."""

    world: World
    source: SessionSnapshot
    event: Event


@cache
def explored(world: World) -> Exploration[SessionSnapshot, Event]:
    return explore(SessionSnapshot(), world.events, world.step, world.key, most=8_000)


def everything() -> list[Taken]:
    return list(
        chain.from_iterable(
            (Taken(world, taken.source, taken.event) for taken in explored(world).steps)
            for world in WORLDS
        )
    )


def states_of(world: World) -> list[SessionSnapshot]:
    return list(explored(world).states.values())


def reaches(world: World, goal: Callable[[View], bool]) -> set[Hashable]:
    return explored(world).reaching(lambda snapshot: goal(view_of(snapshot)))
