"""Reading any machine of `transitions`: flat or nested, with whatever its states are named by."""

from __future__ import annotations

from contextlib import nullcontext
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Any, Final, cast

import attrs

from session_fsm.diagrams.model import Composite, Diagram, Step, drawn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from transitions import Event, Machine, State, Transition

    from session_fsm.diagrams.model import Moved

UNNAMED: Final = "machine"


def machine_diagram(
    machine: Machine,
    *,
    model: object = None,
    current: Iterable[str] | None = None,
    last: Moved | None = None,
    auto_transitions: bool = False,
) -> Diagram:
    """Return the drawing of a machine; arguments as for `session_fsm.diagrams.diagram`.

    Raises:
        TypeError: The model has no state.
        ValueError: It is in a state that the machine does not have.
    """
    with _whole(machine):
        reading = _Reading(machine, auto_transitions=auto_transitions)
        reading.read(machine.states, machine.events, ())
    if model is None and len(machine.models) == 1:
        model = machine.models[0]
    if current is None and model is not None:
        current = reading.names(_state_of(model, machine.model_attribute))
    return drawn(
        (machine.name or "").removesuffix(": ") or UNNAMED,
        reading.states,
        reading.names(machine.initial) if machine.initial is not None else (),
        reading.steps,
        composites=reading.composites,
        finals=reading.finals,
        current=current or (),
        last=last,
    )


def _whole(machine: Any) -> AbstractContextManager[object]:
    """Return what keeps a nested machine at its root: within callbacks it stands in a state."""
    is_nested = hasattr(machine, "get_nested_state_names")
    return cast("AbstractContextManager[object]", machine() if is_nested else nullcontext())


def _state_of(model: object, attribute: str) -> object:
    if not hasattr(model, attribute):
        raise TypeError(
            f"a model of this machine has its state in .{attribute}, and "
            f"{type(model).__name__} has none"
        )
    return getattr(model, attribute)


@attrs.define
class _Reading:
    """What was found in a machine, states before those within them."""

    machine: Machine
    auto_transitions: bool = attrs.field(kw_only=True)
    states: list[str] = attrs.field(factory=list)
    composites: list[Composite] = attrs.field(factory=list)
    finals: list[str] = attrs.field(factory=list)
    steps: list[Step] = attrs.field(factory=list)
    _members: dict[Enum, str] = attrs.field(factory=dict)

    def read(
        self, states: Mapping[Any, State], events: Mapping[str, Event], path: tuple[str, ...]
    ) -> None:
        """Read a level: the states below ``path``, and the events that are declared there."""
        for key, state in states.items():
            below = (*path, _word(key))
            name = self._joined(below)
            self.states.append(name)
            if isinstance(state.value, Enum):
                self._members[state.value] = name
            if getattr(state, "final", False):
                self.finals.append(name)
            inner: Mapping[Any, State] = getattr(state, "states", {})
            if inner:
                children = tuple(self._joined((*below, _word(child))) for child in inner)
                starts = tuple(
                    self._joined((*below, _word(one)))
                    for one in _flat(getattr(state, "initial", None))
                )
                self.composites.append(Composite(name, children, starts))
            self.read(inner, getattr(state, "events", {}), below)
        for event in events.values():
            self.steps += self._steps(event, path)

    def names(self, states: object) -> tuple[str, ...]:
        """Return the names of states: of one, or of however many lists of them.

        Raises:
            ValueError: The machine has no such state.
        """
        found = tuple(self._name(one) for one in _flat(states))
        for name in found:
            if name not in self.states:
                raise ValueError(f"the machine has no state {name!r}")
        return found

    def _name(self, state: object) -> str:
        if isinstance(state, Enum) and state in self._members:
            return self._members[state]
        return _word(state)

    def _steps(self, event: Event, path: tuple[str, ...]) -> Iterator[Step]:
        for transitions in event.transitions.values():
            for one in transitions:
                source = self._placed(one.source, path)
                dest = source if one.dest is None else self._placed(one.dest, path)
                if not self._is_automatic(event.name, one, dest):
                    yield Step(event.name, source, dest, _guard(one), one.dest is None)

    def _is_automatic(self, trigger: str, transition: Transition, dest: str) -> bool:
        return (
            self.machine.auto_transitions
            and not self.auto_transitions
            and trigger == f"to_{dest}"
            and transition.dest is not None
            and not transition.conditions
        )

    def _placed(self, state: object, path: tuple[str, ...]) -> str:
        """Return the whole name of a state that is named at this level, or from the root."""
        name = self._name(state)
        inner = self._joined((*path, name))
        return inner if inner in self.states else name

    def _joined(self, path: tuple[str, ...]) -> str:
        return str(getattr(self.machine.state_cls, "separator", "_")).join(path)


def _word(state: object) -> str:
    if isinstance(state, Enum):
        return state.name
    return state if isinstance(state, str) else str(getattr(state, "name", state))


def _flat(states: object) -> Iterator[object]:
    if isinstance(states, list | tuple):
        for one in cast("Sequence[object]", states):
            yield from _flat(one)
    elif states is not None:
        yield states


def _guard(transition: Transition) -> str | None:
    words = [
        ("" if condition.target else "not ") + _called(condition.func)
        for condition in transition.conditions
    ]
    return " and ".join(words) or None


def _called(function: str | Callable[..., object]) -> str:
    if isinstance(function, str):
        return function
    if isinstance(function, partial):
        return _called(function.func)
    name = getattr(function, "__name__", type(function).__name__)
    return "a lambda" if name == "<lambda>" else str(name)
