"""Inputs and outputs that do what a test says."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager

from session_fsm import AudioFrame, VideoFrame

SILENT = AudioFrame.silence(0.01)


class Device:
    """A microphone that can be slow, that fails where it is told to, and that counts."""

    def __init__(
        self,
        name: str = "device",
        *,
        open_after: float = 0.0,
        close_after: float = 0.0,
        fails: str = "",
        frames: int = 1_000_000,
        frame: AudioFrame | VideoFrame = SILENT,
    ) -> None:
        self.name = name
        self.open_after = open_after
        self.close_after = close_after
        self.fails = fails
        self.frames = frames
        self.frame = frame
        self.opened = 0
        self.closed = 0
        self.given = 0

    @property
    def is_open(self) -> bool:
        return self.opened > self.closed

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[AsyncIterator[AudioFrame | VideoFrame], None]:
        await asyncio.sleep(self.open_after)
        self._fail("open")
        self.opened += 1
        try:
            yield self._frames()
        finally:
            self.closed += 1
            await asyncio.sleep(self.close_after)
            self._fail("close")

    async def _frames(self) -> AsyncIterator[AudioFrame | VideoFrame]:
        self._fail("first frame")
        while self.given < self.frames:
            self.given += 1
            yield self.frame
            await asyncio.sleep(0.01)
        self._fail("end")

    def _fail(self, where: str) -> None:
        if self.fails == where:
            raise RuntimeError(f"broken at {where}")


class Loudspeaker:
    """An output that takes its time, fails where it is told to, and counts."""

    name = "loudspeaker"

    def __init__(self, *, slow: float = 0.0, fails: str = "") -> None:
        self.slow = slow
        self.fails = fails
        self.did: list[str] = []
        self.seconds = 0.0

    async def open(self) -> None:
        self._do("open")

    async def write(self, frame: AudioFrame) -> None:
        if "write" not in self.did or self.fails == "write":
            self._do("write")
        self.seconds += frame.duration
        await asyncio.sleep(self.slow)

    def interrupt(self) -> None:
        self._do("interrupt")

    async def close(self) -> None:
        self._do("close")

    def _do(self, what: str) -> None:
        self.did.append(what)
        if self.fails == what:
            raise OSError(f"no {what}")
