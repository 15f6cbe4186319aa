"""One end of a call in a process of its own, for ``voice.py``: sends a tone, and hears one.

It writes a line when it hears the tone. For every line that it reads it writes a `Sample`; it
leaves at the end of its input.

Run: python benchmarks/voice_ends.py by-hand|peer|session|session-with-levels URL TOKEN
"""

import array
import asyncio
import json
import math
import os
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from livekit import rtc

RATE = 48_000
PIECE = RATE // 50
TONE = 440
PEAK = 9_830
QUIET = 300
"""Amplitude below which the tone is away: 3 % of what was sent."""
GLITCH = RATE // 50
"""Samples of quiet, from which on it is a glitch; the tone itself is never quiet for 2 ms."""


@dataclass
class Sample:
    """What one end has taken until now: CPU seconds, bytes of memory, and what it has heard."""

    cpu: float
    memory: int
    heard: float
    glitches: int
    quiet: float


class Ear:
    """Counts the quiet stretches in a tone, from when it is heard first."""

    def __init__(self) -> None:
        self.hears = asyncio.Event()
        self._samples = self._glitches = self._quiet = 0
        self._run = 0

    def take(self, data: bytes | memoryview) -> None:
        samples = np.frombuffer(data, np.int16)
        loud = np.flatnonzero(np.abs(samples) > QUIET)
        if not self.hears.is_set():
            if not len(loud):
                return
            self.hears.set()
        self._samples += len(samples)
        if not len(loud):
            self._run += len(samples)
            return
        runs = np.diff(loud, prepend=-1 - self._run) - 1
        long = runs[runs > GLITCH]
        self._glitches += len(long)
        self._quiet += int(long.sum())
        self._run = len(samples) - 1 - int(loud[-1])

    def sample(self) -> Sample:
        """What is quiet at the moment counts, too."""
        late = self._run > GLITCH
        return Sample(
            cpu=time.process_time(),
            memory=resident(),
            heard=self._samples / RATE,
            glitches=self._glitches + late,
            quiet=(self._quiet + late * self._run) / RATE,
        )


def resident() -> int:
    """Bytes of this process that are in memory, as Linux counts them."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def tone() -> list[rtc.AudioFrame]:
    """A second of it: a whole number of waves, to be said again and again."""
    wave = [round(PEAK * math.sin(2 * math.pi * TONE * n / RATE)) for n in range(RATE)]
    pieces = (wave[start : start + PIECE] for start in range(0, RATE, PIECE))
    return [rtc.AudioFrame(array.array("h", one).tobytes(), RATE, 1, PIECE) for one in pieces]


async def speak(source: rtc.AudioSource) -> None:
    second = tone()
    while True:
        for piece in second:
            await source.capture_frame(piece)


async def listen(track: rtc.Track, ear: Ear) -> None:
    async for event in rtc.AudioStream(track, sample_rate=RATE, num_channels=1):
        ear.take(event.frame.data)


@asynccontextmanager
async def by_hand(url: str, token: str, ear: Ear, *, ready: str = "") -> AsyncIterator[None]:
    """What a program does that needs just this."""
    room = rtc.Room()
    tasks: set[asyncio.Task[None]] = set()
    room.on("track_subscribed", lambda track, *_: tasks.add(loop.create_task(listen(track, ear))))
    loop = asyncio.get_running_loop()
    await room.connect(url, token)
    source = rtc.AudioSource(RATE, 1, queue_size_ms=100)
    track = rtc.LocalAudioTrack.create_audio_track("microphone", source)
    options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE)
    await room.local_participant.publish_track(track, options)
    tasks.add(loop.create_task(speak(source)))
    if ready:
        await room.local_participant.set_attributes({"lk.agent.state": ready})
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await room.disconnect()


def peer(url: str, token: str, ear: Ear) -> AbstractAsyncContextManager[None]:
    """The same, but it says that it is an agent which listens."""
    return by_hand(url, token, ear, ready="listening")


@asynccontextmanager
async def session(url: str, token: str, ear: Ear, *, levels: bool = False) -> AsyncIterator[None]:
    """The same by the library."""
    from session_fsm import CallbackOutput, Session, TokenSource, ToneInput  # noqa: PLC0415

    output = CallbackOutput(lambda frame: ear.take(frame.data))
    call = Session(TokenSource.literal(url, token), audio_output=output)
    async with call:
        await call.start(microphone=ToneInput(TONE))
        if levels:
            call.agent.level.subscribe(lambda _: None)
            call.local.microphone.level.subscribe(lambda _: None)
        yield


def with_levels(url: str, token: str, ear: Ear) -> AbstractAsyncContextManager[None]:
    """The same, and somebody looks at how loud both are."""
    return session(url, token, ear, levels=True)


WAYS: dict[str, Callable[[str, str, Ear], AbstractAsyncContextManager[None]]] = {
    "peer": peer,
    "by-hand": by_hand,
    "session": session,
    "session-with-levels": with_levels,
}


async def main(way: str, url: str, token: str) -> None:
    ear = Ear()
    async with WAYS[way](url, token, ear):
        await ear.hears.wait()
        print("hears", flush=True)
        while await asyncio.to_thread(sys.stdin.readline):
            print(json.dumps(asdict(ear.sample())), flush=True)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
