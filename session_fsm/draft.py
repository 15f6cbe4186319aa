"""One step under way: the next snapshot as a draft, and the rules that every event shares."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from session_fsm.charts import (
    AGENT,
    CONNECTION,
    COUPLING,
    MEDIA,
    MEDIA_COUPLING,
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
    Warn,
)
from session_fsm.encryption.seen import NOT_ENCRYPTED
from session_fsm.errors import AgentError
from session_fsm.roster import AGENT_STATE, Participant, Roster, avatar_of, could_be_agent, find
from session_fsm.snapshot import (
    NOTHING_TOLD,
    AgentSnapshot,
    Deadline,
    MediaSnapshot,
    SessionSnapshot,
)
from session_fsm.states import ConnectionState, EndReason, MediaState, SessionState

if TYPE_CHECKING:
    from session_fsm.errors import SessionError

NO_RUN = frozenset({SessionState.IDLE, SessionState.ENDING})
"""The states in which nothing but the end of the link moves anything."""
PUBLISHED = frozenset({MediaState.LIVE, MediaState.MUTED})
"""The states of a thing that is sent in which there is a track of it."""


class Draft:
    """What the snapshot has become so far, and what is to be done about it."""

    __slots__ = (
        "agent",
        "agent_name",
        "agent_state",
        "before",
        "channel",
        "connection_state",
        "effects",
        "encryption",
        "epoch",
        "log",
        "media",
        "responsive",
        "roster",
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
        self.agent = before.agent.identity
        self.responsive = before.agent.is_responsive
        self.channel = before.agent.channel
        self.roster = before.roster
        self.log = before.log
        self.run = before.run
        self.media = before.media
        self.encryption = before.encryption
        self.effects: list[Effect] = []

    def note(self, **changes: object) -> None:
        """Change what is remembered of the run."""
        self.run = attrs.evolve(self.run, **changes)  # type: ignore[arg-type]

    # The charts ---------------------------------------------------------------------------------

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
            case "agent":
                before = self.agent_state
                present = self.agent is not None
                after = AGENT.fire(self.agent_state, trigger, present)
                self.agent_state = after or self.agent_state
            case _:
                sent: MediaSnapshot = getattr(self.media, machine)
                before = sent.state
                after = MEDIA[machine].fire(sent.state, trigger)
                if after is not None:
                    kept = after in PUBLISHED
                    self.send(
                        machine, attrs.evolve(sent, state=after) if kept else MediaSnapshot(after)
                    )
        if after is not None:
            self.effects.append(Moved(machine, trigger, before, after))

    def fire_for(self, source: str, cause: Cause, **changes: object) -> None:
        """Fire a cause for one thing that is sent, and change what is seen of it if it moved."""
        known: MediaSnapshot = getattr(self.media, source)
        self._fire(source, MEDIA_COUPLING[cause])
        moved: MediaSnapshot = getattr(self.media, source)
        if moved is not known and changes:
            self.send(source, attrs.evolve(moved, **changes))  # type: ignore[arg-type]

    def send(self, source: str, sent: MediaSnapshot) -> None:
        """Have this be seen of one thing that is sent."""
        self.media = attrs.evolve(self.media, **{source: sent})

    def end(self, cause: Cause, reason: EndReason, failure: SessionError | None = None) -> None:
        """End the run if it is not ending yet, and keep why."""
        if self.session_state not in NO_RUN:
            self.fire(cause)
            self.note(end_reason=reason, failure=failure)
            self.encryption = NOT_ENCRYPTED
            self.forget_agent()

    def forget_agent(self) -> None:
        """Have no agent, and know nothing of one."""
        self.agent = None
        self.responsive = True
        self.channel = NOTHING_TOLD

    def fail(self, error: SessionError) -> None:
        """End the run because of this error."""
        cause = Cause.AGENT_FAILED if isinstance(error, AgentError) else Cause.FAILED
        self.end(cause, EndReason.FAILED, error)

    # The agent ----------------------------------------------------------------------------------

    def is_stale(self, one: Participant) -> bool:
        """Say whether an earlier run left this participant in this room."""
        return (self.run.room_name, one.identity) in self.run.met_before

    def eligible(self, one: Participant) -> bool:
        """Say whether this participant can be the agent."""
        return not self.is_stale(one) and could_be_agent(one, self.agent_name)

    def see(self, roster: Roster) -> None:
        """Take a roster that is not as before, and look who the agent is."""
        self.roster = roster
        present = find(roster, self.agent)
        if present is not None and self.eligible(present):
            self.report(present)
            return
        if self.agent is not None:
            self.forget_agent()
            self.fire(Cause.AGENT_GONE)
        successor = next((one for one in roster if self.eligible(one)), None)
        if successor is not None:
            self.agent = successor.identity
            self.note(agent_seen=True, joins=self.run.joins + 1)
            self.fire(Cause.AGENT_JOINED)
            self.report(successor)

    def report(self, agent: Participant) -> None:
        """Apply what the agent last said about itself."""
        report = agent.report
        cause = REPORTS.get(report)
        if cause is not None:
            self.fire(cause)
        elif report and not self._is_known(agent):
            self.effects.append(
                Warn(f"agent {agent.identity!r} reports an unknown state {report!r}: ignored")
            )

    def _is_known(self, agent: Participant) -> bool:
        """Say whether this agent was seen with this report before."""
        before = self.before.agent
        return before.identity == agent.identity and (
            before.attributes.get(AGENT_STATE) == agent.report
        )

    # The end of the step ------------------------------------------------------------------------

    def finish(self) -> tuple[SessionSnapshot, tuple[Effect, ...]]:
        """Return the next snapshot and the effects, or the very same snapshot and none."""
        self._refuse()
        state, agents, (machine, trigger) = READY
        if self.session_state is state and self.agent_state in agents:
            self._fire(machine, trigger)
        before = self.before
        self._note_levels()
        unchanged = (
            self.run is before.run
            and self.roster is before.roster
            and self.responsive is before.agent.is_responsive
            and self.channel is before.agent.channel
            and self.media is before.media
            and self.encryption is before.encryption
        )
        if unchanged and not self.effects:
            return before, ()
        after = SessionSnapshot(
            before.seq + 1,
            self.epoch,
            self.session_state,
            self.connection_state,
            self._seen_agent(),
            self.roster,
            self.log,
            self.run,
            self.media,
            self.encryption,
        )
        self._ask(before, after)
        return after, tuple(self.effects)

    def _seen_agent(self) -> AgentSnapshot:
        failure = self.run.failure
        reasons = (str(failure),) if isinstance(failure, AgentError) else ()
        if self.agent is None:
            return AgentSnapshot(
                self.agent_state, is_responsive=self.responsive, failure_reasons=reasons
            )
        avatar = avatar_of(self.roster, self.agent) if len(self.roster) > 1 else None
        participant = find(self.roster, self.agent)
        return AgentSnapshot(
            self.agent_state, participant, avatar, self.responsive, reasons, self.channel
        )

    def _refuse(self) -> None:
        """End the run if the agent does not encrypt, or has never been understood."""
        peer = self.encryption.peer(self.agent)
        if peer.failure is not None and not (peer.is_encrypted and peer.is_proven):
            self.fail(peer.failure)

    def _note_levels(self) -> None:
        """Remember what follows from the states: levels, not edges."""
        if self.session_state is SessionState.DISPATCHING:
            deadline = self._deadline()
        else:
            deadline = None
            if self.session_state is SessionState.ACTIVE and not self.run.was_active:
                self.note(was_active=True)
        if deadline != self.run.deadline:
            self.note(deadline=deadline)

    def _deadline(self) -> Deadline | None:
        """Return what a dispatching session waits for."""
        if self.run.was_active:
            return Deadline(returning=self.agent is None, identity=self.agent)
        return Deadline() if self.run.dispatches else None

    def _ask(self, before: SessionSnapshot, after: SessionSnapshot) -> None:
        """Ask for what the change of the levels needs."""
        effects = self.effects
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
        if after.connection_state is not before.connection_state:
            paused = after.connection_state is ConnectionState.RECONNECTING
            if paused is not before.is_reconnecting:
                effects.append(PauseDeadline(paused))
