"""What can be drawn, and what of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from transitions import Machine

from session_fsm.charts import AGENT, CHARTS, CONNECTION, MEDIA, SESSION, Chart
from session_fsm.diagrams.coupling import Coupling
from session_fsm.diagrams.machines import machine_diagram
from session_fsm.diagrams.model import Diagram, Overview, Step, drawn

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from session_fsm.diagrams.model import Moved
    from session_fsm.snapshot import SessionSnapshot
    from session_fsm.transition import Transition


class Running(Protocol):
    """What a drawing asks of a ``Session``, or of a ``Replay``."""

    @property
    def snapshot(self) -> SessionSnapshot:
        """Everything that can be seen at this moment."""
        ...

    @property
    def last_transitions(self) -> Mapping[str, Transition]:
        """Name of a chart -> its last transition."""
        ...


Picture: TypeAlias = Diagram | Overview | Coupling
Drawable: TypeAlias = Chart[Any] | Machine | Running | Picture


def diagram(
    what: Chart[Any] | Machine,
    *,
    current: str | Iterable[str] | None = None,
    last: Moved | None = None,
    model: object = None,
    auto_transitions: bool = False,
) -> Diagram:
    """Return the drawing of a chart, or of any machine of `transitions`.

    Args:
        what: What to draw; nested and asynchronous machines, too.
        current: The state to be marked, or several; by default that of the model.
        last: The transition to be marked, unless it does not lead to a current state: something
            with ``trigger``, ``source`` and ``dest``.
        model: Whose state is marked; by default the machine's model, if it has exactly one.
        auto_transitions: Whether the ``to_…`` triggers that `transitions` adds are drawn.

    Raises:
        TypeError: It is neither, the model has no state, or a chart is given a model.
        ValueError: The model is in a state, or ``current`` names one, that is not there.
    """
    states = (current,) if isinstance(current, str) else current
    if isinstance(what, Machine):
        drawing = machine_diagram(
            what, model=model, current=states, last=last, auto_transitions=auto_transitions
        )
    elif isinstance(what, Chart):  # pyright: ignore[reportUnnecessaryIsInstance]
        _check_no_model(model)
        steps = (Step(*edge) for edge in what.transitions)
        drawing = drawn(
            what.name, what.states, (what.initial,), steps, current=states or (), last=last
        )
    else:
        raise TypeError(f"a chart or a machine can be drawn, not {type(what).__name__}")
    for state in drawing.active:
        if state not in drawing.states:
            raise ValueError(f"{drawing.name} has no state {state!r}")
    return drawing


def picture(what: Drawable, machine: str | None = None, model: object = None) -> Picture:
    """Return what there is to draw.

    Raises:
        TypeError: It cannot be drawn, or ``machine`` was given for something else than a session,
            or ``model`` for something else than a machine of `transitions`.
        ValueError: There is no machine of this name.
    """
    if isinstance(what, Machine | Chart | Diagram | Overview | Coupling):
        if machine is not None:
            raise TypeError("machine=... picks one chart of a running session, and of nothing else")
        if isinstance(what, Machine | Chart):
            return diagram(what, model=model)
        _check_no_model(model)
        return what
    _check_no_model(model)
    if not (hasattr(what, "snapshot") and hasattr(what, "last_transitions")):
        raise TypeError(f"a chart, a machine or a session can be drawn, not {type(what).__name__}")
    drawings = _session(what)
    if machine is None:
        return Overview(drawings)
    for drawing in drawings:
        if drawing.name == machine:
            return drawing
    names = ", ".join(repr(chart.name) for chart in CHARTS)
    raise ValueError(f"there is no machine {machine!r}: it is one of {names}")


def _check_no_model(model: object) -> None:
    if model is not None:
        raise TypeError("model=... is for a machine of `transitions`, and for nothing else")


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
