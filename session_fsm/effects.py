"""What a step asks for: frozen data that the session carries out after the commit."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import attrs

if TYPE_CHECKING:
    from session_fsm.messages.message import MessageChange
    from session_fsm.snapshot import Deadline


class Moved(NamedTuple):
    """A chart made a transition."""

    machine: str
    trigger: str
    source: str
    dest: str


@attrs.frozen
class FetchToken:
    """Ask the token source; ``force`` past its cache, because agents never come back to a room."""

    force: bool


@attrs.frozen
class Connect:
    """Join the room with the token that was fetched."""


@attrs.frozen
class CloseRun:
    """Put away everything of the run, then tell ``RunClosed``."""


@attrs.frozen
class SetDeadline:
    """Wait for this from now on instead of what was waited for; None: for nothing."""

    deadline: Deadline | None


@attrs.frozen
class PauseDeadline:
    """Stop the clock of the deadline (True), or let it go on (False)."""

    paused: bool


@attrs.frozen
class Tell:
    """Tell the observers of ``messages.events``."""

    change: MessageChange


@attrs.frozen
class Warn:
    """Write a warning to the log."""

    text: str


Action: TypeAlias = FetchToken | Connect | CloseRun | SetDeadline | PauseDeadline | Tell | Warn
Effect: TypeAlias = Moved | Action
