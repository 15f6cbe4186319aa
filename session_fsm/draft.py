"""One step under way: the next snapshot as a draft, and the rules that every event shares."""

from __future__ import annotations

from typing import TYPE_CHECKING

from session_fsm.charts import AGENT, CONNECTION, COUPLING, READY, REPORTS, SESSION, Cause
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
from session_fsm.errors import AgentError
from session_fsm.roster import AGENT_STATE, Participant, Roster, could_be_agent, find
from session_fsm.snapshot import Deadline, RunSnapshot, SessionSnapshot, see_agent
from session_fsm.states import ConnectionState, EndReason, SessionState

if TYPE_CHECKING:
    from session_fsm.errors import SessionError

NO_RUN = frozenset({SessionState.IDLE, SessionState.ENDING})
"""The states in which nothing but the end of the link moves anything."""
_NO_RUN_YET = RunSnapshot()


class Draft:
    """What the snapshot has become so far, and what is to be done about it."""

    __slots__ = (
        "agent",
        "agent_name",
        "agent_seen",
        "agent_state",
        "before",
        "connection_state",
        "dispatches",
        "effects",
        "end_reason",
        "epoch",
        "failure",
        "links",
        "local_identity",
        "log",
        "met",
        "met_before",
        "responsive",
        "room_name",
        "roster",
        "session_state",
        "was_active",
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
        self.met_before = before.met
        self.effects: list[Effect] = []
        self.take(before.run)

    def take(self, run: RunSnapshot) -> None:
        """Remember of the run what this remembers."""
        self.roster = run.roster
        self.agent = run.agent
        self.links = run.links
        self.dispatches = run.dispatches
        self.was_active = run.was_active
        self.agent_seen = run.agent_seen
        self.met = run.met

    def forget(self) -> None:
        """Begin a run that nothing is known of."""
        self.take(_NO_RUN_YET)

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
            case _:
                before = self.agent_state
                present = self.agent is not None
                after = AGENT.fire(self.agent_state, trigger, agent_present=present)
                self.agent_state = after or self.agent_state
        if after is not None:
            self.effects.append(Moved(machine, trigger, before, after))

    def end(self, cause: Cause, reason: EndReason, failure: SessionError | None = None) -> None:
        """End the run if it is not ending yet, and keep why."""
        if self.session_state not in NO_RUN:
            self.fire(cause)
            self.end_reason = reason
            self.failure = failure
            self.agent = None

    def fail(self, error: SessionError) -> None:
        """End the run because of this error."""
        cause = Cause.AGENT_FAILED if isinstance(error, AgentError) else Cause.FAILED
        self.end(cause, EndReason.FAILED, error)

    # The agent ----------------------------------------------------------------------------------

    def is_stale(self, one: Participant) -> bool:
        """Say whether an earlier run left this participant in this room."""
        return (self.room_name, one.identity) in self.met_before

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
            self.agent = None
            self.fire(Cause.AGENT_GONE)
            self.responsive = True
        successor = next((one for one in roster if self.eligible(one)), None)
        if successor is not None:
            self.agent = successor.identity
            self.agent_seen = True
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
        state, agents, (machine, trigger) = READY
        if self.session_state is state and self.agent_state in agents:
            self._fire(machine, trigger)
        before = self.before
        run = self._run()
        unchanged = run is before.run and self.responsive is before.agent.is_responsive
        if unchanged and not self.effects:
            return before, ()
        reasons = (str(self.failure),) if isinstance(self.failure, AgentError) else ()
        after = SessionSnapshot(
            before.seq + 1,
            self.epoch,
            self.session_state,
            self.connection_state,
            see_agent(self.agent_state, run.roster, run.agent, self.responsive, reasons),
            self.failure,
            self.end_reason,
            self.room_name,
            self.local_identity,
            self.log,
            run,
            self.met_before,
        )
        self._ask(before, after)
        return after, tuple(self.effects)

    def _run(self) -> RunSnapshot:
        """Return what is remembered of the run: the very same as before if it did not change."""
        before = self.before.run
        was_active = self.was_active or self.session_state is SessionState.ACTIVE
        deadline = self._deadline()
        if (
            self.roster is before.roster
            and self.agent == before.agent
            and self.links == before.links
            and self.dispatches is before.dispatches
            and was_active is before.was_active
            and self.agent_seen is before.agent_seen
            and deadline == before.deadline
            and self.met is before.met
        ):
            return before
        return RunSnapshot(
            self.roster,
            self.agent,
            self.links,
            self.dispatches,
            was_active,
            self.agent_seen,
            deadline,
            self.met,
        )

    def _deadline(self) -> Deadline | None:
        """Return what is waited for now: a level, not an edge."""
        if self.session_state is not SessionState.DISPATCHING:
            return None
        if not self.was_active:
            return Deadline() if self.dispatches else None
        return Deadline(returning=self.agent is None, identity=self.agent)

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
