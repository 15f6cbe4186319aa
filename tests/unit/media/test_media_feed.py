"""What is handed to the SDK, which takes one piece of sound at a time."""

import asyncio
from typing import Any

import pytest

from session_fsm import AudioFrame
from session_fsm.transports.livekit.media import AudioFeed

FRAME = AudioFrame.silence(0.02)


class Source:
    """An ``rtc.AudioSource`` that has room once a second."""

    def __init__(self) -> None:
        self.is_busy = False
        self.taken: list[int] = []
        self.error: Exception | None = None

    async def capture_frame(self, frame: Any) -> None:
        assert not self.is_busy
        self.is_busy = True
        await asyncio.sleep(1)
        self.is_busy = False
        if self.error is not None:
            raise self.error
        self.taken.append(frame.samples_per_channel)


def made() -> tuple[Source, AudioFeed]:
    source = Source()
    return source, AudioFeed(source)  # type: ignore[arg-type]


async def test_a_write_that_is_cancelled_leaves_room_for_the_next() -> None:
    source, feed = made()
    first = asyncio.create_task(feed.write(AudioFrame.silence(0.07)))
    await asyncio.sleep(1.5)
    first.cancel()
    await feed.write(AudioFrame.silence(0.01))
    await asyncio.sleep(2)
    assert source.taken == [960, 960, 480]


async def test_what_the_sdk_refuses_is_told_to_the_next_write() -> None:
    source, feed = made()
    source.error = RuntimeError("no more")
    await feed.write(FRAME)
    with pytest.raises(RuntimeError, match="no more"):
        await feed.write(FRAME)
