"""Frames at the pace at which they are to be heard."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable

    from session_fsm.media.frames import AudioFrame

FRAME_SECONDS: Final = 0.02
"""How long a frame of an input is: a packet of WebRTC's. Each one costs as much as a longer one."""
TOO_LATE: Final = 0.1
"""Seconds of delay from which on lost time is not made up for: a burst would only be queued."""


class Brake:
    """Holds back who is ahead of the clock.

    Args:
        ahead: By how many seconds one may be.
    """

    def __init__(self, ahead: float) -> None:
        self._ahead = ahead
        self._due = 0.0

    async def hold(self, seconds: float) -> None:
        """Take so much sound, and wait where that is too early."""
        now = asyncio.get_running_loop().time()
        self._due = max(self._due, now) + seconds
        await asyncio.sleep(max(0.0, self._due - now - self._ahead))


async def paced(frames: Iterable[AudioFrame]) -> AsyncGenerator[AudioFrame, None]:
    """Yield each frame when the one before it is over."""
    loop = asyncio.get_running_loop()
    due = loop.time()
    for frame in frames:
        yield frame
        due += frame.duration
        late = loop.time() - due
        if late > TOO_LATE:
            due = loop.time()
        await asyncio.sleep(max(0.0, -late))
