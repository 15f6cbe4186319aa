"""One event through the whole pipeline, beside the bare reducer and a bare `transitions` trigger.

Run: python benchmarks/pipeline.py
"""

from itertools import cycle

import attrs
from ratios import Way, compare
from transitions import Machine

from session_fsm import Session, TokenSource
from session_fsm.events import Event, FromRun, ParticipantChanged, RoomJoined, Start, TokenReady
from session_fsm.reducer import step
from session_fsm.roster import AGENT_STATE, Participant
from session_fsm.snapshot import SessionSnapshot
from session_fsm.states import AgentState

TALK = ("thinking", "speaking", "listening")


@attrs.define(eq=False)
class Cell:
    state: AgentState = AgentState.LISTENING


def bare_trigger() -> Way:
    rows = [
        {"trigger": f"reported_{dest}", "source": source, "dest": AgentState(dest)}
        for dest in TALK
        for source in AgentState
        if source != dest
    ]
    machine = Machine(
        model=None,
        states=AgentState,
        initial=AgentState.LISTENING,
        transitions=rows,
        auto_transitions=False,
        send_event=True,
        model_override=True,
    )
    events = cycle([machine.events[f"reported_{dest}"] for dest in TALK])
    cell = Cell()

    def run(times: int) -> None:
        for _ in range(times):
            next(events).trigger(cell)

    return run


def talk() -> "cycle[Event]":
    """The agent reports one state after the other."""
    return cycle(
        FromRun(1, ParticipantChanged("agent", attributes={AGENT_STATE: state})) for state in TALK
    )


def opening() -> tuple[Event, ...]:
    agent = Participant("agent", attributes={AGENT_STATE: "listening"})
    return (
        Start(),
        FromRun(1, TokenReady(dispatches=True)),
        FromRun(1, RoomJoined("room", "user", (agent,))),
    )


def bare_reducer() -> Way:
    snapshot = SessionSnapshot()
    for event in opening():
        snapshot, _ = step(snapshot, event)
    events = talk()

    def run(times: int) -> None:
        nonlocal snapshot
        for _ in range(times):
            snapshot, _ = step(snapshot, next(events))

    return run


def pipeline(subscribers: int, *, whole: bool = False) -> Way:
    """Post to a session's mailbox; effects that need a loop are left out by an inert run."""
    session = Session(TokenSource.loopback())
    inert(session)
    for event in opening():
        session._mailbox.post(event)  # noqa: SLF001 - what is measured
    seen: list[AgentState] = []
    for _ in range(subscribers):
        session.agent.state.subscribe(lambda state: seen.append(state) if whole else None)
    events = talk()

    def run(times: int) -> None:
        for _ in range(times):
            session._mailbox.post(next(events))  # noqa: SLF001

    return run


class InertRun:
    """Takes every effect and does nothing."""

    def __getattr__(self, _: str) -> "InertRun":
        return self

    def __call__(self, *_: object, **__: object) -> "InertRun":
        return self


def inert(session: Session) -> None:
    run = InertRun()
    session._mailbox._new_run = run  # type: ignore[assignment,method-assign]  # noqa: SLF001
    session._mailbox.run = run  # type: ignore[assignment]  # noqa: SLF001


if __name__ == "__main__":
    compare(
        "One report of the agent",
        {
            "bare transitions trigger": bare_trigger(),
            "bare reducer": bare_reducer(),
            "whole pipeline, nobody subscribed": pipeline(0),
            "whole pipeline, 1 subscriber": pipeline(1),
            "whole pipeline, 10 subscribers": pipeline(10),
            "whole pipeline, 100 subscribers": pipeline(100),
        },
        times=2000,
    )
