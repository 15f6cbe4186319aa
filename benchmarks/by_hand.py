"""The same conversation on livekit.rtc alone: what the library is compared with.

Written as a client would be that needs just this once: it handles no failure, no reconnect, and
knows no state but "ready".
"""

import asyncio
import time

from livekit import rtc

READY = {"listening", "thinking", "speaking"}


async def converse(url: str, token: str, text: str) -> tuple[float, ...]:
    """Join, wait, ask twice, hear, leave.

    Returns:
        Seconds until the agent is ready, and from each send to the first word of its reply.
    """
    began = time.perf_counter()
    room = rtc.Room()
    ready, audible, heard, over = (asyncio.Event() for _ in range(4))
    readers: set[asyncio.Task[None]] = set()

    def look(*_: object) -> None:
        for agent in room.remote_participants.values():
            if agent.kind != rtc.ParticipantKind.PARTICIPANT_KIND_AGENT:
                continue
            if agent.attributes.get("lk.agent.state") in READY:
                ready.set()
            if any(publication.track for publication in agent.track_publications.values()):
                audible.set()

    async def read(reader: rtc.TextStreamReader) -> None:
        async for _ in reader:
            heard.set()
        over.set()

    def opened(reader: rtc.TextStreamReader, _: str) -> None:
        task = asyncio.create_task(read(reader))
        readers.add(task)
        task.add_done_callback(readers.discard)

    room.on("participant_connected", look)
    room.on("participant_attributes_changed", look)
    room.on("track_subscribed", look)
    room.register_text_stream_handler("lk.transcription", opened)
    await room.connect(url, token)
    try:
        look()
        await ready.wait()
        is_ready = time.perf_counter()
        await audible.wait()
        taken = [is_ready - began]
        for _ in range(2):
            heard.clear()
            over.clear()
            sent = time.perf_counter()
            await room.local_participant.send_text(text, topic="lk.chat")
            await heard.wait()
            taken.append(time.perf_counter() - sent)
            await over.wait()
    finally:
        await room.disconnect()
        await asyncio.gather(*readers, return_exceptions=True)
    return tuple(taken)
