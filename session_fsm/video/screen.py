"""A screen of this computer."""

from __future__ import annotations

import sys
import time
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import TYPE_CHECKING, Any

from session_fsm.errors import MediaError
from session_fsm.video.capture import captured
from session_fsm.video.libraries import opencv, screenshots
from session_fsm.video.pixels import sent_frame

if TYPE_CHECKING:
    import threading
    from collections.abc import AsyncGenerator, AsyncIterator, Generator

    from session_fsm.media.frames import VideoFrame
    from session_fsm.video.capture import Grab


class ScreenInput:
    """What a screen of this computer shows.

    On Linux it is a screen of X11, with the mouse pointer; of a Wayland desktop only what XWayland
    draws can be seen.

    Args:
        monitor: Which one, from 1 on; 0: all of them, as they are placed.
        fps: Pictures in a second, at most.

    Attributes:
        dropped: How many pictures were not sent, because the program was busy.

    Raises:
        ValueError: The monitor is below 0, or fps not above 0.
    """

    def __init__(self, monitor: int = 1, *, fps: float = 15.0) -> None:
        if monitor < 0 or fps <= 0:
            raise ValueError(f"monitor must be 0 or more, and fps above 0: {monitor}, {fps:g}")
        self._monitor = monitor
        self._gap = 1 / fps
        self.dropped = 0
        self.name = f"monitor {monitor}" if monitor else "all monitors"

    def __repr__(self) -> str:
        return f"<ScreenInput {self.name}>"

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[AsyncIterator[VideoFrame], None]:
        """Begin to look at it; of the pictures only the newest waits.

        Raises:
            MediaError: There is no such screen, or the extra ``video`` is not there.
        """
        async with captured(self.name, self._held, self._missed) as frames:
            yield frames

    def _missed(self) -> None:
        self.dropped += 1

    @contextmanager
    def _held(self, stop: threading.Event) -> Generator[Grab, None, None]:
        mss, cv2, numpy = screenshots(), opencv(), _numpy()
        with _looking(mss) as screen:
            if self._monitor >= len(screen.monitors):
                raise MediaError(
                    f"There is no {self.name}: there are {len(screen.monitors) - 1}.",
                    kind="not-found",
                )
            place = screen.monitors[self._monitor]
            due = time.monotonic()

            def grab() -> VideoFrame | None:
                nonlocal due
                if stop.wait(due - time.monotonic()):
                    return None
                due = max(due + self._gap, time.monotonic())
                try:
                    shot = screen.grab(place)
                except Exception as error:  # an X server that is gone is an AssertionError, too
                    raise _gone(self.name, error) from error
                pixels = numpy.frombuffer(shot.bgra, numpy.uint8)
                return sent_frame(cv2, pixels.reshape(shot.height, shot.width, 4))

            yield grab


@contextmanager
def _looking(mss: Any) -> Generator[Any, None, None]:
    options = {"with_cursor": True} if sys.platform == "linux" else {}
    try:
        screen = mss.MSS(**options)
    except mss.ScreenShotError as error:
        raise MediaError(
            f"There is no screen: {error}. On Linux, DISPLAY must name an X server.",
            kind="not-found",
        ) from error
    try:
        yield screen
    finally:
        with suppress(Exception):  # that it is gone has been said
            screen.close()


def _numpy() -> Any:
    import numpy as np  # noqa: PLC0415 - only who looks needs it

    return np


def _gone(name: str, error: Exception) -> MediaError:
    said = str(error) or type(error).__name__
    return MediaError(
        f"{name} cannot be seen any more: {said}. Its size may have changed: turn it off and on.",
        kind="other",
    )
