"""Reading a recording: where its lines are, and the line that is asked for. Holds no line."""

from __future__ import annotations

import json
import math
from array import array
from bisect import bisect_right
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn, get_args

import attrs

from session_fsm.errors import RecordingError
from session_fsm.events import End, Fact, FromRun, Start
from session_fsm.limits import Limits
from session_fsm.recording.decode import UnknownClassError, decode
from session_fsm.recording.opaque import StandIns
from session_fsm.recording.recorder import FORMAT, VERSION
from session_fsm.snapshot import SessionSnapshot

if TYPE_CHECKING:
    import os
    from collections.abc import Generator

    from session_fsm.events import Event

FACTS: Final = frozenset(get_args(Fact))
MOST_LINE: Final = 256 * 1024 * 1024
"""Bytes of a line; a longer one is no line of a recording."""


@attrs.frozen
class Entry:
    """One recorded event.

    Attributes:
        line: Number of its line in the file, from 1.
        seq: ``seq`` of the snapshot that it makes.
        wall: When it happened; aware.
        event: What happened.
    """

    line: int
    seq: int
    wall: datetime
    event: Event


class Tape:
    """A recording that is open for reading.

    Attributes:
        library: Version of the library that made it.
        agent_name: The name that an agent must have to be the session's, or None.
        limits: How much of what others sent was kept.
        wall: When it began.
        first: The session as it was then.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Open it and look where its lines are.

        Raises:
            OSError: The file cannot be read.
            RecordingError: It is no recording, a newer one, or damaged before its last line.
        """
        self._path = Path(path)
        self._stand_ins = StandIns()
        self._times = array("d")
        self._places = array("Q")
        self._file = self._path.open("rb")
        try:
            self._read_header()
            self._find_lines()
        except BaseException:
            self._file.close()
            raise

    def __len__(self) -> int:
        return len(self._times)

    @property
    def duration(self) -> float:
        """Seconds from the beginning to the last event."""
        return self._times[-1] if self._times else 0.0

    def time_of(self, place: int) -> float:
        """Return how many seconds after the beginning the event happened."""
        return self._times[place]

    def before(self, seconds: float) -> int:
        """Return how many events had happened by then."""
        return bisect_right(self._times, seconds)

    def entry(self, place: int) -> Entry:
        """Return the event at this place, from 0.

        Raises:
            RecordingError: Its line cannot be read.
        """
        line = place + 2
        self._file.seek(self._places[place])
        with self.reading(line):
            found = json.loads(self._file.readline())
            event = decode(found["event"], self._stand_ins)
            if not isinstance(event, Start | End | FromRun):
                raise TypeError(f"{type(event).__name__} is no event")
            if isinstance(event, FromRun) and type(event.fact) not in FACTS:
                raise TypeError(f"{type(event.fact).__name__} is no fact")
            return Entry(line, found["seq"], datetime.fromisoformat(found["wall"]), event)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _read_header(self) -> None:
        with self.reading(1):
            header: Any = json.loads(self._file.readline(MOST_LINE))
            if header["format"] != FORMAT:
                raise ValueError("no recording of session-fsm begins like this")
            self.library: str = header["library"]
            if header["version"] > VERSION:
                raise RecordingError(
                    f"{self._path} was made by session-fsm {self.library}, in a format that this "
                    "version does not know: install that version or a newer one.",
                    kind="newer",
                )
            agent_name = header["agent_name"]
            if not isinstance(agent_name, str | None):
                raise TypeError("its agent_name is no text")
            self.agent_name = agent_name
            limits = decode(header["limits"], self._stand_ins)
            if not isinstance(limits, Limits):
                raise TypeError("its limits are none")
            self.limits = limits
            self.wall = datetime.fromisoformat(header["wall"])
            self.first = decode(header["snapshot"], self._stand_ins)
            if not isinstance(self.first, SessionSnapshot):
                raise TypeError("its snapshot is none")
            self.first.to_dict()  # shows a value of a wrong type now, and not to an observer

    def _find_lines(self) -> None:
        place = self._file.tell()
        for number, line in enumerate(iter(lambda: self._file.readline(MOST_LINE), b""), 2):
            if not line.endswith(b"\n"):
                return  # what a crash left of the last line
            with self.reading(number):
                found = json.loads(line)
                if found["seq"] != self.first.seq + number - 1:
                    raise ValueError(f"seq {found['seq']} does not follow on the line before")
                at = float(found["at"])
                if not math.isfinite(at):
                    raise ValueError(f"at is {at}")  # playing would wait for ever
            self._times.append(max(at, self.duration))
            self._places.append(place)
            place += len(line)

    @contextmanager
    def reading(self, line: int) -> Generator[None]:
        """Make an error that names this line of whatever is wrong with what it holds."""
        try:
            yield
        except (RecordingError, OSError):
            raise
        except Exception as error:  # noqa: BLE001 - whatever is wrong with the line
            self._damaged(line, error)

    def _damaged(self, line: int, error: Exception) -> NoReturn:
        match error:
            case UnknownClassError():
                why = f"{error} (it was made by {self.library})"
            case KeyError():
                why = f"{error} is missing"
            case _:
                why = str(error)
        raise RecordingError(f"{self._path}, line {line}: {why}.", kind="damaged") from error
