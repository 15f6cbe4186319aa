"""A loudspeaker of this computer."""

from __future__ import annotations

import asyncio
import threading
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from session_fsm.audio.listing import place_of
from session_fsm.audio.portaudio import FRAME, SAMPLE_RATE, started
from session_fsm.hardware.device import Device, name_of
from session_fsm.media.frames import SAMPLE_BYTES

if TYPE_CHECKING:
    from session_fsm.media.frames import AudioFrame

QUEUED: Final = round(0.2 * SAMPLE_RATE) * SAMPLE_BYTES
"""Bytes that may wait to be played: what ``interrupt()`` drops at most."""
POLL: Final = 0.01


class SpeakerOutput:
    """A loudspeaker of this computer: takes 48 kHz and one channel, as the agent is heard.

    Args:
        device: One of ``devices("output")``, or its id; None: the system's choice when it is
            opened.

    Attributes:
        underruns: How often there was nothing to play while something had been.
    """

    def __init__(self, device: Device | str | None = None) -> None:
        self._device = device
        self._stream: Any = None
        self._queue = bytearray()
        self._lock = threading.Lock()
        self._was_playing = False
        self.underruns = 0

    def __repr__(self) -> str:
        return f"<SpeakerOutput {self.name}>"

    @property
    def name(self) -> str:
        """What people call it."""
        return name_of(self._device, "default loudspeaker")

    async def open(self) -> None:
        """Hold the device.

        Raises:
            MediaError: It cannot be used, or PortAudio is not there.
        """
        self._queue.clear()
        self._stream = await asyncio.to_thread(self._opened)

    def _opened(self) -> Any:
        place = place_of(self._device, "output")
        echo: Any = import_module("session_fsm.audio.echo")  # loads LiveKit

        def play(out: Any, _count: int, time: Any, _status: object) -> None:
            piece = self._next()
            out[:] = piece
            echo.played(piece, max(0.0, time.outputBufferDacTime - time.currentTime))

        return started("output", self.name, place, play)

    def _next(self) -> bytes:
        """Return the next 10 ms, on PortAudio's thread."""
        size = FRAME * SAMPLE_BYTES
        with self._lock:
            piece = bytes(self._queue[:size])
            del self._queue[:size]
        is_playing = len(piece) == size
        self.underruns += self._was_playing and not is_playing
        self._was_playing = is_playing
        return piece.ljust(size, b"\0")

    async def write(self, frame: AudioFrame) -> None:
        """Queue a frame, and wait while there is enough."""
        with self._lock:
            self._queue += frame.data
        while len(self._queue) > QUEUED:  # noqa: ASYNC110 - PortAudio takes it on its own thread
            await asyncio.sleep(POLL)

    def interrupt(self) -> None:
        """Drop what is queued."""
        with self._lock:
            self._queue.clear()

    async def close(self) -> None:
        """Let go of the device."""
        stream, self._stream = self._stream, None
        if stream is not None:
            await asyncio.to_thread(stream.close)
