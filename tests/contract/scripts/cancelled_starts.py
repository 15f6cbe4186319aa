"""Cancels `start()` at many moments, and then lives on: what is left would end the process.

    python cancelled_starts.py URL STARTS SECONDS

The SDK's own trap: a connect that is cancelled leaves a ghost, and a SIGTERM 15 seconds later.
"""

import asyncio
import random
import sys
import time

from contract.calls import converse, nobody_left, until
from peers.admin import Admin
from peers.server import fresh_room
from session_fsm import Session, SessionState, TokenSource


async def main(url: str, starts: int, seconds: float) -> None:
    admin = Admin(url)
    rooms: list[str] = []

    def mint() -> dict[str, str]:
        rooms.append(fresh_room())
        return {"server_url": url, "participant_token": admin.token(rooms[-1], agent="echo")}

    delays = [n / (starts - 1) for n in range(starts)]
    random.shuffle(delays)
    cancelled = 0
    async with asyncio.timeout(240), Session(TokenSource.literal(mint)) as session:
        for delay in delays:
            starting = asyncio.create_task(session.start())
            await asyncio.sleep(delay)
            starting.cancel()
            try:
                await starting
            except asyncio.CancelledError:
                cancelled += 1
            else:
                await session.end()
            assert session.snapshot.state is SessionState.IDLE, delay
            assert session.room is None
        last = time.monotonic()
        await nobody_left(admin.participants, rooms)
        await until(lambda: len(asyncio.all_tasks()) == 1, 40)  # joins that are yet to be undone
        await asyncio.sleep(last + seconds - time.monotonic())
        await nobody_left(admin.participants, rooms)
        await session.start()
        await converse(session)
    print(f"cancelled {cancelled} of {starts}, joined {len(rooms)} rooms")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])))
