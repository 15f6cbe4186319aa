"""What ``start(microphone=True)`` opens, and what may be given instead of True."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias, cast

from session_fsm.hardware.device import Device
from session_fsm.media.inputs import checked_input

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Callable, Mapping

    from session_fsm.media.inputs import AnyFrame, MediaInput
    from session_fsm.media.outputs import AudioOutput

    Source: TypeAlias = MediaInput | AsyncIterable[AnyFrame] | Device | str
    Sendable: TypeAlias = bool | Source


def _microphone(device: Device | str | None = None) -> MediaInput:
    from session_fsm.audio.microphone import MicrophoneInput  # noqa: PLC0415 - when asked for

    return MicrophoneInput(device)


def _camera(device: Device | str | None = None) -> MediaInput:
    from session_fsm.video.camera import CameraInput  # noqa: PLC0415 - when asked for

    return CameraInput(device)


def _screen() -> MediaInput:
    from session_fsm.video.screen import ScreenInput  # noqa: PLC0415 - when asked for

    return ScreenInput()


DEFAULT_INPUTS: Final[Mapping[str, Callable[[], MediaInput]]] = {
    "microphone": _microphone,
    "camera": _camera,
    "screen_share": _screen,
}
"""What can be sent -> what makes the input that True stands for."""
DEVICE_INPUTS: Final[Mapping[str, Callable[[Device | str], MediaInput]]] = {
    "microphone": _microphone,
    "camera": _camera,
}
"""What can be sent from a device -> what makes the input of one."""


def checked_sendable(name: str, given: object) -> bool | MediaInput:
    """Return True, False, or an input.

    Raises:
        TypeError: It is none of them.
    """
    return given if isinstance(given, bool) else checked_source(name, given)


def checked_source(name: str, given: object) -> MediaInput:
    """Return an input, made of a device or its id where that is given.

    Raises:
        TypeError: It is none of them.
    """
    of_device = DEVICE_INPUTS.get(name)
    if of_device is not None and isinstance(given, Device | str):
        return of_device(given)
    return checked_input(name, given)


def checked_output(given: object) -> AudioOutput | None:
    """Return an output, or None.

    Raises:
        TypeError: It is neither.
    """
    needed = ("open", "write", "interrupt", "close")
    if given is None or all(callable(getattr(given, method, None)) for method in needed):
        return cast("AudioOutput | None", given)
    raise TypeError(f"audio_output must be an AudioOutput, not {type(given).__name__}.")
