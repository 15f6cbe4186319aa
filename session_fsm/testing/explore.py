"""Every state that can be reached, and every edge between them: breadth first, with shortest paths.

Works for any pure ``step`` whose states can be told apart by a hashable key, ours or your own.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

import attrs

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator

S = TypeVar("S")
E = TypeVar("E")


class Step(NamedTuple, Generic[S, E]):
    """One edge: an event that leads from one state to another, or to the same."""

    source: S
    event: E
    dest: S


@attrs.frozen
class Exploration(Generic[S, E]):
    """What was found.

    Attributes:
        states: Key -> the first state that was found with it.
        steps: Every event that was tried in every one of these states.
    """

    states: dict[Hashable, S]
    steps: tuple[Step[S, E], ...]
    _key: Callable[[S], Hashable]
    _came_by: dict[Hashable, Step[S, E]]

    def path(self, state: S) -> list[E]:
        """Return the events of a shortest path from the initial state."""
        events: list[E] = []
        while (step := self._came_by.get(self._key(state))) is not None:
            events.append(step.event)
            state = step.source
        return events[::-1]

    def edges(self) -> Iterator[Step[S, E]]:
        """Yield the steps that change the state."""
        return (step for step in self.steps if self._key(step.source) != self._key(step.dest))

    def reaching(self, goal: Callable[[S], bool]) -> set[Hashable]:
        """Return the keys of all states from which one that is a goal can be reached."""
        before: dict[Hashable, set[Hashable]] = {}
        for step in self.steps:
            before.setdefault(self._key(step.dest), set()).add(self._key(step.source))
        found = {key for key, state in self.states.items() if goal(state)}
        waiting = list(found)
        while waiting:
            new = before.get(waiting.pop(), set()) - found
            found |= new
            waiting.extend(new)
        return found


def explore(
    initial: S,
    events: Callable[[S], Iterable[E]],
    step: Callable[[S, E], S],
    key: Callable[[S], Hashable],
    *,
    most: int = 100_000,
) -> Exploration[S, E]:
    """Follow every event from every state.

    Args:
        initial: Where to begin.
        events: The events to try in a state.
        step: Returns the state that an event leads to; must not change its argument.
        key: What tells two states apart.
        most: How many states are a sign of a key that tells too much apart.

    Raises:
        ValueError: There are more than ``most`` states.
    """
    states: dict[Hashable, S] = {key(initial): initial}
    came_by: dict[Hashable, Step[S, E]] = {}
    steps: list[Step[S, E]] = []
    waiting = deque([initial])
    while waiting:
        source = waiting.popleft()
        for event in events(source):
            dest = step(source, event)
            taken = Step(source, event, dest)
            steps.append(taken)
            reached = key(dest)
            if reached not in states:
                if len(states) >= most:
                    raise ValueError(f"More than {most} states: does the key tell too much apart?")
                states[reached] = dest
                came_by[reached] = taken
                waiting.append(dest)
    return Exploration(states, tuple(steps), key, came_by)
