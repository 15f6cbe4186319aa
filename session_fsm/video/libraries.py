"""OpenCV and `mss`: loaded when they are asked for."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final

from session_fsm.errors import MediaError

NO_EXTRA: Final = (
    "{} the extra 'video': pip install 'session-fsm[video]'. Without it use FrameInput or an "
    "input of your own."
)


def opencv() -> Any:
    """Return the module ``cv2``.

    Raises:
        MediaError: It is not there, or a library that it needs is not.
    """
    return _module("cv2", "Cameras and picture files need")


def screenshots() -> Any:
    """Return the module ``mss``.

    Raises:
        MediaError: It is not there.
    """
    return _module("mss", "The screen needs")


def check_opencv() -> None:
    """See whether OpenCV is there, without loading it: that takes a tenth of a second.

    Raises:
        MediaError: It is not.
    """
    if find_spec("cv2") is None:
        raise MediaError(NO_EXTRA.format("Cameras and picture files need"), kind="not-found")


def _module(name: str, what_needs_it: str) -> Any:
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        raise MediaError(NO_EXTRA.format(what_needs_it), kind="not-found") from error
    except ImportError as error:
        raise MediaError(
            f"{name} cannot be loaded: {error}. On a computer without a display take "
            "opencv-python-headless, not opencv-python.",
            kind="not-found",
        ) from error
