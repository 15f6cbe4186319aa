"""What ``start(microphone=True)`` opens, and what may be given instead of True."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

from session_fsm.errors import MediaError
from session_fsm.media.inputs import checked_input

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Callable, Mapping

    from session_fsm.media.inputs import AnyFrame, MediaInput
    from session_fsm.media.outputs import AudioOutput

    Sendable: TypeAlias = bool | MediaInput | AsyncIterable[AnyFrame]


def _microphone() -> MediaInput:
    from session_fsm.audio.microphone import MicrophoneInput  # noqa: PLC0415 - when asked for

    return MicrophoneInput()


class NoInput:
    """Stands for an input that this version does not have."""

    def __init__(self, name: str) -> None:
        self.name = name

    def open(self) -> Any:
        """Fail: give an input of your own."""
        raise MediaError(
            f"There is no built-in {self.name.replace('_', ' ')}: instead of True give a "
            f"FrameInput(), or an async iterator of VideoFrame, as in start({self.name}=frames).",
            kind="not-found",
        )


DEFAULT_INPUTS: Final[Mapping[str, Callable[[], MediaInput]]] = {
    "microphone": _microphone,
    "camera": partial(NoInput, "camera"),
    "screen_share": partial(NoInput, "screen_share"),
}
"""What can be sent -> what makes the input that True stands for."""


def checked_sendable(name: str, given: object) -> bool | MediaInput:
    """Return True, False, or an input.

    Raises:
        TypeError: It is none of them.
    """
    return given if isinstance(given, bool) else checked_input(name, given)


def checked_output(given: object) -> AudioOutput | None:
    """Return an output, or None.

    Raises:
        TypeError: It is neither.
    """
    needed = ("open", "write", "interrupt", "close")
    if given is None or all(callable(getattr(given, method, None)) for method in needed):
        return cast("AudioOutput | None", given)
    raise TypeError(f"audio_output must be an AudioOutput, not {type(given).__name__}.")
