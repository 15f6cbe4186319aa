"""Playing a recording: the stores of a live session, at any of its moments."""

from __future__ import annotations

import asyncio
import math
from contextlib import suppress
from functools import cached_property
from operator import is_
from typing import TYPE_CHECKING, Final, Self

import attrs

from session_fsm.arguments import checked_seconds
from session_fsm.limits import DEFAULT_LIMITS
from session_fsm.recording.moments import Moments
from session_fsm.recording.silent import SilentChannel
from session_fsm.recording.tape import Tape
from session_fsm.transition import Transition
from session_fsm.view import SessionView, closed_error
from stores import WritableEventStream, WritableStore

if TYPE_CHECKING:
    import os
    from datetime import datetime
    from types import TracebackType

    from session_fsm.messages.message import MessageChange
    from session_fsm.recording.moments import Moment
    from session_fsm.snapshot import SessionSnapshot
    from stores import OnUnhandled, Store


RESOLUTION: Final = 1e-6
"""Seconds; recorded times are no finer."""


@attrs.frozen(eq=False)
class _Seen:
    snapshot: SessionSnapshot
    position: float
    is_playing: bool = False
    jumps: int = 0


class Replay(SessionView):
    """A recorded session. It has what can be seen of a live one, and none of what acts.

    Belongs to the event loop that plays it; without one it can be stepped and sought.

    Args:
        path: A file that ``record`` wrote.
        speed: 2.0 plays twice as fast as it happened.
        on_unhandled: Called with every exception that an observer raises.

    Raises:
        OSError: The file cannot be read.
        RecordingError: It is no recording, one of a newer format, or damaged.
        ValueError: The speed is not a number above 0.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        speed: float = 1.0,
        *,
        on_unhandled: OnUnhandled | None = None,
    ) -> None:
        self._speed = checked_seconds("speed", speed)
        self._tape = Tape(path)
        self._moments = Moments(self._tape)
        self._moment = self._moments.first
        self._position = 0.0
        self._jumps = 0
        self._seen = WritableStore(_Seen(self._tape.first, 0.0), on_unhandled=on_unhandled)
        self._moves = WritableEventStream[Transition](on_unhandled=on_unhandled)
        self._told: WritableEventStream[MessageChange] = WritableEventStream(
            on_unhandled=on_unhandled
        )
        self._playing: asyncio.Future[None] | None = None
        self._wake = asyncio.Event()
        self._began = 0.0
        self._closed = False
        self._newest: dict[str, Transition] = {}
        snapshots = self._seen.select(lambda seen: seen.snapshot, comparer=is_)
        self._silent = SilentChannel(
            snapshots, self._told, DEFAULT_LIMITS, on_unhandled=on_unhandled
        )
        super().__init__(snapshots, self._moves, self._told, self._newest, self._silent)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    # Where it stands ----------------------------------------------------------------------------

    @cached_property
    def position(self) -> Store[float]:
        """Seconds since the beginning of the recording; moves with every event."""
        return self._seen.select(lambda seen: seen.position)

    @cached_property
    def duration(self) -> Store[float]:
        """Seconds from the beginning of the recording to its last event; never changes."""
        return self._seen.select(lambda _: self._tape.duration)

    @cached_property
    def jumps(self) -> Store[int]:
        """How often it was sought: the streams told nothing of what lies between."""
        return self._seen.select(lambda seen: seen.jumps)

    @cached_property
    def is_playing(self) -> Store[bool]:
        """Whether ``play()`` is at work."""
        return self._seen.select(lambda seen: seen.is_playing)

    @property
    def is_at_end(self) -> bool:
        """Whether the last event was played."""
        return self._moment.place == len(self._tape)

    @property
    def recorded_at(self) -> datetime:
        """When the present snapshot was made; aware."""
        return self._moment.wall

    # Playing ------------------------------------------------------------------------------------

    async def play(self) -> None:
        """Play from here, and return at the end or after ``pause()``.

        While another call plays, this one waits with it. Cancelling the one that plays pauses.

        Raises:
            RecordingError: A line cannot be read; the replay stands before it.
            SessionStateError: The replay was closed.
        """
        self._check_open()
        if self._playing is not None:
            await asyncio.wait({self._playing})
            return
        self._wake = asyncio.Event()
        playing = self._playing = asyncio.get_running_loop().create_future()
        self._anchor()
        self._show(self._moment.snapshot)
        try:
            await self._play(playing)
        finally:
            if self._playing is playing:
                self._playing = None
                self._show(self._moment.snapshot)
            if not playing.done():
                playing.set_result(None)

    async def _play(self, playing: asyncio.Future[None]) -> None:
        loop = asyncio.get_running_loop()
        while self._playing is playing and not self.is_at_end:
            due = self._began + self._tape.time_of(self._moment.place) / self._speed
            if due - loop.time() < RESOLUTION:
                self.step()
                await asyncio.sleep(0)
                continue
            with suppress(TimeoutError):
                async with asyncio.timeout_at(due):
                    await self._wake.wait()
            self._wake.clear()

    def _anchor(self) -> None:
        """Let the time of the recording run from the present position on."""
        self._began = asyncio.get_running_loop().time() - self._position / self._speed
        self._wake.set()

    def pause(self) -> None:
        """Let ``play()`` return; does nothing where nothing plays."""
        if self._playing is None:
            return
        passed = (self._playing.get_loop().time() - self._began) * self._speed
        place = self._moment.place
        due = self._tape.duration if self.is_at_end else self._tape.time_of(place)
        self._position = max(self._position, min(passed, due))
        self._playing.set_result(None)
        self._playing = None
        self._wake.set()
        self._show(self._moment.snapshot)

    def step(self) -> bool:
        """Take the next event at once, whatever its time.

        Returns:
            False at the end: there is none.

        Raises:
            RecordingError: Its line cannot be read, or this version makes something else of it.
            SessionStateError: The replay was closed.
        """
        self._check_open()
        if self.is_at_end:
            return False
        moment = self._moments.after(self._moment)
        self._position = self._tape.time_of(self._moment.place)
        self._moment = moment
        self._remember(moment)
        self._show(moment.snapshot)
        for transition in moment.transitions:
            self._moves.emit(transition)
        for change in moment.changes:
            self._told.emit(change)
        return True

    def seek(self, *, seq: int | None = None, seconds: float | None = None) -> None:
        """Go to any moment of the recording, back or forth; playing goes on from there.

        The stores show the moment; what lies between is told by none of the streams.

        Args:
            seq: The ``seq`` of a snapshot.
            seconds: Since the beginning of the recording; what is beyond the end is the end.

        Raises:
            RecordingError: A line on the way cannot be read.
            SessionStateError: The replay was closed.
            TypeError: Not exactly one of both is given.
            ValueError: The recording has no such snapshot, or the time is no number from 0 on.
        """
        self._check_open()
        if (seq is None) is (seconds is None):
            raise TypeError("give either seq or seconds")
        place, position = self._by_seq(seq) if seq is not None else self._by_time(seconds or 0.0)
        self._moment = self._moments.at(place, self._moment)
        self._position = position
        if self._playing is not None:
            self._anchor()
        self._remember(self._moment)
        self._jumps += 1
        self._show(self._moment.snapshot)

    def back(self) -> bool:
        """Go back to the snapshot before.

        Returns:
            False at the beginning: there is none.
        """
        if self._moment.place == 0:
            return False
        self.seek(seq=self._moment.snapshot.seq - 1)
        return True

    def rewind(self) -> None:
        """Go to the beginning, before the first event."""
        self.seek(seq=self._tape.first.seq)

    def close(self) -> None:
        """Pause, and complete all stores and streams; they keep their last values."""
        self.pause()
        self._closed = True
        self._seen.close()
        self._moves.close()
        self._told.close()
        self._silent.close()
        self._tape.close()

    def _by_seq(self, seq: int) -> tuple[int, float]:
        first = self._tape.first.seq
        place = seq - first
        if not 0 <= place <= len(self._tape):
            raise ValueError(f"the recording has seq {first} to {first + len(self._tape)}")
        return place, self._tape.time_of(place - 1) if place else 0.0

    def _by_time(self, seconds: float) -> tuple[int, float]:
        if not (math.isfinite(seconds) and seconds >= 0):
            raise ValueError(f"seconds must be a number from 0 on, not {seconds!r}")
        return self._tape.before(seconds), min(seconds, self._tape.duration)

    def _remember(self, moment: Moment) -> None:
        self._newest.clear()
        self._newest.update(moment.newest)

    def _show(self, snapshot: SessionSnapshot) -> None:
        is_playing = self._playing is not None
        self._seen.set(_Seen(snapshot, self._position, is_playing, self._jumps))

    def _check_open(self) -> None:
        if self._closed:
            raise closed_error()
