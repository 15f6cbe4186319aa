"""Writing a recording: a line for the beginning, then one for each event that changed something."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self, cast

from session_fsm._version import __version__
from session_fsm.effects import Moved, Tell
from session_fsm.messages.message import MessageAdded
from session_fsm.recording.encode import encode
from session_fsm.recording.opaque import Names
from session_fsm.redact import redact

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import TracebackType

    from session_fsm.effects import Effect
    from session_fsm.events import Event
    from session_fsm.mailbox import Mailbox
    from session_fsm.messages.message import MessageChange
    from session_fsm.session import Session
    from session_fsm.snapshot import SessionSnapshot

FORMAT: Final = "session-fsm-recording"
VERSION: Final = 1
"""Grows when an older library cannot read it any more; new keys and classes do not make it grow."""

logger = logging.getLogger("session_fsm")


def record(session: Session, path: str | os.PathLike[str]) -> Recorder:
    """Record a session from now on, into a file that is written anew.

    It begins with the session as it is at this moment, in whatever state, messages included. Every
    line is in the file before the next event is taken: a crash loses at most the last one. Where
    the file cannot be written any more, the recording stops with one error in the log, and the
    session goes on. Closing the session closes the recording.

    Args:
        session: A session of this process.
        path: Where to. A new file can be read by its owner alone, where the system knows owners.

    Returns:
        The recording: a context manager, and something with ``close()`` and ``dispose()``.

    Raises:
        OSError: The file cannot be made.
    """
    return Recorder(session, Path(path))


class Recorder:
    """A recording under way; see `record`."""

    def __init__(self, session: Session, path: Path) -> None:
        box = session._mailbox  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
        now = session.snapshot
        self._path = path
        self._names = Names()
        self._seq = now.seq
        self._shown = now.to_dict()
        self._began = _loop_time()
        self._file = open(  # noqa: SIM115 - closed by close()
            path, "w", encoding="utf-8", newline="\n", buffering=1, opener=_private
        )
        self._box: Mailbox | None = box
        box.taps = (*box.taps, self._take)
        self._write(_header(box, now, self._names))
        self._ended = session.snapshots.subscribe(on_completed=self.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Recorder {self._path} {'open' if self.is_open else 'closed'}>"

    @property
    def is_open(self) -> bool:
        """Whether events are still written: neither closed nor stopped by an error."""
        return self._box is not None

    def close(self) -> None:
        """Stop; what was recorded can be played. Does nothing the second time."""
        if self._box is None:
            return
        self._box.taps = tuple([tap for tap in self._box.taps if tap != self._take])
        self._box = None
        with suppress(OSError):  # a line that could not be written is tried once more
            self._file.close()

    def dispose(self) -> None:
        """Do as ``close()``, for what collects disposables."""
        self.close()

    def _take(self, event: Event, now: SessionSnapshot, effects: tuple[Effect, ...]) -> None:
        """Write an event down. Nothing that goes wrong here may disturb the session."""
        if now.seq <= self._seq or self._box is None:
            return  # the recording was started or closed by an observer of this very event
        self._seq = now.seq
        try:
            line = self._line(event, now, effects)
        except Exception as error:  # noqa: BLE001 - a value that nobody thought of
            self._stop(error)
        else:
            self._write(line)

    def _line(
        self, event: Event, now: SessionSnapshot, effects: tuple[Effect, ...]
    ) -> dict[str, Any]:
        at = _loop_time()
        if at is None:
            at = time.monotonic()
        if self._began is None:
            self._began = at
        before, self._shown = self._shown, now.to_dict()
        return {
            "seq": now.seq,
            "at": round(at - self._began, 6),
            "wall": _wall(),
            "event": encode(event, self._names),
            "transitions": [list(_moved(one)) for one in effects if isinstance(one, Moved)],
            "messages": [_said(one.change) for one in effects if isinstance(one, Tell)],
            "changes": encode(dict(_changes(before, self._shown)), self._names),
        }

    def _write(self, line: Mapping[str, Any]) -> None:
        try:
            self._file.write(json.dumps(line, separators=(",", ":")) + "\n")
        except Exception as error:  # noqa: BLE001 - disk full, and a value that is no JSON
            self._stop(error)

    def _stop(self, error: Exception) -> None:
        logger.error(
            "the recording %s stops, because a line could not be written: %s",
            self._path,
            redact(f"{type(error).__name__}: {error}"),
        )
        self.close()


def _header(box: Mailbox, now: SessionSnapshot, names: Names) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "version": VERSION,
        "library": __version__,
        "wall": _wall(),
        "agent_name": encode(box.agent_name, names),
        "limits": encode(box.limits, names),
        "snapshot": encode(now, names),
    }


def _moved(moved: Moved) -> Iterator[str]:
    yield from (moved.machine, moved.trigger, moved.source, moved.dest)


def _said(change: MessageChange) -> dict[str, Any]:
    message = change.message
    return {
        "event": "added" if isinstance(change, MessageAdded) else "updated",
        "id": redact(message.id),
        "kind": message.kind,
        "sender": redact(message.sender),
        "length": len(message.text),
        "final": message.final,
        "status": message.status,
    }


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield what differs; of objects that have the same keys, only what differs in them."""
    for name, new in after.items():
        old = before.get(name)
        if new == old or name == "seq":
            continue
        if isinstance(old, dict) and isinstance(new, dict) and old.keys() == new.keys():
            yield name, dict(_changes(cast("dict[str, Any]", old), cast("dict[str, Any]", new)))
        else:
            yield name, new


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _loop_time() -> float | None:
    """Return the loop's time, which is not always that of the machine (in tests)."""
    try:
        return asyncio.get_running_loop().time()
    except RuntimeError:
        return None


def _wall() -> str:
    return datetime.now(UTC).isoformat()
