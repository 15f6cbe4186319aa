"""The moments of a recording: each is made from the one before, or from a checkpoint.

Snapshots share what they have in common, so that a checkpoint every ``EVERY`` events costs little;
what lies between is made again when it is asked for.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import attrs

from session_fsm.effects import Moved, Tell
from session_fsm.errors import RecordingError
from session_fsm.reducer import step
from session_fsm.transition import Transition

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from session_fsm.messages.message import MessageChange
    from session_fsm.recording.tape import Tape
    from session_fsm.snapshot import SessionSnapshot

EVERY: Final = 64
"""Events from one checkpoint to the next."""


@attrs.frozen(eq=False)
class Moment:
    """What a session was at one moment, and what led to it.

    Attributes:
        place: How many events happened before.
        wall: When it was; aware.
        snapshot: What could be seen.
        newest: Name of a chart -> its last transition since the recording began.
        transitions: What the charts did.
        changes: What happened to the messages.
    """

    place: int
    wall: datetime
    snapshot: SessionSnapshot
    newest: Mapping[str, Transition]
    transitions: tuple[Transition, ...] = ()
    changes: tuple[MessageChange, ...] = ()


class Moments:
    """The moments of one recording."""

    def __init__(self, tape: Tape) -> None:
        self._tape = tape
        self.first = Moment(0, tape.wall, tape.first, MappingProxyType({}))
        self._checkpoints = [self.first]

    def after(self, moment: Moment) -> Moment:
        """Return the next one.

        Raises:
            RecordingError: Its line cannot be read, or this version makes something else of it.
        """
        entry = self._tape.entry(moment.place)
        tape = self._tape
        with tape.reading(entry.line):
            now, effects = step(
                moment.snapshot, entry.event, agent_name=tape.agent_name, limits=tape.limits
            )
            now.to_dict()  # shows a value of a wrong type now, and not to an observer
        if now.seq != entry.seq:
            raise RecordingError(
                f"Line {entry.line} changes nothing in this version of the library: play it with "
                f"session-fsm {self._tape.library}, which made the recording.",
                kind="differs",
            )
        moved = tuple(
            [
                Transition(
                    one.machine, one.trigger, one.source, one.dest, now.seq, now.epoch, entry.wall
                )
                for one in effects
                if isinstance(one, Moved)
            ]
        )
        newest = {**moment.newest, **{one.machine: one for one in moved}} if moved else {}
        changes = tuple([one.change for one in effects if isinstance(one, Tell)])
        made = Moment(moment.place + 1, entry.wall, now, newest or moment.newest, moved, changes)
        if made.place == len(self._checkpoints) * EVERY:
            self._checkpoints.append(made)
        return made

    def at(self, place: int, known: Moment) -> Moment:
        """Return the moment after so many events.

        Args:
            place: How many.
            known: Any other one: it is gone on from there if that is the shortest way.
        """
        nearest = self._checkpoints[min(place // EVERY, len(self._checkpoints) - 1)]
        moment = known if nearest.place < known.place <= place else nearest
        while moment.place < place:
            moment = self.after(moment)
        return moment
