"""What is in a picture."""

import cv2
import numpy as np

from session_fsm import VideoFrame


def rgb(frame: VideoFrame, x: int, y: int) -> tuple[int, int, int]:
    """The colour at a place."""
    if frame.format == "rgb24":
        pixels = np.frombuffer(frame.data, np.uint8).reshape(frame.height, frame.width, 3)
    else:
        planes = np.frombuffer(frame.data, np.uint8).reshape(frame.height * 3 // 2, frame.width)
        pixels = cv2.cvtColor(planes, cv2.COLOR_YUV2RGB_I420)
    red, green, blue = map(int, pixels[y, x])
    return red, green, blue


def is_like(one: tuple[int, int, int], other: tuple[int, int, int]) -> bool:
    """The same colour, as exactly as it can be sent."""
    return all(abs(a - b) <= 6 for a, b in zip(one, other, strict=True))
