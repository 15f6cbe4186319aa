"""PortAudio, by `sounddevice`: loaded when it is asked for, and its errors in words."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from session_fsm.audio.pulse import chosen
from session_fsm.errors import MediaError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from session_fsm.audio.listing import Place
    from session_fsm.hardware.device import DeviceKind

SAMPLE_RATE: Final = 48_000
FRAME: Final = SAMPLE_RATE // 100
"""Samples of 10 ms: the only length that WebRTC's processing takes."""
STREAMS: Final[Mapping[str, str]] = {"input": "RawInputStream", "output": "RawOutputStream"}
NO_EXTRA: Final = (
    "Sound devices need the extra 'audio': pip install 'session-fsm[audio]'. "
    "Without it use WavInput, WavOutput or an input of your own."
)
NO_LIBRARY: Final = (
    "The PortAudio library was not found: install it (on Debian and Ubuntu: "
    "apt install libportaudio2). Without it use WavInput, WavOutput or an input of your own."
)
MEANINGS: Final = (
    ("unavailable", "in-use", "Another program may be using it."),
    ("busy", "in-use", "Another program may be using it."),
    ("permission", "permission-denied", "Allow this program to use it in the system's settings."),
    ("invalid device", "not-found", "Look at session_fsm.devices() for what there is."),
    ("querying device", "not-found", "Look at session_fsm.devices() for what there is."),
    ("no default", "not-found", "Look at session_fsm.devices() for what there is."),
)
"""What PortAudio says -> kind of ``MediaError``, and what to do."""


def portaudio() -> Any:
    """Return the module ``sounddevice``.

    Raises:
        MediaError: It, or the library that it needs, is not there.
    """
    try:
        return import_module("sounddevice")
    except ModuleNotFoundError as error:
        raise MediaError(NO_EXTRA, kind="not-found") from error
    except OSError as error:
        raise MediaError(NO_LIBRARY, kind="not-found") from error


def started(kind: DeviceKind, name: str, place: Place, callback: Callable[..., None]) -> Any:
    """Open a stream of 48 kHz and one channel, and start it: some drivers take long.

    Args:
        kind: ``"input"`` or ``"output"``.
        name: What the device is called in errors.
        place: Where it is found.
        callback: Called for every 10 ms, on a thread of PortAudio's.

    Raises:
        MediaError: It cannot be used, or PortAudio is not there.
    """
    make = getattr(portaudio(), STREAMS[kind])
    try:
        with chosen(place.behind, kind):
            stream = make(
                samplerate=SAMPLE_RATE,
                channels=1,
                dtype="int16",
                blocksize=FRAME,
                device=place.number,
                callback=callback,
            )
            stream.start()
    except Exception as error:  # noqa: BLE001 - PortAudio's own and plain ones
        failure = explained(name, error)
    else:
        return stream
    raise failure


def explained(name: str, error: Exception) -> MediaError:
    """Return what an error of PortAudio means."""
    said = str(error)
    low = said.lower()
    known = ((kind, hint) for word, kind, hint in MEANINGS if word in low)
    kind, hint = next(known, ("other", "Look whether it is plugged in and works elsewhere."))
    failure = MediaError(f"{name} cannot be used: {said}. {hint}", kind=kind)
    failure.__cause__ = error
    return failure
