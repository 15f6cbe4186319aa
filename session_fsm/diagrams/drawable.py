"""What can be drawn, and what of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from session_fsm.charts import AGENT, CHARTS, CONNECTION, MEDIA, SESSION, Chart
from session_fsm.diagrams.coupling import Coupling
from session_fsm.diagrams.model import Diagram, Overview, diagram

if TYPE_CHECKING:
    from collections.abc import Mapping

    from session_fsm.snapshot import SessionSnapshot
    from session_fsm.transition import Transition


class Running(Protocol):
    """What a drawing asks of a ``Session``."""

    @property
    def snapshot(self) -> SessionSnapshot:
        """Everything that can be seen at this moment."""
        ...

    @property
    def last_transitions(self) -> Mapping[str, Transition]:
        """Name of a chart -> its last transition."""
        ...


Picture: TypeAlias = Diagram | Overview | Coupling
Drawable: TypeAlias = Chart[Any] | Running | Picture


def picture(what: Drawable, machine: str | None) -> Picture:
    """Return what there is to draw.

    Raises:
        TypeError: It cannot be drawn, or ``machine`` was given for something else than a session.
        ValueError: There is no machine of this name.
    """
    if isinstance(what, Diagram | Overview | Coupling | Chart):
        if machine is not None:
            raise TypeError("machine=... picks one chart of a running session, and of nothing else")
        return diagram(what) if isinstance(what, Chart) else what
    if not (hasattr(what, "snapshot") and hasattr(what, "last_transitions")):
        raise TypeError(f"a chart or a session can be drawn, not {type(what).__name__}")
    drawings = _session(what)
    if machine is None:
        return Overview(drawings)
    for drawing in drawings:
        if drawing.name == machine:
            return drawing
    names = ", ".join(repr(chart.name) for chart in CHARTS)
    raise ValueError(f"there is no machine {machine!r}: it is one of {names}")


def _session(session: Running) -> tuple[Diagram, ...]:
    now, last = session.snapshot, session.last_transitions
    states: tuple[tuple[Chart[Any], str], ...] = (
        (SESSION, now.state),
        (CONNECTION, now.connection_state),
        (AGENT, now.agent.state),
        *((chart, getattr(now.media, name).state) for name, chart in MEDIA.items()),
    )
    return tuple(
        diagram(chart, current=str(state), last=last.get(chart.name)) for chart, state in states
    )
