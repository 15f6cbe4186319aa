"""Where the agent's voice goes: the protocol, and outputs for any program."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from session_fsm.media.frames import AudioFrame


class AudioOutput(Protocol):
    """Takes the sound that is heard: a loudspeaker, a file, a callback.

    It is opened at most once at a time, and may be opened again after it was closed.
    """

    @property
    def name(self) -> str:
        """What it is called where people choose devices."""
        ...

    async def open(self) -> None:
        """Get ready.

        Raises:
            MediaError: It cannot be opened.
        """
        ...

    async def write(self, frame: AudioFrame) -> None:
        """Take a frame; wait while there is no room for it."""
        ...

    def interrupt(self) -> None:
        """Drop what is queued and was not heard yet."""
        ...

    async def close(self) -> None:
        """Let go of what was held. What is queued may be dropped."""
        ...


class NullOutput:
    """Takes everything and does nothing with it."""

    name = "nothing"

    async def open(self) -> None:
        """Nothing has to be made ready."""

    async def write(self, frame: AudioFrame) -> None:
        """Take a frame."""

    def interrupt(self) -> None:
        """Nothing is queued."""

    async def close(self) -> None:
        """Nothing is held."""


class CallbackOutput:
    """Calls a function with every frame.

    Args:
        callback: Takes the frame; may be a coroutine function, which is awaited.
    """

    def __init__(self, callback: Callable[[AudioFrame], Awaitable[None] | None]) -> None:
        self.name = getattr(callback, "__name__", type(callback).__name__)
        self._callback = callback

    async def open(self) -> None:
        """Nothing has to be made ready."""

    async def write(self, frame: AudioFrame) -> None:
        """Call the function."""
        made = self._callback(frame)
        if inspect.isawaitable(made):
            await made

    def interrupt(self) -> None:
        """Nothing is queued here."""

    async def close(self) -> None:
        """Nothing is held."""
