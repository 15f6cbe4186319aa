"""Minutes of sound both ways, by a session and by a client by hand, at the same time.

Each has a room and a peer of its own on one server; every end is a process. Needs Linux, and what
``.ci/run peers`` installs. Run: python benchmarks/voice.py [--seconds 600] [--levels]
"""

import argparse
import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from livekit import api
from voice_ends import Sample

from peers.admin import API_KEY, API_SECRET
from peers.server import LiveKitServer, fresh_room

PROGRAM = Path(__file__).with_name("voice_ends.py")
SETTLED = 0.1
"""The part of the time after which memory should not grow any more: of ten minutes the first."""
START_TIMEOUT = 60.0
STOP_TIMEOUT = 10.0


class End:
    """A process that sends and hears."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._process = process
        self._ask, self._answers = process.stdin, process.stdout

    @classmethod
    @asynccontextmanager
    async def running(cls, way: str, url: str, token: str) -> AsyncIterator["End"]:
        """Until the block is left."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            PROGRAM,
            way,
            url,
            token,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        end = cls(process)
        try:
            yield end
        finally:
            end._ask.close()
            try:
                async with asyncio.timeout(STOP_TIMEOUT):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()

    async def answer(self) -> bytes:
        line = await self._answers.readline()
        assert line, f"an end is gone, exit code {await self._process.wait()}"
        return line

    async def sample(self) -> Sample:
        self._ask.write(b"\n")
        return Sample(**json.loads(await self.answer()))


def token(room: str, identity: str, kind: str = "standard") -> str:
    grants = api.VideoGrants(room_join=True, room=room, can_update_own_metadata=True)
    made = api.AccessToken(API_KEY, API_SECRET).with_identity(identity).with_grants(grants)
    return made.with_kind(kind).to_jwt()  # type: ignore[arg-type]


async def measured(url: str, ways: list[str], seconds: float) -> dict[str, list[list[Sample]]]:
    """Way -> the samples of it and of its peer: at the beginning, once settled, at the end."""
    async with AsyncExitStack() as stack:
        calls: dict[str, list[End]] = {}
        for way in ways:
            room = fresh_room()
            ends = ((way, token(room, "user")), ("peer", token(room, "agent", "agent")))
            calls[way] = [
                await stack.enter_async_context(End.running(kind, url, one)) for kind, one in ends
            ]
        everyone = [end for ends in calls.values() for end in ends]
        async with asyncio.timeout(START_TIMEOUT):
            await asyncio.gather(*(end.answer() for end in everyone))
        taken = []
        for wait in (0.0, seconds * SETTLED, seconds * (1 - SETTLED)):
            await asyncio.sleep(wait)
            taken.append(await asyncio.gather(*(end.sample() for end in everyone)))
    rows = iter(zip(*taken, strict=True))
    return {way: [list(next(rows)) for _ in ends] for way, ends in calls.items()}


def show(results: dict[str, list[list[Sample]]], seconds: float) -> None:
    base: float | None = None
    print(
        f"\n{'':<22}{'CPU s':>8}{'ratio':>8}{'MiB':>8}{'growth':>9}{'heard':>9}{'glitches':>10}"
        f"{'heard':>9}{'glitches':>10}\n{'':<55}{'by itself':>19}{'by its peer':>19}"
    )
    for way, ends in results.items():
        begin, settled, end = ends[0]
        cpu = end.cpu - begin.cpu
        base = base or cpu
        growth = end.memory / settled.memory - 1
        row = f"{way:<22}{cpu:>8.2f}{cpu / base:>7.2f}x{end.memory / 2**20:>8.1f}{growth:>9.2%}"
        for first, _, last in ends:
            glitches = last.glitches - first.glitches
            row += f"{(last.heard - first.heard) / seconds:>9.2%}{glitches:>10}"
        print(row)


async def main(seconds: float, *, levels: bool) -> None:
    ways = ["by-hand", "session-with-levels" if levels else "session"]
    with LiveKitServer() as server:
        before, _, _ = os.getloadavg()
        results = await measured(server.url, ways, seconds)
        after, lately, _ = os.getloadavg()
    print(
        f"{seconds:g} s of a tone both ways; load of {os.cpu_count()} CPUs: {before:.1f} before, "
        f"{after:.1f} after, {lately:.1f} over the last 5 minutes; about 0.5 of it is this"
    )
    show(results, seconds)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--levels", action="store_true", help="look at both levels, too")
    options = parser.parse_args()
    asyncio.run(main(options.seconds, levels=options.levels))
