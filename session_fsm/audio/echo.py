"""Echo cancellation: what the loudspeakers play is taken out of what the microphones hear."""

from __future__ import annotations

import threading
from typing import Final

from livekit import rtc

from session_fsm.audio.portaudio import FRAME, SAMPLE_RATE

LONGEST_DELAY_MS: Final = 500
"""WebRTC refuses more, which a busy machine can have."""

_lock = threading.Lock()
_open: list[Processing] = []
_output_delay = 0.0


class Processing:
    """WebRTC's processing of one microphone. Called on the threads of the sound devices."""

    def __init__(
        self,
        *,
        echo_cancellation: bool,
        noise_suppression: bool,
        auto_gain_control: bool,
        high_pass_filter: bool,
    ) -> None:
        self._cancels_echo = echo_cancellation
        self._module = rtc.AudioProcessingModule(
            echo_cancellation=echo_cancellation,
            noise_suppression=noise_suppression,
            auto_gain_control=auto_gain_control,
            high_pass_filter=high_pass_filter,
        )
        with _lock:
            _open.append(self)

    def heard(self, data: bytes, delay: float) -> bytes:
        """Return 10 ms of what the microphone heard, cleaned.

        Args:
            data: The samples, int16.
            delay: Seconds since they were heard.
        """
        frame = rtc.AudioFrame(bytearray(data), SAMPLE_RATE, 1, FRAME)
        if self._cancels_echo:
            milliseconds = round(1000 * (delay + _output_delay))
            self._module.set_stream_delay_ms(min(milliseconds, LONGEST_DELAY_MS))
        self._module.process_stream(frame)
        return bytes(frame.data)

    def played(self, data: bytes) -> None:
        """Know 10 ms of what a loudspeaker plays."""
        if self._cancels_echo:
            self._module.process_reverse_stream(
                rtc.AudioFrame(bytearray(data), SAMPLE_RATE, 1, FRAME)
            )

    def close(self) -> None:
        """Process nothing any more."""
        with _lock:
            _open.remove(self)


def played(data: bytes, delay: float) -> None:
    """Tell all microphones what a loudspeaker plays, and in how many seconds it is heard."""
    global _output_delay  # noqa: PLW0603 - there is one room around the computer
    _output_delay = delay
    with _lock:
        for one in _open:
            one.played(data)
