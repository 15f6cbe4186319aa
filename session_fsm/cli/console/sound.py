"""What is spoken with and heard by: devices, files, or nothing."""

from __future__ import annotations

import asyncio
import wave
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import attrs

from session_fsm import MediaError, SilenceInput, WavInput, WavOutput
from session_fsm.audio.microphone import MicrophoneInput
from session_fsm.audio.speaker import SpeakerOutput
from session_fsm.cli.exit_codes import UsageError
from session_fsm.hardware.listing import devices

if TYPE_CHECKING:
    import argparse
    from collections.abc import AsyncGenerator, AsyncIterator, Callable

    from session_fsm import AudioFrame, AudioOutput, MediaInput
    from session_fsm.hardware.device import Device, DeviceKind


class SpokenFile:
    """A WAV file that is said once, and then silence.

    Attributes:
        name: What it is called.
        over: Is set when all of it was given.

    Raises:
        OSError: It cannot be read.
        EOFError: It is too short.
        wave.Error: It is no WAV file.
    """

    def __init__(self, path: str) -> None:
        with wave.open(path, "rb") as file:
            self._seconds = file.getnframes() / file.getframerate()
        self._file = WavInput(path)
        self.name = self._file.name
        self.over = asyncio.Event()

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[AsyncIterator[AudioFrame], None]:
        """Begin at the beginning.

        Raises:
            MediaError: It cannot be read, or is no 16-bit PCM.
        """
        async with self._file.open() as frames:
            yield self._counted(frames)

    async def _counted(self, frames: AsyncIterator[AudioFrame]) -> AsyncGenerator[AudioFrame, None]:
        given = 0.0
        async for frame in frames:
            yield frame
            given += frame.duration
            if given >= self._seconds:
                self.over.set()


@attrs.frozen
class Sound:
    """What is spoken with and heard by.

    Attributes:
        microphone: What is sent from the start on; None: nothing.
        spoken: What is said as soon as the agent is ready, or None.
        output: Where the agent's voice goes, or None.
    """

    microphone: MediaInput | None = None
    spoken: SpokenFile | None = None
    output: AudioOutput | None = None


def sound_of(args: argparse.Namespace) -> Sound:
    """Return what the arguments ask for.

    Raises:
        UsageError: A file cannot be used, or there is no such device.
    """
    output: AudioOutput | None = None
    if args.wav_out is not None:
        output = WavOutput(args.wav_out)
    elif not args.text:
        output = SpeakerOutput(chosen(args.output_device, "output"))
    if args.text:
        return Sound(output=output)
    if args.wav_in is not None:
        return Sound(SilenceInput(), _spoken(args.wav_in), output)
    return Sound(MicrophoneInput(chosen(args.input_device, "input")), output=output)


def _spoken(path: str) -> SpokenFile:
    try:
        return SpokenFile(path)
    except (OSError, EOFError, wave.Error, ZeroDivisionError) as error:
        said = getattr(error, "strerror", None) or str(error) or "it is too short"
        raise UsageError(f"--wav-in {path}: {said}; it must be a WAV file of 16-bit PCM") from None


WAYS_TO_NAME: tuple[Callable[[Device, str], bool], ...] = (
    lambda device, wanted: device.id == wanted,
    lambda device, wanted: device.name == wanted,
    lambda device, wanted: wanted.casefold() in device.name.casefold(),
)
"""How a device may be named; the first of these that finds any counts."""


def chosen(wanted: str | None, kind: DeviceKind) -> Device | str | None:
    """Return the device of this id or name; None where none is wanted: the system's choice.

    Where there are no devices at all it is returned as it is: opening it says what is missing.

    Raises:
        UsageError: There is no such device, or more than one.
    """
    if wanted is None:
        return None
    try:
        there = devices(kind)
    except MediaError:
        there = ()
    if not there:
        return wanted
    for fits in WAYS_TO_NAME:
        found = [device for device in there if fits(device, wanted)]
        if len(found) == 1:
            return found[0]
        if found:
            ids = ", ".join(repr(device.id) for device in found)
            raise UsageError(f"--{kind}-device {wanted!r} may be any of {ids}: give one of these")
    ids = ", ".join(repr(device.id) for device in there)
    raise UsageError(f"--{kind}-device {wanted!r} is not among {ids}")
