"""Where sound and pictures that are sent come from: the protocol, and inputs for any program."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, cast

from session_fsm.media.frames import AnyAudioFrame, AudioFrame, VideoFrame

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    Frame: TypeAlias = AudioFrame | VideoFrame
    AnyFrame: TypeAlias = AnyAudioFrame | VideoFrame

KEPT_FRAMES = 100
"""How many frames a ``FrameInput`` keeps unless told otherwise: a second of 10 ms each."""


class MediaInput(Protocol):
    """Where frames come from: a device, a file, a generator of one's own.

    A microphone takes frames of sound (``AudioFrame``, or what has the same attributes), a camera
    or a screen ``VideoFrame``.
    """

    @property
    def name(self) -> str:
        """What it is called where people choose devices, and in ``device``."""
        ...

    def open(self) -> AbstractAsyncContextManager[AsyncIterator[AnyFrame]]:
        """Open it: entering holds the device, leaving lets go of it.

        The frames are asked for one after the other, as fast as the room takes them; where they
        end, what is sent is turned off.

        Raises:
            MediaError: It cannot be opened. Any other exception counts as one of kind ``other``.
        """
        ...


class FrameInput:
    """Frames that the program itself pushes: sound or pictures, not both.

    Of pictures only the newest waits to be sent.

    Args:
        name: What it is called.
        capacity: How many frames of sound wait at most.

    Attributes:
        name: What it is called.
        dropped: How many frames were not sent, because others came before they were.

    Raises:
        ValueError: The capacity is below 1.
    """

    def __init__(self, name: str = "frames", *, capacity: int = KEPT_FRAMES) -> None:
        if capacity < 1:
            raise ValueError(f"capacity must be 1 or more, not {capacity}")
        self.name = name
        self.dropped = 0
        self._capacity = capacity
        self._waiting: deque[Frame] = deque()
        self._moved = asyncio.Event()
        self._ended = False

    def __repr__(self) -> str:
        return f"<FrameInput {self.name!r}, {len(self._waiting)} waiting, {self.dropped} dropped>"

    def push(self, frame: AnyFrame) -> None:
        """Take a frame and never wait; the oldest is dropped and counted where there are too many.

        Raises:
            TypeError: It is no frame.
            ValueError: ``end()`` was called.
        """
        new = checked_frame(frame)
        if self._ended:
            raise ValueError("this FrameInput has ended: make another one")
        room = 1 if isinstance(new, VideoFrame) else self._capacity
        while len(self._waiting) >= room:
            self._waiting.popleft()
            self.dropped += 1
        self._waiting.append(new)
        self._moved.set()

    async def put(self, frame: AnyFrame) -> None:
        """Take a frame, and wait before that until there is room for it: nothing is dropped.

        It waits for as long as nobody has opened the input.

        Raises:
            TypeError: It is no frame.
            ValueError: ``end()`` was called.
        """
        while len(self._waiting) >= self._capacity and not self._ended:
            self._moved.clear()
            await self._moved.wait()
        self.push(frame)

    def end(self) -> None:
        """Have no more frames; what waits is still sent."""
        self._ended = True
        self._moved.set()

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[AsyncIterator[Frame], None]:
        """Open it; what was pushed before is sent first."""
        frames = self._frames()
        try:
            yield frames
        finally:
            await frames.aclose()

    async def _frames(self) -> AsyncGenerator[Frame, None]:
        while True:
            while self._waiting:
                frame = self._waiting.popleft()
                self._moved.set()
                yield frame
            if self._ended:
                return
            self._moved.clear()
            await self._moved.wait()


class IteratorInput:
    """Any async iterator of frames.

    Args:
        frames: Gives the frames, as fast as they are asked for: pace them, or the room does.
    """

    def __init__(self, frames: AsyncIterable[AnyFrame]) -> None:
        self.name = type(frames).__name__
        self._frames = frames

    def __repr__(self) -> str:
        return f"<IteratorInput of {self.name}>"

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[AsyncIterator[AnyFrame], None]:
        """Begin to iterate, and close the iterator in the end where it can be closed."""
        frames = aiter(self._frames)
        try:
            yield frames
        finally:
            close = getattr(frames, "aclose", None)
            if close is not None:
                await close()


def checked_frame(frame: object) -> AudioFrame | VideoFrame:
    """Return a frame of ours.

    Raises:
        TypeError: It is no frame.
    """
    if isinstance(frame, AudioFrame | VideoFrame):
        return frame
    if all(hasattr(frame, name) for name in ("data", "sample_rate", "num_channels")):
        sound: Any = frame
        return AudioFrame.of(sound)
    raise TypeError(f"a frame must be an AudioFrame or a VideoFrame, not {type(frame).__name__}")


def checked_input(name: str, given: object) -> MediaInput:
    """Return an input, made of an async iterator where that is given.

    Raises:
        TypeError: It is neither.
    """
    if hasattr(given, "open") and hasattr(given, "name"):
        return cast("MediaInput", given)
    if isinstance(given, AsyncIterable):
        return IteratorInput(cast("AsyncIterable[AnyFrame]", given))
    raise TypeError(
        f"{name} must be True, False, an input, or an async iterator of frames, "
        f"not {type(given).__name__}"
    )
