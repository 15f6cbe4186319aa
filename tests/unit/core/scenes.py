"""A run without a session: events go in, the snapshot and what it asks for come out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import attrs

from session_fsm.effects import Effect, Moved
from session_fsm.events import End, Fact, FromRun, RoomJoined, RunClosed, Start, TokenReady
from session_fsm.reducer import step
from session_fsm.roster import Participant
from session_fsm.snapshot import SessionSnapshot

if TYPE_CHECKING:
    from collections.abc import Sequence


def agent(identity: str = "a", state: str = "", name: str = "", **more: str) -> Participant:
    return Participant(identity, name=name, attributes=attributes(state, **more))


def stranger(identity: str, state: str = "", **more: str) -> Participant:
    """Somebody who is no agent, whatever the attributes say."""
    return attrs.evolve(agent(identity, state, **more), is_agent=False)


def attributes(state: str = "", **more: str) -> dict[str, str]:
    names = {
        "lk.agent.state": state,
        "lk.agent.name": more.get("named", ""),
        "lk.publish_on_behalf": more.get("speaks_for", ""),
    }
    return {key: value for key, value in names.items() if value}


AGAIN = (End(), RunClosed(), Start(), TokenReady(dispatches=True))
"""The run ends, and the next one is about to join its room."""


class Scene:
    """One snapshot after the other."""

    def __init__(self, agent_name: str | None = None) -> None:
        self.now = SessionSnapshot()
        self.agent_name = agent_name
        self.asked: Sequence[Effect] = ()

    def take(self, *events: Start | End | Fact) -> Self:
        """Take events; ``asked`` is what the last of them asks for."""
        for event in events:
            whole = event if isinstance(event, Start | End) else FromRun(self.now.epoch, event)
            self.now, self.asked = step(self.now, whole, agent_name=self.agent_name)
        return self

    @property
    def arrows(self) -> list[str]:
        """The transitions of the last event."""
        return [f"{one.machine} {one.trigger}" for one in self.asked if isinstance(one, Moved)]

    @property
    def wishes(self) -> list[Effect]:
        """What the last event asks for, apart from telling the transitions."""
        return [one for one in self.asked if not isinstance(one, Moved)]

    @property
    def triple(self) -> tuple[str, str, str]:
        now = self.now
        return now.state.value, now.connection_state.value, now.agent.state.value


def joined(
    *roster: Participant, dispatches: bool = True, room: str = "room", name: str | None = None
) -> Scene:
    """Return a scene in which the room has just been joined."""
    return Scene(name).take(Start(), TokenReady(dispatches), RoomJoined(room, "me", roster))
