"""Bars that show what the agent does, as LiveKit's Agents UI moves them."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Final, TypeAlias
from weakref import WeakKeyDictionary

import attrs

from session_fsm.states import AgentState, SessionState
from session_fsm.ui.model import ViewModel
from session_fsm.ui.watched import Watched

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reactivex.abc import DisposableBase

    from session_fsm.agent import Agent
    from session_fsm.view import SessionView
    from stores import Store

Bars: TypeAlias = frozenset[int]
Bands: TypeAlias = tuple[float, ...]

NONE: Final[Bars] = frozenset()


def _from_both_ends(bars: int) -> tuple[Bars, ...]:
    return tuple([frozenset({place, bars - 1 - place}) for place in range(bars)])


def _blinking_centre(bars: int) -> tuple[Bars, ...]:
    return frozenset({bars // 2}), NONE


def _all(bars: int) -> tuple[Bars, ...]:
    return (frozenset(range(bars)),)


@attrs.frozen
class Beat:
    """How the highlighted bars move.

    Attributes:
        sequence: Which are highlighted, one set after the other and again from the first.
        seconds: From one to the next, of so many bars.
    """

    sequence: Callable[[int], tuple[Bars, ...]]
    seconds: Callable[[int], float]


BEATS: Final[Mapping[AgentState, Beat]] = {
    AgentState.CONNECTING: Beat(_from_both_ends, lambda bars: 2.0 / bars),
    AgentState.INITIALIZING: Beat(_from_both_ends, lambda _: 2.0),
    AgentState.LISTENING: Beat(_blinking_centre, lambda _: 0.5),
    AgentState.THINKING: Beat(_blinking_centre, lambda _: 0.15),
    AgentState.SPEAKING: Beat(_all, lambda _: 1.0),
}
"""As ``AgentAudioVisualizerBar`` has them; in the other states no bar is highlighted."""
STILL: Final = Beat(lambda _: (NONE,), lambda _: 1.0)

_measured: WeakKeyDictionary[Agent, dict[int, Store[Bands]]] = WeakKeyDictionary()
"""The bands that were asked for: an agent's meters last as long as it does."""


@attrs.frozen
class VisualizerFrame:
    """What to draw.

    Attributes:
        heights: How high each bar is, from 0 to 1; all 0 unless the agent speaks.
        highlighted: The places of the bars that are highlighted, from 0.
    """

    heights: Bands
    highlighted: Bars


class VisualizerModel(ViewModel):
    """Bars, and which of them are highlighted.

    Nothing moves, and nothing is measured, while nobody observes it; whoever begins to finds the
    first picture of the present state's sequence.

    Args:
        view: A session; or the replay of one, which has no sound: its bars stay at 0.
        bars: How many.

    Attributes:
        frame: What to draw: the two others together.
        heights: How high each bar is, from 0 to 1.
        highlighted: The places of the highlighted bars.

    Raises:
        ValueError: There is no bar.
    """

    def __init__(self, view: SessionView, bars: int = 5) -> None:
        if bars < 1:
            raise ValueError(f"bars must be 1 or more, not {bars}")
        super().__init__(view)
        self._agent = view.agent
        self._bars = bars
        self._index = 0
        self._timer: asyncio.TimerHandle | None = None
        self._bands: DisposableBase | None = None
        # Whoever makes it while a run goes on does so on the loop of the session.
        self._loop = None if view.snapshot.state is SessionState.IDLE else _running_loop()
        self._flat: Bands = (0.0,) * bars
        self._enter(view.agent.state.value)
        self._frames = self._store(VisualizerFrame(self._flat, self._sequence[0]))
        self.frame: Final = Watched.of(self._frames, self._observed)
        self.heights: Final = self.frame.select(lambda frame: frame.heights)
        self.highlighted: Final = self.frame.select(lambda frame: frame.highlighted)
        self._follow(view.agent.state, self._change)

    def __repr__(self) -> str:
        moves = "moving" if self._timer or self._bands else "still"
        return f"<VisualizerModel of {self._bars} bars, {moves}>"

    def close(self) -> None:
        """Stop, and complete all stores."""
        self._pause()
        super().close()

    def _enter(self, state: AgentState) -> None:
        beat = BEATS.get(state, STILL)
        self._sequence = beat.sequence(self._bars)
        self._seconds = beat.seconds(self._bars)
        self._speaks = state is AgentState.SPEAKING
        self._index = 0

    def _change(self, state: AgentState) -> None:
        self._pause()
        self._loop = _running_loop() or self._loop
        self._enter(state)
        self._show(self._flat)
        self._move()

    def _observed(self) -> None:
        """Begin to move, on the loop of the session, from whatever thread this is called."""
        loop = self._loop
        if loop is None:
            return
        if loop is _running_loop():
            self._move()
        else:
            with suppress(RuntimeError):  # the loop is closed
                loop.call_soon_threadsafe(self._move)

    def _move(self) -> None:
        if self._is_closed or self._loop is None or not self._frames.is_observed:
            return
        if len(self._sequence) > 1 and self._timer is None:
            self._timer = self._loop.call_later(self._seconds, self._tick)
        if self._speaks and self._bands is None:
            self._bands = _bands_of(self._agent, self._bars).subscribe(self._hear)

    def _pause(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
        bands, self._bands = self._bands, None
        if bands is not None:
            bands.dispose()

    def _rest(self) -> None:
        self._pause()
        self._index = 0
        self._show(self._flat)

    def _tick(self) -> None:
        self._timer = None
        if not self._frames.is_observed:
            self._rest()
            return
        self._index += 1
        self._show(self._flat)
        self._move()

    def _hear(self, bands: Bands) -> None:
        if self._frames.is_observed:
            self._show(bands)
        else:
            self._rest()

    def _show(self, heights: Bands) -> None:
        highlighted = self._sequence[self._index % len(self._sequence)]
        self._frames.set(VisualizerFrame(heights, highlighted))


def _bands_of(agent: Agent, count: int) -> Store[Bands]:
    known = _measured.setdefault(agent, {})
    if count not in known:
        known[count] = agent.bands(count)
    return known[count]


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
