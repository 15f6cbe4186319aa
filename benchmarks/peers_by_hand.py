"""The same conversation on livekit.rtc alone: what the library is compared with.

Connects, waits until the agent listens and its audio track is subscribed, sends a text, reads the
answer, leaves. Written as a client would be that needs just this once; it handles no failure, no
reconnect, and knows no state but "ready".

    python benchmarks/peers_by_hand.py ws://127.0.0.1:7880 <token> "hello"
"""

import asyncio
import sys
import time
from dataclasses import dataclass

from livekit import rtc

READY = {"listening", "thinking", "speaking"}


@dataclass(frozen=True)
class Timings:
    """Seconds since the call began."""

    connected: float
    ready: float
    answered: float
    left: float
    answer: str


async def converse(url: str, token: str, text: str) -> Timings:
    """One call: join, wait, ask, hear the answer, leave."""
    began = time.perf_counter()
    room = rtc.Room()
    ready = asyncio.Event()
    answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    readers: set[asyncio.Task[None]] = set()

    def look(*_: object) -> None:
        for agent in room.remote_participants.values():
            if (
                agent.kind == rtc.ParticipantKind.PARTICIPANT_KIND_AGENT
                and agent.attributes.get("lk.agent.state") in READY
                and any(pub.track for pub in agent.track_publications.values())
            ):
                ready.set()

    async def read(reader: rtc.TextStreamReader) -> None:
        words = await reader.read_all()
        if not answer.done():
            answer.set_result(words)

    def opened(reader: rtc.TextStreamReader, _: str) -> None:
        task = asyncio.create_task(read(reader))
        readers.add(task)
        task.add_done_callback(readers.discard)

    room.on("participant_connected", look)
    room.on("participant_attributes_changed", look)
    room.on("track_subscribed", look)
    room.register_text_stream_handler("lk.transcription", opened)

    await room.connect(url, token)
    connected = time.perf_counter()
    try:
        look()
        await ready.wait()
        usable = time.perf_counter()
        await room.local_participant.send_text(text, topic="lk.chat")
        words = await answer
        answered = time.perf_counter()
    finally:
        await room.disconnect()
        await asyncio.gather(*readers, return_exceptions=True)
    return Timings(
        connected=connected - began,
        ready=usable - began,
        answered=answered - began,
        left=time.perf_counter() - began,
        answer=words,
    )


if __name__ == "__main__":
    print(asyncio.run(converse(*sys.argv[1:4])))
