"""Pictures for tests: of one colour each, which can be changed while they are sent."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import numpy as np

from session_fsm import FrameInput, VideoFrame

Color = tuple[int, int, int]

RED: Color = (200, 40, 40)
GREEN: Color = (40, 200, 40)
BLUE: Color = (40, 40, 200)
WIDTH, HEIGHT = 320, 240
NEAR = 70
"""How far a channel may be off on the way through a codec: a browser counts as BT.709 what the SDK
counts as BT.601, which is 44 for the green."""


def picture(color: Color) -> VideoFrame:
    return VideoFrame(bytes((*color, 255)) * (WIDTH * HEIGHT), WIDTH, HEIGHT)


def color_of(frame: VideoFrame) -> Color:
    """The mean of an RGBA frame."""
    mean = np.frombuffer(frame.data, np.uint8).reshape(-1, 4).mean(axis=0)
    return int(mean[0]), int(mean[1]), int(mean[2])


def near(one: Color, other: Color) -> bool:
    return all(abs(a - b) < NEAR for a, b in zip(one, other, strict=True))


def is_like(frame: VideoFrame, color: Color) -> bool:
    return near(color_of(frame), color)


class Painting:
    """An input, and the colour of what it is fed with."""

    def __init__(self, frames: FrameInput, color: Color) -> None:
        self.input = frames
        self.color = color

    async def paint(self) -> None:
        while True:
            self.input.push(picture(self.color))
            await asyncio.sleep(1 / 15)


@asynccontextmanager
async def changing(frames: FrameInput, color: Color) -> AsyncIterator[Painting]:
    """Feed an input with pictures of one colour, 15 in a second."""
    painting = Painting(frames, color)
    task = asyncio.create_task(painting.paint())
    try:
        yield painting
    finally:
        task.cancel()
        await asyncio.wait({task})
