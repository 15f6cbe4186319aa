"""How causes drive the charts: the tables of ``session_fsm.charts``, ready to be drawn."""

from __future__ import annotations

from typing import Final

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
)
from session_fsm.diagrams.model import listed

ALL_MEDIA: Final = "media"
"""Stands for the charts of all that is sent, which are the same table."""
OF_ONE: Final = "in the chart of the one that it is about"


@attrs.frozen
class Cause:
    """Something that fires triggers.

    Attributes:
        words: What happened.
        fires: Chart and trigger, in the order in which they are fired; what all charts of
            ``MEDIA`` have in common is there once, as ``"media"``.
        note: How the cause is told apart from others, or None.
        is_level: It is not an event: it is looked at after every step.
    """

    words: str
    fires: tuple[tuple[str, str], ...]
    note: str | None = None
    is_level: bool = False


@attrs.frozen
class Coupling:
    """All causes, and the charts that they drive."""

    machines: tuple[str, ...]
    causes: tuple[Cause, ...]

    def triggers(self, machine: str) -> tuple[str, ...]:
        """Return the triggers of this chart, each once, in the order of the causes."""
        fired = (one for cause in self.causes for one in cause.fires)
        return tuple(dict.fromkeys(trigger for name, trigger in fired if name == machine))


def coupling() -> Coupling:
    """Return the coupling of all charts."""
    notes = {cause: f"lk.agent.state = {value}" for value, cause in REPORTS.items()}
    causes = [
        Cause(cause.value, _together(fires), notes.get(cause)) for cause, fires in COUPLING.items()
    ]
    causes += [
        Cause(cause.value, ((ALL_MEDIA, trigger),), OF_ONE)
        for cause, trigger in MEDIA_COUPLING.items()
    ]
    state, agents, fired = READY
    ready_agents = listed([one for one in AGENT.states if one in agents], "or")
    ready = f"the session is {state} while the agent is {ready_agents}"
    causes.append(Cause(ready, (fired,), "looked at after every step", is_level=True))
    machines = *(chart.name for chart in (SESSION, CONNECTION, AGENT)), ALL_MEDIA
    return Coupling(machines, tuple(causes))


def _together(fires: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    named = ((ALL_MEDIA if name in MEDIA else name, trigger) for name, trigger in fires)
    return tuple(dict.fromkeys(named))
