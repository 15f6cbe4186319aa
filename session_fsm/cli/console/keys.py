"""The keys of the live view, and what the space bar means on a terminal that knows no key-up."""

from __future__ import annotations

import asyncio
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class When(StrEnum):
    """Where a key has a meaning."""

    ALWAYS = "always"
    """But a letter, space and enter belong to the line while one is written."""
    LINE = "line"
    """While a line is written."""
    VOICE = "voice"
    """There is a microphone."""
    MUTING = "muting"
    """The same, without push-to-talk."""
    PUSH_TO_TALK = "push-to-talk"
    """The same, with it."""


class Key(NamedTuple):
    """A key: what Textual calls it, what it does, what people read, and where it has a meaning."""

    key: str
    action: str
    label: str
    when: When


KEYS: Final = (
    Key("m", "mute", "Mute", When.MUTING),
    Key("space", "talk", "Talk: tap or hold", When.PUSH_TO_TALK),
    Key("d", "device", "Next microphone", When.VOICE),
    Key("enter", "write", "Write", When.ALWAYS),
    Key("escape", "keys", "Back to the keys", When.LINE),
    Key("q", "leave", "Quit", When.ALWAYS),
    Key("ctrl+q", "quit", "Quit", When.LINE),
)


class Talking(StrEnum):
    """What the space bar has come to mean."""

    SILENT = "silent"
    """Nothing is heard."""
    PRESSED = "pressed"
    """It was pressed just now: tapped, or the beginning of holding it."""
    HELD = "held"
    """The key repeats: it is held."""
    OPEN = "open"
    """It was tapped."""


class Step(NamedTuple):
    """What follows: the next state, and after how many seconds ``timeout`` comes; None: never."""

    next: Talking
    seconds: float | None


FIRST_REPEAT: Final = 0.8
"""Within so many seconds a key that is held repeats for the first time (X11: 0.66, others less)."""
NEXT_REPEAT: Final = 0.4
"""Without a repeat for so long it was released."""

STEPS: Final[Mapping[tuple[Talking, str], Step]] = {
    (Talking.SILENT, "press"): Step(Talking.PRESSED, FIRST_REPEAT),
    (Talking.PRESSED, "press"): Step(Talking.HELD, NEXT_REPEAT),
    (Talking.PRESSED, "timeout"): Step(Talking.OPEN, None),
    (Talking.HELD, "press"): Step(Talking.HELD, NEXT_REPEAT),
    (Talking.HELD, "timeout"): Step(Talking.SILENT, None),
    (Talking.OPEN, "press"): Step(Talking.SILENT, None),
}
"""State and event -> what follows. Two quick taps are as holding it briefly: silent in the end."""


class SpaceBar:
    """Push-to-talk: a tap opens the microphone until the next one, holding it for as long.

    Args:
        talk: Called with what is wished for, whenever that changes.
    """

    def __init__(self, talk: Callable[[bool], None]) -> None:
        self._talk = talk
        self._state = Talking.SILENT
        self._timer: asyncio.TimerHandle | None = None

    def press(self) -> None:
        """Take a press, or a repeat."""
        self._take("press")

    def _take(self, event: str) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        before, (self._state, seconds) = self._state, STEPS[self._state, event]
        if seconds is not None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(seconds, self._take, "timeout")
        if (before is Talking.SILENT) is not (self._state is Talking.SILENT):
            self._talk(self._state is not Talking.SILENT)
