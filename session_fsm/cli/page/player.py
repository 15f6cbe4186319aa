"""Playing a recording by the commands of the page."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from session_fsm.errors import RecordingError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from session_fsm.recording import Replay
    from stores import Store


class Player:
    """Plays, and remembers what is wrong with the recording."""

    def __init__(self, replay: Replay) -> None:
        self._replay = replay
        self._playing: asyncio.Task[None] | None = None
        self._error: str | None = None
        self._commands: Final[Mapping[str, Callable[[], object]]] = {
            "play": self._play,
            "pause": replay.pause,
            "step": replay.step,
            "back": replay.back,
            "rewind": replay.rewind,
        }

    @property
    def stores(self) -> tuple[Store[Any], ...]:
        """Whenever one of these changes there is something new to tell."""
        return self._replay.position, self._replay.is_playing

    def told(self) -> dict[str, Any]:
        """Return where it stands, ready for JSON."""
        replay = self._replay
        return {
            "position": round(replay.position.value, 3),
            "duration": round(replay.duration.value, 3),
            "playing": replay.is_playing.value,
            "at_end": replay.is_at_end,
            "error": self._error,
        }

    def do(self, command: object, seconds: object = None) -> None:
        """Carry out ``play``, ``pause``, ``step``, ``back``, ``rewind``, or ``seek`` to seconds.

        Raises:
            ValueError: There is no such command, or no such moment.
        """
        self._error = None
        try:
            if command == "seek" and isinstance(seconds, int | float):
                self._replay.seek(seconds=seconds)
            elif isinstance(command, str) and command in self._commands:
                if command in {"step", "back"}:
                    self._replay.pause()
                self._commands[command]()
            else:
                raise ValueError(f"there is no command {command!r}")
        except RecordingError as error:
            self._error = str(error)

    def _play(self) -> None:
        if self._replay.is_at_end:
            self._replay.rewind()
        self._playing = asyncio.ensure_future(self._played())

    async def _played(self) -> None:
        try:
            await self._replay.play()
        except RecordingError as error:
            self._error = str(error)
