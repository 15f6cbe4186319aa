"""A client made of livekit.rtc alone, so that the peers are tested without the library."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import Any, Self

from livekit import rtc
from livekit.rtc.data_stream import StreamError

TALKING = {"listening", "thinking", "speaking"}


class HandClient:
    """Joins, and writes down what happens: `events` in order, `said` by segment."""

    def __init__(self) -> None:
        self.room = rtc.Room()
        self.events: list[tuple[Any, ...]] = []
        self.times: list[float] = []
        self.said: dict[str, list[str]] = {}
        self.chat: list[str] = []
        self._started = time.monotonic()
        self._readers: set[asyncio.Task[None]] = set()
        self._listen()

    @classmethod
    async def join(cls, url: str, token: str, options: rtc.RoomOptions | None = None) -> Self:
        client = cls()
        await client.room.connect(url, token, options or rtc.RoomOptions())
        client.note("connected")
        return client

    @property
    def agent(self) -> rtc.RemoteParticipant | None:
        kind = rtc.ParticipantKind.PARTICIPANT_KIND_AGENT
        return next((p for p in self.room.remote_participants.values() if p.kind == kind), None)

    @property
    def agent_state(self) -> str | None:
        return self.agent.attributes.get("lk.agent.state") if self.agent else None

    @property
    def has_agent_track(self) -> bool:
        return self.agent is not None and any(
            publication.track for publication in self.agent.track_publications.values()
        )

    def note(self, *event: Any) -> None:
        self.events.append(event)
        self.times.append(time.monotonic() - self._started)

    def saw(self, *event: Any) -> bool:
        """Whether something has happened that begins like this."""
        return any(e[: len(event)] == event for e in self.events)

    async def until(self, reached: Callable[[], Any], timeout: float = 10.0) -> None:  # noqa: ASYNC109
        async with asyncio.timeout(timeout):
            while not reached():  # noqa: ASYNC110 (nothing tells; it is all in callbacks)
                await asyncio.sleep(0.01)

    async def until_ready(self, timeout: float = 20.0) -> None:  # noqa: ASYNC109
        """The agent is there and its track is: from now on it answers texts."""
        await self.until(lambda: self.agent_state in TALKING and self.has_agent_track, timeout)

    async def send(self, text: str) -> None:
        await self.room.local_participant.send_text(text, topic="lk.chat")

    async def until_said(self, text: str, timeout: float = 10.0) -> list[str]:  # noqa: ASYNC109
        """Wait for the agent's words; the pieces they came in."""
        await self.until(lambda: text in map("".join, self.said.values()), timeout)
        return next(pieces for pieces in self.said.values() if "".join(pieces) == text)

    async def leave(self) -> None:
        await self.room.disconnect()
        await asyncio.gather(*self._readers, return_exceptions=True)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.leave()

    def _listen(self) -> None:
        room, note = self.room, self.note
        room.on("participant_connected", lambda p: note("joined", p.identity))
        room.on("participant_disconnected", lambda p: note("left", p.identity, p.disconnect_reason))
        room.on("participant_attributes_changed", lambda c, p: note("attributes", p.identity, c))
        room.on("track_subscribed", lambda t, pub, p: note("track", p.identity, pub.name))
        room.on("connection_state_changed", lambda state: note("state", state))
        room.on("reconnecting", lambda: note("reconnecting"))
        room.on("reconnected", lambda: note("reconnected"))
        room.on("disconnected", lambda reason: note("disconnected", reason))
        room.register_text_stream_handler("lk.transcription", self._open)
        room.register_text_stream_handler("lk.chat", self._open)

    def _open(self, reader: rtc.TextStreamReader, identity: str) -> None:
        task = asyncio.ensure_future(self._read(reader))
        self._readers.add(task)
        task.add_done_callback(self._readers.discard)

    async def _read(self, reader: rtc.TextStreamReader) -> None:
        if reader.info.topic == "lk.chat":
            self.chat.append(await reader.read_all())
            return
        segment = (reader.info.attributes or {}).get("lk.segment_id", reader.info.stream_id)
        pieces = self.said[segment] = []
        with contextlib.suppress(StreamError):  # the room ended in the middle of it
            async for piece in reader:
                pieces.append(piece)  # noqa: PERF401 (others look at it while it grows)
