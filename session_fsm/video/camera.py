"""A camera of this computer."""

from __future__ import annotations

import sys
import time
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from session_fsm.errors import MediaError
from session_fsm.hardware.device import Device, name_of
from session_fsm.video import v4l2
from session_fsm.video.capture import captured
from session_fsm.video.libraries import opencv
from session_fsm.video.listing import Camera, camera_of
from session_fsm.video.pixels import sent_frame

if TYPE_CHECKING:
    import threading
    from collections.abc import AsyncGenerator, AsyncIterator, Generator

    from session_fsm.media.frames import VideoFrame
    from session_fsm.video.capture import Grab

EARLY: Final = 0.25
"""By which part of the time between two pictures one may come early: cameras are not exact."""


class CameraInput:
    """A camera of this computer.

    What it gives is what it has that comes close to what is asked for: ask its frames.

    Args:
        device: One of ``devices("camera")``, or its id; None: the first one when it is opened.
        width: In pixels.
        height: In pixels.
        fps: Pictures in a second, at most.

    Attributes:
        dropped: How many pictures were not sent, because the program was busy.

    Raises:
        ValueError: Width, height or fps is not above 0.
    """

    def __init__(
        self,
        device: Device | str | None = None,
        *,
        width: int = 1280,
        height: int = 720,
        fps: float = 30.0,
    ) -> None:
        if width < 1 or height < 1 or fps <= 0:
            raise ValueError(
                f"width, height and fps must be above 0, not {width}, {height}, {fps:g}"
            )
        self._device = device
        self._size = (width, height)
        self._fps = fps
        self.dropped = 0

    def __repr__(self) -> str:
        return f"<CameraInput {self.name}>"

    @property
    def name(self) -> str:
        """What people call it."""
        return name_of(self._device, "default camera")

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[AsyncIterator[VideoFrame], None]:
        """Hold the camera; of its pictures only the newest waits.

        Raises:
            MediaError: It cannot be used, or OpenCV is not there.
        """
        async with captured(self.name, self._held, self._missed) as frames:
            yield frames

    def _missed(self) -> None:
        self.dropped += 1

    @contextmanager
    def _held(self, _stop: threading.Event) -> Generator[Grab, None, None]:
        cv2 = opencv()
        camera = camera_of(self._device)
        shown = camera.device.name
        if camera.node is not None and (failure := v4l2.failure_of(camera.node, shown)):
            raise failure
        stream = cv2.VideoCapture(camera.place, getattr(cv2, camera.backend))
        try:
            if not stream.isOpened():
                raise _refused(camera)
            self._ask(cv2, stream)
            yield partial(_picture, cv2, camera, stream, _Pace(self._fps))
        finally:
            stream.release()

    def _ask(self, cv2: Any, stream: Any) -> None:
        """Ask for what is wished for; what a camera does not have it leaves as it is."""
        width, height = self._size
        if sys.platform == "linux":
            # Over USB 2, a camera has large pictures only in this form at full speed.
            stream.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
        stream.set(cv2.CAP_PROP_FRAME_WIDTH, width)
        stream.set(cv2.CAP_PROP_FRAME_HEIGHT, height)
        stream.set(cv2.CAP_PROP_FPS, self._fps)


class _Pace:
    """Says which pictures of a camera that is faster than asked for are wanted."""

    def __init__(self, fps: float) -> None:
        self._gap = 1 / fps
        self._due = 0.0

    def is_due(self) -> bool:
        """Say whether a picture that is there now is wanted."""
        now = time.monotonic()
        if now < self._due - EARLY * self._gap:
            return False
        self._due = max(self._due, now - self._gap) + self._gap
        return True


def _picture(cv2: Any, camera: Camera, stream: Any, pace: _Pace) -> VideoFrame | None:
    if not stream.grab():
        raise _fell_silent(camera)
    if not pace.is_due():
        return None
    is_whole, pixels = stream.retrieve()
    return sent_frame(cv2, pixels) if is_whole else None


def _refused(camera: Camera) -> MediaError:
    known = None if camera.node is None else v4l2.failure_of(camera.node, camera.device.name)
    if known is not None:
        return known
    allow = (
        " Allow this program to use the camera in the system's settings."
        if sys.platform != "linux"
        else ""
    )
    return MediaError(
        f"{camera.device.name} cannot be opened: another program may be using it.{allow}",
        kind="other",
    )


def _fell_silent(camera: Camera) -> MediaError:
    is_gone = camera.node is None or not camera.node.exists()
    return MediaError(
        f"{camera.device.name} gives no pictures any more"
        + (": it may have been unplugged." if is_gone else ": turn it off and on again."),
        kind="not-found" if is_gone else "other",
    )
