"""The conversation as rows that appear, grow and stay in their places."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any, Final

import attrs
from pyrsistent import PVector, pvector

from session_fsm.states import AgentState
from session_fsm.ui.model import ViewModel
from session_fsm.ui.rows import (
    THINKING,
    RowInserted,
    RowRemoved,
    RowsReplaced,
    RowUpdated,
    TranscriptChange,
    TranscriptRow,
    row_of,
)
from stores.source import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reactivex import abc

    from session_fsm.messages.message import Message, MessageChange
    from session_fsm.snapshot import SessionSnapshot
    from session_fsm.view import SessionView
    from stores import Store


@attrs.frozen(eq=False)
class Shown:
    """What is shown, and what has just changed in it.

    Attributes:
        rows: All of them; a persistent vector.
        change: What led to them.
        follows: The end is to be kept in view.
        unseen: How many messages came below what is in view.
    """

    rows: PVector[TranscriptRow]
    change: TranscriptChange
    follows: bool = True
    unseen: int = 0


class Changes(Source[TranscriptChange]):
    """All rows at once for whoever subscribes, and then each change.

    So there is no gap between the first look and the first change, on whatever thread that is.
    """

    def __init__(self, shown: Store[Shown]) -> None:
        super().__init__(shown._observers)  # type: ignore[arg-type] # noqa: SLF001 # pyright: ignore[reportArgumentType]
        self._shown = shown

    def subscribe(
        self,
        on_next: abc.ObserverBase[TranscriptChange]
        | Callable[[TranscriptChange], object]
        | None = None,
        on_error: abc.OnError | None = None,
        on_completed: Callable[[], object] | None = None,
        *,
        scheduler: abc.SchedulerBase | None = None,
    ) -> abc.DisposableBase:
        """Subscribe, as to a store; deliver all of them, none may be left out."""
        given: Any = on_next
        if callable(getattr(given, "on_next", None)):
            given, on_completed = given.on_next, given.on_completed
        is_first = True

        def take(shown: Shown) -> None:
            nonlocal is_first
            change = RowsReplaced(shown.rows) if is_first else shown.change
            is_first = False
            given(change)

        callback = None if given is None else take
        return self._shown.subscribe(callback, on_error, on_completed, scheduler=scheduler)


class TranscriptModel(ViewModel):
    """The rows of a transcript, whether to stay at its end, and how much is below.

    What a change costs does not depend on the number of rows.

    Args:
        view: A session, or the replay of one.

    Attributes:
        rows: All rows, an immutable sequence; the last one says so while the agent thinks.
        changes: All rows for whoever subscribes (``RowsReplaced``), and then each ``RowInserted``,
            ``RowUpdated``, ``RowRemoved`` or ``RowsReplaced``, in order. A bridge to another thread
            must deliver all of them.
        follows: Whether to keep the end in view: until the user scrolls away from it.
        unseen: How many messages came since then.
    """

    def __init__(self, view: SessionView) -> None:
        super().__init__(view)
        now = view.snapshot
        self._epoch = now.epoch
        self._jumps: int = view.jumps.value
        self._is_thinking = now.agent.state is AgentState.THINKING
        self._said: PVector[TranscriptRow] = pvector()
        self._places: dict[str, int] = {}
        self._take_over(now)
        rows = self._rows()
        self._shown = self._store(Shown(rows, RowsReplaced(rows)))
        self.rows: Final[Store[Sequence[TranscriptRow]]] = self._shown.select(
            lambda shown: shown.rows, comparer=operator.is_
        )
        self.changes: Final = Changes(
            self._shown.select(lambda shown: shown, comparer=lambda a, b: a.change is b.change)
        )
        self.follows: Final = self._shown.select(lambda shown: shown.follows)
        self.unseen: Final = self._shown.select(lambda shown: shown.unseen)
        self._follow(view.snapshots, self._look)
        self._follow(view.messages.events, self._hear)

    def __repr__(self) -> str:
        shown = self._shown.value
        return f"<TranscriptModel of {len(shown.rows)} rows, {shown.unseen} unseen>"

    def scrolled(self, *, at_end: bool) -> None:
        """Take note of where the user has scrolled to; not of what the widget does by itself."""
        self._shown.update(
            lambda shown: attrs.evolve(shown, follows=at_end, unseen=0 if at_end else shown.unseen)
        )

    def jump_to_end(self) -> None:
        """Follow the end again: the button that says how much is below."""
        self.scrolled(at_end=True)

    # The session --------------------------------------------------------------------------------

    def _look(self, now: SessionSnapshot) -> None:
        is_thinking = now.agent.state is AgentState.THINKING
        if now.epoch != self._epoch or self._view.jumps.value != self._jumps:
            self._epoch, self._jumps = now.epoch, self._view.jumps.value
            self._is_thinking = is_thinking
            self._take_over(now)
            rows = self._rows()
            self._shown.set(Shown(rows, RowsReplaced(rows)))
        elif is_thinking is not self._is_thinking:
            self._is_thinking = is_thinking
            change = RowInserted if is_thinking else RowRemoved
            self._show(change(len(self._said), THINKING))

    def _hear(self, change: MessageChange) -> None:
        """Show a message as it is now; one that is there already changes in its place."""
        message = change.message
        row = row_of(message)
        index = self._places.get(message.id)
        if index is None:
            self._append(message, row)
        elif row != self._said[index]:
            self._said = self._said.set(index, row)
            self._show(RowUpdated(index, row))

    def _append(self, message: Message, row: TranscriptRow) -> None:
        index = self._places[message.id] = len(self._said)
        self._said = self._said.append(row)
        # Whoever has just written something wants to see it, and the answer.
        is_own = message.status is not None
        rows, change = self._rows(), RowInserted(index, row)

        def add(shown: Shown) -> Shown:
            follows = shown.follows or is_own
            return Shown(rows, change, follows, 0 if follows else shown.unseen + 1)

        self._shown.update(add)

    def _take_over(self, now: SessionSnapshot) -> None:
        self._said = pvector([row_of(message) for message in now.messages])
        self._places = {row.id: index for index, row in enumerate(self._said)}

    def _rows(self) -> PVector[TranscriptRow]:
        return self._said.append(THINKING) if self._is_thinking else self._said

    def _show(self, change: TranscriptChange) -> None:
        rows = self._rows()
        self._shown.update(lambda shown: Shown(rows, change, shown.follows, shown.unseen))
