"""``step(snapshot, event) -> (snapshot, effects)``: pure, synchronous, no clock, no I/O.

The reducer finds out which `Cause` an event is, lets the charts decide by firing what the coupling
table has for it, and folds the outcome into the next snapshot. One event is one step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import attrs

from session_fsm.charts import (
    AGENT,
    CONNECTION,
    COUPLING,
    READY,
    REPORTS,
    SESSION,
    Cause,
)
from session_fsm.effects import (
    CloseRun,
    Connect,
    Effect,
    FetchToken,
    Moved,
    PauseDeadline,
    SetDeadline,
    Tell,
    Warn,
)
from session_fsm.errors import (
    AgentError,
    AgentLeft,
    AgentTimeout,
    ConnectError,
    SessionError,
    StaleAgent,
)
from session_fsm.events import (
    BufferingStarted,
    BufferingStopped,
    DeadlinePassed,
    End,
    Event,
    Fact,
    FromRun,
    LinkGone,
    LinkLost,
    LinkRestored,
    ParticipantChanged,
    ParticipantJoined,
    ParticipantLeft,
    ProbeAnswered,
    ProbeUnanswered,
    RoomJoined,
    RunClosed,
    RunFailed,
    Start,
    TextChunk,
    TextClosed,
    TextOpened,
    TextSettled,
    TextSubmitted,
    TokenReady,
    TrackChanged,
)
from session_fsm.messages.merge import EMPTY_LOG, Room, finish, merge
from session_fsm.roster import Participant, Roster, find, is_eligible
from session_fsm.snapshot import (
    AgentSnapshot,
    Deadline,
    RunSnapshot,
    SessionSnapshot,
    see_agent,
)
from session_fsm.states import EndReason, SessionState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from session_fsm.events import TextFact

NOT_JOINED: Final = "Agent did not join the room."
NOT_READY: Final = "Agent joined the room but did not complete initializing."
LEFT: Final = "Agent left the room unexpectedly."
STALE: Final = (
    "The token leads into the room of an earlier run, and the agent that is still there listens to "
    "nobody any more: use a new room for every start."
)
LINK_GONE: Final[Mapping[str, str]] = {
    "room-deleted": "The room was deleted. Start again to get a new one.",
    "link-lost": "The link to the server was lost and could not be restored. "
    "Check the network, then start again.",
    "removed": "This participant was removed from the room by an administrator.",
    "duplicate-identity": "Another client joined the room with the same identity. "
    "Give every client an identity of its own.",
    "server-shutdown": "The server is shutting down. Start again later.",
}

_TEXT_FACTS = (TextChunk, TextOpened, TextClosed, TextSubmitted, TextSettled)
_NO_MORE = frozenset({SessionState.IDLE, SessionState.ENDING})


def step(
    snapshot: SessionSnapshot, event: Event, *, agent_name: str | None = None
) -> tuple[SessionSnapshot, tuple[Effect, ...]]:
    """Return what the event makes of the snapshot, and what is to be done about it.

    An event that changes nothing returns the very same snapshot and no effects.

    Args:
        snapshot: What can be seen now.
        event: What happened.
        agent_name: The name that an agent must have to be this session's, or None.
    """
    if isinstance(event, FromRun):
        if event.epoch != snapshot.epoch:
            return snapshot, ()
        if isinstance(event.fact, _TEXT_FACTS):
            return _text(snapshot, event.fact)
    state = _Step(snapshot, agent_name)
    match event:
        case FromRun(_, fact):
            _FACTS[type(fact)](state, fact)
        case Start():
            _started(state)
        case End():
            state.end(Cause.ENDED, EndReason.ENDED)
    return state.finish()


def _text(
    snapshot: SessionSnapshot, fact: TextFact
) -> tuple[SessionSnapshot, tuple[Effect, ...]]:
    log, changes = merge(snapshot.log, fact, Room(snapshot.local_identity, snapshot.run.roster))
    if log is snapshot.log:
        return snapshot, ()
    after = attrs.evolve(snapshot, log=log, seq=snapshot.seq + 1)
    return after, tuple(Tell(change) for change in changes)


class _Step:
    """One step under way: what the snapshot has become so far, and what is to be done."""

    __slots__ = (
        "agent_name",
        "agent_state",
        "before",
        "connection_state",
        "effects",
        "end_reason",
        "epoch",
        "failure",
        "local_identity",
        "log",
        "met",
        "responsive",
        "room_name",
        "run",
        "session_state",
    )

    def __init__(self, before: SessionSnapshot, agent_name: str | None) -> None:
        self.before = before
        self.agent_name = agent_name
        self.epoch = before.epoch
        self.session_state = before.state
        self.connection_state = before.connection_state
        self.agent_state = before.agent.state
        self.responsive = before.agent.is_responsive
        self.failure = before.failure
        self.end_reason = before.end_reason
        self.room_name = before.room_name
        self.local_identity = before.local_identity
        self.log = before.log
        self.run = before.run
        self.met = before.met
        self.effects: list[Effect] = []

    def fire(self, cause: Cause) -> None:
        """Fire what the coupling table has for this cause, from left to right."""
        for machine, trigger in COUPLING[cause]:
            self._fire(machine, trigger)

    def _fire(self, machine: str, trigger: str) -> None:
        before: str
        after: str | None
        match machine:
            case "session":
                before = self.session_state
                after = SESSION.fire(self.session_state, trigger)
                self.session_state = after or self.session_state
            case "connection":
                before = self.connection_state
                after = CONNECTION.fire(self.connection_state, trigger)
                self.connection_state = after or self.connection_state
            case _:
                before = self.agent_state
                present = self.run.agent is not None
                after = AGENT.fire(self.agent_state, trigger, agent_present=present)
                self.agent_state = after or self.agent_state
        if after is not None:
            self.effects.append(Moved(machine, trigger, before, after))

    def end(self, cause: Cause, reason: EndReason, failure: SessionError | None = None) -> None:
        """End the run if it is not ending yet, and keep why."""
        if self.session_state in _NO_MORE:
            return
        self.fire(cause)
        self.end_reason = reason
        self.failure = failure
        self.run = attrs.evolve(self.run, agent=None)

    def fail(self, error: SessionError) -> None:
        """End the run because of this error."""
        cause = Cause.AGENT_FAILED if isinstance(error, AgentError) else Cause.FAILED
        self.end(cause, EndReason.FAILED, error)

    # The agent ----------------------------------------------------------------------------------

    def stale(self) -> frozenset[str]:
        """Return the identities of the agents that earlier runs left in this room."""
        return frozenset(identity for room, identity in self.met if room == self.room_name)

    def eligible(self, one: Participant) -> bool:
        """Say whether this participant can be the agent."""
        return is_eligible(one, self.agent_name, self.stale())

    def see(self, roster: Roster) -> None:
        """Take the roster as it is now, and look who the agent is."""
        met = self.run.met.union(one.identity for one in roster if self.eligible(one))
        self.run = attrs.evolve(self.run, roster=roster, met=met)
        present = find(roster, self.run.agent)
        if present is not None and self.eligible(present):
            self.report(present)
            return
        if self.run.agent is not None:
            self.run = attrs.evolve(self.run, agent=None)
            self.fire(Cause.AGENT_GONE)
            self.responsive = True
        successor = next((one for one in roster if self.eligible(one)), None)
        if successor is not None:
            self.run = attrs.evolve(self.run, agent=successor.identity, agent_seen=True)
            self.fire(Cause.AGENT_JOINED)
            self.report(successor)

    def report(self, agent: Participant) -> None:
        """Apply what the agent last said about itself."""
        cause = REPORTS.get(agent.report)
        if cause is not None:
            self.fire(cause)

    # The end of the step ------------------------------------------------------------------------

    def finish(self) -> tuple[SessionSnapshot, tuple[Effect, ...]]:
        """Return the next snapshot and the effects, or the very same snapshot and none."""
        state, agents, (machine, trigger) = READY
        if self.session_state is state and self.agent_state in agents:
            self._fire(machine, trigger)
        was_active = self.run.was_active or self.session_state is SessionState.ACTIVE
        deadline = _deadline(self)
        if was_active is not self.run.was_active or deadline != self.run.deadline:
            self.run = attrs.evolve(self.run, was_active=was_active, deadline=deadline)
        agent = self._agent()
        if not self.effects and self.run == self.before.run and agent == self.before.agent:
            return self.before, ()
        after = SessionSnapshot(
            self.before.seq + 1,
            self.epoch,
            self.session_state,
            self.connection_state,
            agent,
            self.failure,
            self.end_reason,
            self.room_name,
            self.local_identity,
            self.log,
            self.run,
            self.met,
        )
        return after, (*self.effects, *_effects(self.before, after))

    def _agent(self) -> AgentSnapshot:
        return see_agent(
            self.agent_state,
            self.run.roster,
            find(self.run.roster, self.run.agent),
            is_responsive=self.responsive,
            failure_reasons=(str(self.failure),) if isinstance(self.failure, AgentError) else (),
        )


def _deadline(state: _Step) -> Deadline | None:
    """Return what is waited for now: a level, not an edge."""
    if state.session_state is not SessionState.DISPATCHING:
        return None
    run = state.run
    if not run.was_active:
        return Deadline() if run.dispatches else None
    return Deadline(returning=run.agent is None, identity=run.agent)


def _effects(before: SessionSnapshot, after: SessionSnapshot) -> list[Effect]:
    """Return what the change of the levels asks for."""
    effects: list[Effect] = []
    if after.state is not before.state:
        match after.state:
            case SessionState.FETCHING_TOKEN:
                effects.append(FetchToken(force=after.epoch > 1))
            case SessionState.CONNECTING:
                effects.append(Connect())
            case SessionState.ENDING:
                effects.append(CloseRun())
            case _:
                pass
    if after.run.deadline != before.run.deadline:
        effects.append(SetDeadline(after.run.deadline))
    if after.is_reconnecting is not before.is_reconnecting:
        effects.append(PauseDeadline(after.is_reconnecting))
    return effects


# One function for each event: which cause is it? -------------------------------------------------


def _started(state: _Step) -> None:
    if state.session_state is not SessionState.IDLE:
        return
    state.run = RunSnapshot()
    state.responsive = True
    state.epoch += 1
    state.failure = None
    state.end_reason = None
    state.log = EMPTY_LOG
    state.fire(Cause.STARTED)


def _token_ready(state: _Step, fact: TokenReady) -> None:
    if state.session_state is SessionState.FETCHING_TOKEN:
        state.run = attrs.evolve(state.run, dispatches=fact.dispatches)
        state.fire(Cause.TOKEN_READY)


def _room_joined(state: _Step, fact: RoomJoined) -> None:
    if state.session_state is not SessionState.CONNECTING:
        return
    state.room_name = fact.room_name
    state.local_identity = fact.local_identity
    state.fire(Cause.ROOM_JOINED)
    state.see(fact.roster)
    stale = state.stale()
    if state.run.agent is None and any(one.identity in stale for one in fact.roster):
        state.fail(StaleAgent(STALE, kind="stale"))


def _link_lost(state: _Step, _fact: LinkLost) -> None:
    if state.session_state not in _NO_MORE:
        state.fire(Cause.LINK_LOST)


def _link_restored(state: _Step, fact: LinkRestored) -> None:
    if state.session_state not in _NO_MORE and state.before.is_reconnecting:
        state.fire(Cause.LINK_RESTORED)
        state.run = attrs.evolve(state.run, links=state.run.links + 1)
        known = {one.identity: place for place, one in enumerate(state.run.roster)}
        state.see(tuple(sorted(fact.roster, key=lambda one: known.get(one.identity, len(known)))))


def _link_gone(state: _Step, fact: LinkGone) -> None:
    state.fire(Cause.LINK_GONE)
    joined = state.session_state in {SessionState.DISPATCHING, SessionState.ACTIVE}
    if fact.kind == "room-deleted" and joined:
        state.end(Cause.ROOM_DELETED, EndReason.ROOM_DELETED)
    else:
        state.fail(ConnectError(LINK_GONE[fact.kind], kind=fact.kind))


def _run_failed(state: _Step, fact: RunFailed) -> None:
    state.fail(fact.error)


def _deadline_passed(state: _Step, fact: DeadlinePassed) -> None:
    if state.run.deadline != fact.deadline or state.before.is_reconnecting:
        return
    if state.run.agent is not None:
        state.fail(AgentTimeout(NOT_READY, kind="not-ready"))
    elif state.run.agent_seen:
        state.fail(AgentLeft(LEFT, kind="left"))
    else:
        state.fail(AgentTimeout(NOT_JOINED, kind="not-joined"))


def _run_closed(state: _Step, _fact: RunClosed) -> None:
    if state.session_state is not SessionState.ENDING:
        return
    state.fire(Cause.RUN_CLOSED)
    state.log, changes = finish(state.log)
    state.effects.extend(Tell(change) for change in changes)
    if state.room_name is not None:
        state.met |= {(state.room_name, identity) for identity in state.run.met}
    state.room_name = None
    state.local_identity = None
    state.run = RunSnapshot()


def _roster_moves(state: _Step) -> bool:
    """Say whether a fact about participants counts now.

    While the link is being restored they wait: ``LinkRestored`` carries the whole roster.
    """
    return state.session_state not in _NO_MORE and not state.before.is_reconnecting


def _joined(state: _Step, fact: ParticipantJoined) -> None:
    if _roster_moves(state):
        others = (one for one in state.run.roster if one.identity != fact.participant.identity)
        state.see((*others, fact.participant))


def _left(state: _Step, fact: ParticipantLeft) -> None:
    if not _roster_moves(state):
        return
    roster = tuple(one for one in state.run.roster if one.identity != fact.identity)
    taken_over = any(state.eligible(one) for one in roster)
    if fact.on_purpose and fact.identity == state.run.agent and not taken_over:
        state.run = attrs.evolve(state.run, roster=roster)
        state.end(Cause.AGENT_HUNG_UP, EndReason.HUNG_UP)
    else:
        state.see(roster)


def _participant_changed(state: _Step, fact: ParticipantChanged) -> None:
    before = find(state.run.roster, fact.identity)
    if before is None or not _roster_moves(state):
        return
    after = attrs.evolve(
        before,
        name=before.name if fact.name is None else fact.name,
        metadata=before.metadata if fact.metadata is None else fact.metadata,
        attributes=before.attributes if fact.attributes is None else fact.attributes,
    )
    _replace(state, before, after)
    if after.report != before.report and after.report and after.report not in REPORTS:
        state.effects.append(
            Warn(f"agent {after.identity!r} reports an unknown state {after.report!r}: ignored")
        )


def _track_changed(state: _Step, fact: TrackChanged) -> None:
    before = find(state.run.roster, fact.identity)
    if before is not None and _roster_moves(state):
        tracks = attrs.evolve(before.tracks, **{fact.source: fact.track})
        _replace(state, before, attrs.evolve(before, tracks=tracks))


def _replace(state: _Step, before: Participant, after: Participant) -> None:
    if after != before:
        state.see(tuple(after if one is before else one for one in state.run.roster))


def _probe_answered(state: _Step, fact: ProbeAnswered) -> None:
    if fact.identity == state.run.agent:
        state.responsive = True


def _probe_unanswered(state: _Step, fact: ProbeUnanswered) -> None:
    if fact.identity == state.run.agent and state.responsive:
        state.responsive = False
        state.effects.append(Warn(f"agent {fact.identity!r} does not answer the probe"))


def _buffering_started(state: _Step, _fact: BufferingStarted) -> None:
    state.fire(Cause.BUFFERING_STARTED)


def _buffering_stopped(state: _Step, _fact: BufferingStopped) -> None:
    state.fire(Cause.BUFFERING_STOPPED)
    agent = find(state.run.roster, state.run.agent)
    if agent is not None:
        state.report(agent)


_FACTS: Final[Mapping[type[Fact], Callable[[_Step, Any], None]]] = {
    TokenReady: _token_ready,
    RunFailed: _run_failed,
    DeadlinePassed: _deadline_passed,
    RunClosed: _run_closed,
    RoomJoined: _room_joined,
    LinkLost: _link_lost,
    LinkRestored: _link_restored,
    LinkGone: _link_gone,
    ParticipantJoined: _joined,
    ParticipantLeft: _left,
    ParticipantChanged: _participant_changed,
    TrackChanged: _track_changed,
    ProbeAnswered: _probe_answered,
    ProbeUnanswered: _probe_unanswered,
    BufferingStarted: _buffering_started,
    BufferingStopped: _buffering_stopped,
}
