"""Every decision about states: the charts and the table that couples them.

How to read this file
---------------------
A *chart* is a flat state machine. Each row of its table says: this trigger, in one of these
states, leads to that state. A trigger that has no row for the present state changes nothing.

Three charts run side by side in every session: ``SESSION`` (what the program does), ``CONNECTION``
(the link to the room) and ``AGENT`` (what the agent does). Beside them runs one small chart for
each thing that this client can send: ``MICROPHONE``, ``CAMERA`` and ``SCREEN_SHARE``, three times
the same table. They never look at each other. What drives them together is ``COUPLING``: for each
cause the triggers that it fires, from left to right, in one indivisible step. After every step one
more rule is looked at, ``READY``: a session that is dispatching while its agent listens, thinks or
speaks fires ``agent_ready`` in that same step. What happens to one thing that is sent moves its own
chart and no other: ``MEDIA_COUPLING`` has its triggers.

Nothing else in the project decides about states: the reducer finds out *which* cause an event is
(who the agent is, whether it said goodbye, whether somebody takes over) and applies these tables;
diagrams are drawn from them; the tests explore everything that follows from them.

The tables hold the words that users see. The machines that run them are built with `transitions`:
one machine per chart, shared by all sessions, driven on a small cell that lives for one step.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, Generic, NamedTuple, TypeVar

import attrs
from transitions import Machine

from session_fsm.states import (
    AGENT_READY,
    AgentState,
    ConnectionState,
    MediaState,
    SessionState,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from transitions import EventData

S = TypeVar("S", bound=StrEnum)


class Edge(NamedTuple):
    """One arrow of a chart, in the words that users see."""

    trigger: str
    source: str
    dest: str
    guard: str | None = None


@attrs.define(eq=False)
class Cell(Generic[S]):
    """What a machine works on for one step: the state, and what its guards ask about."""

    state: S
    agent_present: bool


NO_AGENT = "no agent in the room"
AGENT_PRESENT = "agent in the room"
GUARDS: Final[Mapping[str, Callable[[Cell[AgentState]], bool]]] = {
    NO_AGENT: lambda cell: not cell.agent_present,
    AGENT_PRESENT: lambda cell: cell.agent_present,
}


class Chart(Generic[S]):
    """A flat state machine: its table, and the `transitions` machine built from it.

    Attributes:
        name: ``"session"``, ``"connection"``, ``"agent"``, ``"microphone"``, ``"camera"`` or
            ``"screen_share"``.
        initial: The state that every session begins in.
        states: All states, in the order of their enum.
        transitions: All arrows, one for each single source, in the order of the table's cells.
    """

    def __init__(self, name: str, states: type[S], initial: str, *table: tuple[str, ...]) -> None:
        self.name = name
        self.initial = initial
        self.states: tuple[str, ...] = tuple(state.value for state in states)
        self.transitions: tuple[Edge, ...] = tuple(_edges(table))
        self._enum = states
        self._triggers = self._build(self.transitions)

    def _build(
        self, edges: tuple[Edge, ...]
    ) -> Mapping[tuple[str, str], Callable[[Cell[S]], bool]]:
        rows = [
            {
                "trigger": edge.trigger,
                "source": self._enum(edge.source),
                "dest": self._enum(edge.dest),
                "conditions": _condition(edge.guard),
            }
            for edge in edges
        ]
        machine = Machine(
            model=None,
            states=self._enum,
            initial=self._enum(self.initial),
            transitions=rows,
            auto_transitions=False,
            send_event=True,
            model_override=True,
        )
        return {(edge.source, edge.trigger): machine.events[edge.trigger].trigger for edge in edges}

    def enabled(self, state: str, trigger: str) -> bool:
        """Say whether the table has a row for this trigger in this state, guards apart."""
        return (state, trigger) in self._triggers

    def fire(
        self,
        state: S,
        trigger: str,
        agent_present: bool = False,  # noqa: FBT001, FBT002 - a fact for the guards
    ) -> S | None:
        """Return the state that this trigger leads to, or None where it changes nothing."""
        move = self._triggers.get((state, trigger))
        if move is None:
            return None
        cell = Cell(state, agent_present)
        return cell.state if move(cell) else None

    def __repr__(self) -> str:
        return (
            f"<Chart {self.name}: {len(self.states)} states, {len(self.transitions)} transitions>"
        )


def _edges(table: tuple[tuple[str, ...], ...]) -> list[Edge]:
    return [
        Edge(trigger, source, dest, *guard)
        for trigger, sources, dest, *guard in table
        for source in sources.split()
    ]


def _condition(guard: str | None) -> Callable[[EventData], bool] | None:
    if guard is None:
        return None
    holds = GUARDS[guard]

    def condition(event_data: EventData) -> bool:
        cell: Any = event_data.model
        return holds(cell)

    return condition


SESSION: Final = Chart(
    "session",
    SessionState,
    "idle",
    ("start", "idle", "fetching-token"),
    ("token_ready", "fetching-token", "connecting"),
    ("room_connected", "connecting", "dispatching"),
    ("agent_ready", "dispatching", "active"),
    ("agent_lost", "active", "dispatching"),
    ("hang_up", "dispatching active", "ending"),
    ("end", "fetching-token connecting dispatching active", "ending"),
    ("fail", "fetching-token connecting dispatching active", "ending"),
    ("room_closed", "ending", "idle"),
)

CONNECTION: Final = Chart(
    "connection",
    ConnectionState,
    "disconnected",
    ("connect", "disconnected", "connecting"),
    ("connected", "connecting", "connected"),
    ("connection_lost", "connected", "reconnecting"),
    ("connection_restored", "reconnecting", "connected"),
    ("disconnected", "connecting connected reconnecting", "disconnected"),
)

_EXPECTED = (
    "connecting pre-connect-buffering initializing idle listening thinking speaking"  # not finished
)

AGENT: Final = Chart(
    "agent",
    AgentState,
    "disconnected",
    ("await_agent", "disconnected failed", "connecting"),
    ("buffering_started", "connecting", "pre-connect-buffering"),
    ("buffering_stopped", "pre-connect-buffering", "connecting", NO_AGENT),
    ("buffering_stopped", "pre-connect-buffering", "initializing", AGENT_PRESENT),
    ("joined", "connecting", "initializing"),
    ("reported_initializing", "connecting idle listening thinking speaking", "initializing"),
    ("reported_idle", "connecting initializing listening thinking speaking", "idle"),
    (
        "reported_listening",
        "connecting pre-connect-buffering initializing idle thinking speaking",
        "listening",
    ),
    (
        "reported_thinking",
        "connecting pre-connect-buffering initializing idle listening speaking",
        "thinking",
    ),
    (
        "reported_speaking",
        "connecting pre-connect-buffering initializing idle listening thinking",
        "speaking",
    ),
    ("left", "initializing idle listening thinking speaking", "connecting"),
    ("finish", _EXPECTED, "disconnected"),
    ("fail", _EXPECTED, "failed"),
)

_SENT = (
    ("open", "off failed", "opening"),
    ("opened", "opening", "live"),
    ("mute", "live", "muted"),
    ("unmute", "muted", "live"),
    ("close", "opening live muted failed", "off"),
    ("release", "opening live muted", "off"),
    ("fail", "opening live muted", "failed"),
)

MICROPHONE: Final = Chart("microphone", MediaState, "off", *_SENT)
CAMERA: Final = Chart("camera", MediaState, "off", *_SENT)
SCREEN_SHARE: Final = Chart("screen_share", MediaState, "off", *_SENT)

MEDIA: Final = {chart.name: chart for chart in (MICROPHONE, CAMERA, SCREEN_SHARE)}
CHARTS: Final = (SESSION, CONNECTION, AGENT, MICROPHONE, CAMERA, SCREEN_SHARE)


class Cause(StrEnum):
    """What can drive the charts, as the reducer understood it."""

    STARTED = "start() is called"
    TOKEN_READY = "the token source answered"  # noqa: S105 - a sentence, not a secret
    ROOM_JOINED = "the room is joined"
    LINK_LOST = "the link is lost"
    LINK_RESTORED = "the link is back"
    LINK_GONE = "the link is gone for good"
    BUFFERING_STARTED = "the user's speech is being kept"
    BUFFERING_STOPPED = "the user's speech is no longer kept"
    AGENT_JOINED = "the agent is in the room"
    AGENT_REPORTED_INITIALIZING = "the agent says initializing"
    AGENT_REPORTED_IDLE = "the agent says idle"
    AGENT_REPORTED_LISTENING = "the agent says listening"
    AGENT_REPORTED_THINKING = "the agent says thinking"
    AGENT_REPORTED_SPEAKING = "the agent says speaking"
    AGENT_GONE = "the agent is gone without a goodbye, or somebody takes over"
    AGENT_HUNG_UP = "the agent left on purpose, nobody takes over"
    ROOM_DELETED = "the room is deleted while the agent is awaited or there"
    AGENT_FAILED = "the agent's deadline passed, or another AgentError"
    FAILED = "anything else stops the run"
    ENDED = "end(), close(), or start() is cancelled"
    RUN_CLOSED = "everything of the run is put away"
    MEDIA_OPENING = "an input is being opened for it"
    MEDIA_OPENED = "its input is open and its track published"
    MEDIA_MUTED = "the user or the server mutes it"
    MEDIA_UNMUTED = "the user lets it be heard or seen again"
    MEDIA_CLOSED = "the user turns it off, or its input came to its end"
    MEDIA_FAILED = "its input or its track failed"


def _all_media(trigger: str) -> tuple[tuple[str, str], ...]:
    return tuple((name, trigger) for name in MEDIA)


COUPLING: Final[Mapping[Cause, tuple[tuple[str, str], ...]]] = {
    Cause.STARTED: (("session", "start"), ("agent", "await_agent"), *_all_media("close")),
    Cause.TOKEN_READY: (("session", "token_ready"), ("connection", "connect")),
    Cause.ROOM_JOINED: (("connection", "connected"), ("session", "room_connected")),
    Cause.LINK_LOST: (("connection", "connection_lost"),),
    Cause.LINK_RESTORED: (("connection", "connection_restored"),),
    Cause.LINK_GONE: (("connection", "disconnected"),),
    Cause.BUFFERING_STARTED: (("agent", "buffering_started"),),
    Cause.BUFFERING_STOPPED: (("agent", "buffering_stopped"),),
    Cause.AGENT_JOINED: (("agent", "joined"),),
    Cause.AGENT_REPORTED_INITIALIZING: (("agent", "reported_initializing"),),
    Cause.AGENT_REPORTED_IDLE: (("agent", "reported_idle"),),
    Cause.AGENT_REPORTED_LISTENING: (("agent", "reported_listening"),),
    Cause.AGENT_REPORTED_THINKING: (("agent", "reported_thinking"),),
    Cause.AGENT_REPORTED_SPEAKING: (("agent", "reported_speaking"),),
    Cause.AGENT_GONE: (("agent", "left"), ("session", "agent_lost")),
    Cause.AGENT_HUNG_UP: (("session", "hang_up"), ("agent", "finish"), *_all_media("release")),
    Cause.ROOM_DELETED: (("session", "hang_up"), ("agent", "finish"), *_all_media("release")),
    Cause.AGENT_FAILED: (("agent", "fail"), ("session", "fail"), *_all_media("release")),
    Cause.FAILED: (("session", "fail"), ("agent", "finish"), *_all_media("release")),
    Cause.ENDED: (("session", "end"), ("agent", "finish"), *_all_media("release")),
    Cause.RUN_CLOSED: (("connection", "disconnected"), ("session", "room_closed")),
}
"""Cause -> the triggers that it fires, in this order; one without a row in its chart is skipped."""

MEDIA_COUPLING: Final[Mapping[Cause, str]] = {
    Cause.MEDIA_OPENING: "open",
    Cause.MEDIA_OPENED: "opened",
    Cause.MEDIA_MUTED: "mute",
    Cause.MEDIA_UNMUTED: "unmute",
    Cause.MEDIA_CLOSED: "close",
    Cause.MEDIA_FAILED: "fail",
}
"""Cause -> the trigger that it fires in the chart of the one thing that it happened to."""

READY: Final = (SessionState.DISPATCHING, AGENT_READY, ("session", "agent_ready"))
"""After any step: a session in this state with its agent in one of those fires this trigger."""

REPORTS: Final[Mapping[str, Cause]] = {
    "initializing": Cause.AGENT_REPORTED_INITIALIZING,
    "idle": Cause.AGENT_REPORTED_IDLE,
    "listening": Cause.AGENT_REPORTED_LISTENING,
    "thinking": Cause.AGENT_REPORTED_THINKING,
    "speaking": Cause.AGENT_REPORTED_SPEAKING,
}
"""Value of the agent's attribute ``lk.agent.state`` -> cause."""
