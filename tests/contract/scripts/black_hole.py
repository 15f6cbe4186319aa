"""Starts on a server that accepts and never answers, gives up, and lives on.

python black_hole.py cancel|end URL SECONDS     talk at URL, wait for what the SDK still does
python black_hole.py leave                      end the program at once
"""

import asyncio
import socket
import sys
import time

from contract.calls import converse, until
from peers.admin import Admin
from peers.server import fresh_room
from session_fsm import Session, SessionEnded, SessionState, TokenSource

MARGIN = 3.0
"""`ending` lasts at most 5 seconds; this is for the machine."""


def source(*urls: str) -> TokenSource:
    """The first start goes to the first URL, and so on."""
    left = list(urls)

    def mint() -> dict[str, str]:
        url = left.pop(0)
        token = Admin(url).token(fresh_room(), agent="echo")
        return {"server_url": url, "participant_token": token}

    return TokenSource.literal(mint)


async def give_up(session: Session, how: str) -> None:
    starting = asyncio.create_task(session.start())
    await session.wait_until(lambda now: now.state is SessionState.CONNECTING, 10)
    await asyncio.sleep(1.0)
    asked = time.monotonic()
    try:
        if how == "cancel":
            starting.cancel()
        else:
            await session.end()
        await starting
    except asyncio.CancelledError:
        assert how == "cancel"
    except SessionEnded:
        assert how != "cancel"
    took = time.monotonic() - asked
    assert took <= 5 + MARGIN, took
    assert session.snapshot.state is SessionState.IDLE
    assert session.failure.value is None
    print(f"{how} took {took:.2f} s")


async def main(how: str, url: str, seconds: float) -> None:
    silent = socket.create_server(("127.0.0.1", 0), backlog=64)
    hole = f"ws://127.0.0.1:{silent.getsockname()[1]}"
    session = Session(source(hole, url))
    await give_up(session, how)
    if how == "leave":
        return
    gave_up = time.monotonic()
    await session.start()  # while the SDK is still busy with the hole
    await converse(session)
    await session.close()
    await until(lambda: len(asyncio.all_tasks()) == 1, 60)
    print(f"all was over after {time.monotonic() - gave_up:.0f} s")
    await asyncio.sleep(seconds)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], (sys.argv[2:3] or [""])[0], *map(float, sys.argv[3:4] or ["0"])))
