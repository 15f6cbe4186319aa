"""A microphone of this computer."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

from session_fsm.audio.listing import place_of
from session_fsm.audio.portaudio import SAMPLE_RATE, started
from session_fsm.errors import MediaError
from session_fsm.hardware.device import Device, name_of
from session_fsm.media.frames import AudioFrame
from session_fsm.media.inputs import FrameInput

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator

    from session_fsm.audio.echo import Processing

KEPT_FRAMES: Final = 20
"""Frames of 10 ms that wait while the loop is busy; more would be latency."""
SILENT_SECONDS: Final = 3.0
"""So long without a frame means that the device is gone: PortAudio does not tell."""


class MicrophoneInput:
    """A microphone of this computer, with WebRTC's processing.

    The echo of a ``SpeakerOutput`` of the same program is cancelled, also across sessions.

    Args:
        device: One of ``devices("input")``, or its id; None: the system's choice when it is opened.
        echo_cancellation: Take out what a ``SpeakerOutput`` plays.
        noise_suppression: Take out what is no speech.
        auto_gain_control: Make it evenly loud.
        high_pass_filter: Take out rumble.

    Attributes:
        dropped: How many frames of 10 ms were not sent, because the program was busy.
    """

    def __init__(
        self,
        device: Device | str | None = None,
        *,
        echo_cancellation: bool = True,
        noise_suppression: bool = True,
        auto_gain_control: bool = True,
        high_pass_filter: bool = True,
    ) -> None:
        self._device = device
        self._options = {
            "echo_cancellation": echo_cancellation,
            "noise_suppression": noise_suppression,
            "auto_gain_control": auto_gain_control,
            "high_pass_filter": high_pass_filter,
        }
        self.dropped = 0

    def __repr__(self) -> str:
        return f"<MicrophoneInput {self.name}>"

    @property
    def name(self) -> str:
        """What people call it."""
        return name_of(self._device, "default microphone")

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[AsyncIterator[AudioFrame], None]:
        """Hold the device.

        Raises:
            MediaError: It cannot be used, or PortAudio is not there.
        """
        frames = FrameInput(self.name, capacity=KEPT_FRAMES)
        stream, processing = await asyncio.to_thread(
            self._stream, frames, asyncio.get_running_loop()
        )
        try:
            async with frames.open() as waiting:
                yield self._watched(waiting)
        finally:
            await asyncio.to_thread(stream.close)
            if processing is not None:
                processing.close()
            self.dropped += frames.dropped

    def _stream(
        self, frames: FrameInput, loop: asyncio.AbstractEventLoop
    ) -> tuple[Any, Processing | None]:
        place = place_of(self._device, "input")
        processing = self._processing()

        def heard(data: Any, _count: int, time: Any, _status: object) -> None:
            piece = bytes(data)
            if processing is not None:
                delay = max(0.0, time.currentTime - time.inputBufferAdcTime)
                piece = processing.heard(piece, delay)
            if not loop.is_closed():
                loop.call_soon_threadsafe(frames.push, AudioFrame(piece, SAMPLE_RATE))

        try:
            return started("input", self.name, place, heard), processing
        except MediaError:
            if processing is not None:
                processing.close()
            raise

    def _processing(self) -> Processing | None:
        if not any(self._options.values()):
            return None
        from session_fsm.audio.echo import Processing  # noqa: PLC0415 - loads LiveKit

        return Processing(**self._options)

    async def _watched(self, frames: AsyncIterator[Any]) -> AsyncGenerator[AudioFrame, None]:
        while True:
            try:
                async with asyncio.timeout(SILENT_SECONDS):
                    frame = await anext(frames)
            except TimeoutError:
                break
            yield frame
        raise MediaError(
            f"{self.name} gives no sound any more: it may have been unplugged.", kind="not-found"
        )
