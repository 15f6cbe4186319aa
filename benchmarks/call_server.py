"""``start()`` to ready and ``send()`` to the first word of the reply, beside a client by hand.

Needs what ``.ci/run peers`` installs. Run: python benchmarks/call_server.py
"""

import asyncio
import sys
import time
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from by_hand import converse

from peers.server import LiveKitServer, fresh_room
from peers.worker import Worker
from session_fsm import MessageAdded, MessageUpdated, Session, TokenSource

ROUNDS = 15
TEXT = "hello"


MEASURED = (
    "start to ready",
    "first send to the first word of the reply (waits until the agent cannot be muted by it)",
    "second send to the first word of the reply",
)


async def by_session(url: str, token: str) -> tuple[float, ...]:
    heard, over = asyncio.Event(), asyncio.Event()

    def follow(change: MessageAdded | MessageUpdated) -> None:
        if change.message.kind == "agent-transcript":
            (over if change.message.final else heard).set()

    async with Session(TokenSource.literal(url, token)) as session:
        session.messages.events.subscribe(follow)
        began = time.perf_counter()
        await session.start()
        taken = [time.perf_counter() - began]
        # As by hand: the text does not leave before the agent's audio is there.
        await session.wait_until(lambda now: now.agent.microphone_track is not None)
        for _ in range(2):
            heard.clear()
            over.clear()
            sent = time.perf_counter()
            await session.send(TEXT)
            await heard.wait()
            taken.append(time.perf_counter() - sent)
            await over.wait()
        return tuple(taken)


async def main() -> None:
    with LiveKitServer() as server, Worker(server.url) as worker:

        def token() -> str:
            return server.token(fresh_room(), "user", agent=worker.agent_name)

        ways = {
            "livekit.rtc by hand": lambda: converse(server.url, token(), TEXT),
            "Session": lambda: by_session(server.url, token()),
        }
        taken: dict[str, list[tuple[float, ...]]] = {name: [] for name in ways}
        for way in ways.values():
            await way()
        for _ in range(ROUNDS):
            for name, way in ways.items():
                taken[name].append(await way())
    for place, what in enumerate(MEASURED):
        print(f"\n{what} (median of {ROUNDS} rounds, one after the other)")
        base = [times[place] for times in taken["livekit.rtc by hand"]]
        for name, all_times in taken.items():
            mine = [times[place] for times in all_times]
            ratio = median(mine) / median(base)
            print(f"  {name:<48} {median(mine) * 1e3:9.1f} ms  {ratio:6.2f} x")


if __name__ == "__main__":
    asyncio.run(main())
