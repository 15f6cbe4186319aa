"""From OpenCV's arrays of pixels to frames."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from session_fsm.media.frames import VideoFrame

if TYPE_CHECKING:
    from collections.abc import Mapping

TO_I420: Final[Mapping[int, str]] = {3: "COLOR_BGR2YUV_I420", 4: "COLOR_BGRA2YUV_I420"}
"""How many values a pixel has -> OpenCV's name of the conversion."""


def sent_frame(cv2: Any, pixels: Any) -> VideoFrame:
    """Return pixels as they are sent, so that the loop need not convert them.

    Args:
        cv2: OpenCV.
        pixels: Rows of pixels, BGR or BGRA. Of an odd number of rows or columns the last is left
            out, because a colour is shared by four pixels.
    """
    height, width = (size - size % 2 for size in pixels.shape[:2])
    conversion = getattr(cv2, TO_I420[pixels.shape[2]])
    data = cv2.cvtColor(pixels[:height, :width], conversion).tobytes()
    return VideoFrame(data, width, height, "i420")


def exact_frame(cv2: Any, pixels: Any) -> VideoFrame:
    """Return rows of BGR pixels as they are."""
    height, width = pixels.shape[:2]
    data = cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB).tobytes()
    return VideoFrame(data, width, height, "rgb24")
