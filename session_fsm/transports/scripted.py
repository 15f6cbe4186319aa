"""An agent that plays a script: what the loopback serves, and what tests of user interfaces use."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Final
from uuid import uuid4

import attrs

from session_fsm.channel.wire import TOPIC
from session_fsm.data.info import StreamHeader
from session_fsm.errors import RpcError
from session_fsm.media.frames import AudioFrame, VideoFrame, pieces
from session_fsm.media.preconnect import TOPIC as PRE_CONNECT
from session_fsm.messages.merge import FINAL, SEGMENT_ID
from session_fsm.messages.people import CHAT_TOPIC, TRANSCRIPTION_TOPIC
from session_fsm.roster import AGENT_NAME, AGENT_STATE, Participant, find
from session_fsm.transports.loopback import LoopbackNetwork, LoopbackRoom
from session_fsm.transports.loopback.media import LoopbackMediaTrack
from session_fsm.transports.received import Received
from session_fsm.transports.rpc import RpcCall, rpc_error
from session_fsm.transports.scripted_channel import Place, ScriptedChannel
from session_fsm.transports.scripted_voice import Ear, say

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence

    from session_fsm.data.info import StreamInfo
    from session_fsm.encryption.options import Key
    from session_fsm.transports.loopback.streams import RoomStream


LATE_SECONDS: Final = 3.0
"""Seconds of sound for which it waits for what was said before, as livekit-agents does."""


def echo(text: str) -> str:
    """Answer what was heard."""
    return f"echo: {text}"


@attrs.define(eq=False)
class _Job:
    """What the agent does in one room."""

    room: LoopbackRoom
    identity: str
    task: asyncio.Task[None] | None
    heard: asyncio.Queue[str] = attrs.field(factory=asyncio.Queue[str])
    track: LoopbackMediaTrack | None = None
    ear: Ear = attrs.field(factory=Ear)
    hears: bool = False
    ready: bool = False
    mute: bool = False
    is_relieved: bool = False


def _place(job: _Job) -> Place:
    return Place(job.room, job.identity, job.heard.put_nowait)


@attrs.define(eq=False, kw_only=True)
class ScriptedAgent:
    """An agent without a model: it joins, listens, thinks and answers as it is told to.

    All times are in seconds, and each may be 0. It sends what livekit-agents 1.8.9 sends: the
    attribute ``lk.agent.state``, a text stream for each segment whose trailer makes it final, and
    an audio track with a sound of 440 Hz for each word. Of what a user says it hears how long it
    was, transcribes it as "heard 1.2s", and answers that. Like the real one it is mute for the
    rest of the call when a text reaches it before its audio track is there.

    Attributes:
        name: Its ``lk.agent.name`` where the dispatch wants none.
        join_after: From the dispatch until it is in the room; None: it never comes.
        initialize_for: From then until it listens; None: it never does.
        track_after: From then until its audio track is there; None: it has none.
        greeting: What it says as soon as it is ready, or None.
        reply: Makes the answer of a text.
        think_for: How long it thinks before it answers.
        word_every: From one word of its speech to the next.
        responsive: Whether it refuses RPCs, as the living do.
        methods: Its RPC methods: each gets the call and returns the answer; what one raises that is
            no ``RpcError`` is an application error.
        network: The network that it is reached by: break its links, delete its rooms.
        heard: Every text that has reached it, in all rooms; what was said to it, too.
        seen: The last picture that has reached it from a user's camera or screen, by source.
        received: Every stream that has reached it, in all rooms; texts on ``lk.chat``, too.
        keys: What it can read with, on encrypted sessions; it encrypts with the last one, and
            without one not at all.
        echoes: Topics of streams that it sends back to their senders.
        channel: What it tells of itself on its session channel, and answers.
    """

    name: str = "scripted-agent"
    join_after: float | None = 0.3
    initialize_for: float | None = 0.3
    track_after: float | None = 0.05
    greeting: str | None = None
    reply: Callable[[str], str] = echo
    think_for: float = 0.3
    word_every: float = 0.06
    responsive: bool = True
    echoes: Collection[str] = ()
    keys: Sequence[Key] = attrs.field(default=(), repr=False)
    methods: dict[str, Callable[[RpcCall], Awaitable[str]]] = attrs.field(
        factory=dict[str, "Callable[[RpcCall], Awaitable[str]]"], repr=False
    )
    network: LoopbackNetwork = attrs.field(factory=LoopbackNetwork, repr=False)
    heard: list[str] = attrs.field(factory=list[str], init=False)
    seen: dict[str, VideoFrame] = attrs.field(
        factory=dict[str, "VideoFrame"], init=False, repr=False
    )
    received: list[Received] = attrs.field(factory=list["Received"], init=False)
    channel: ScriptedChannel = attrs.field(init=False, repr=False)
    _expected: dict[tuple[str, str], list[AudioFrame]] = attrs.field(
        factory=dict[tuple[str, str], list[AudioFrame]], init=False, repr=False
    )
    _jobs: list[_Job] = attrs.field(factory=list[_Job], init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        self.channel = ScriptedChannel(lambda: map(_place, self._jobs))

    # The script ---------------------------------------------------------------------------------

    async def serve(self, room: LoopbackRoom, name: str, metadata: str) -> None:
        """Do the job: join, get ready, greet, and answer one text after the other."""
        if self.join_after is None:
            return
        await asyncio.sleep(self.join_after)
        job = _Job(room, f"agent-{uuid4().hex[:8]}", asyncio.current_task())
        rooms = self.network.rooms.values()
        self._jobs = [*(other for other in self._jobs if other.room in rooms), job]
        room.join(
            Participant(
                job.identity,
                metadata=metadata,
                attributes={AGENT_NAME: name or self.name, AGENT_STATE: "initializing"},
            )
        )
        if self.initialize_for is None:
            return
        await asyncio.sleep(self.initialize_for)
        job.hears = True
        self._report(job, "listening")
        await self._get_ready(job)
        while True:
            text = await job.heard.get()
            self.channel.said("user", text, at=_place(job))
            self._report(job, "thinking")
            await asyncio.sleep(self.think_for)
            reply = self.reply(text)
            await self._speak(job, reply)
            self.channel.answered(_place(job), text, reply)

    async def _get_ready(self, job: _Job) -> None:
        if self.track_after is not None:
            await asyncio.sleep(self.track_after)
            job.track = LoopbackMediaTrack()
            job.room.publish(job.identity, "microphone", job.track)
        job.ready = True
        for other in self._jobs:
            if other is not job and other.is_relieved and other.room is job.room:
                self._go(other, on_purpose=True)
        if self.greeting is not None:
            await self._speak(job, self.greeting)
            self.channel.said("assistant", self.greeting, at=_place(job))

    async def _speak(self, job: _Job, text: str) -> None:
        self._report(job, "speaking")
        attributes = {SEGMENT_ID: f"SG_{uuid4().hex[:12]}", FINAL: "false"}
        stream = job.room.open_text(job.identity, TRANSCRIPTION_TOPIC, attributes)
        for place, word in enumerate(text.split()):
            stream.write(f" {word}" if place else word)
            await say(job.track, self.word_every)
        stream.close({FINAL: "true"})
        self._report(job, "listening")

    def _report(self, job: _Job, state: str) -> None:
        agent = find(job.room.roster, job.identity)
        job.room.change(job.identity, {AGENT_STATE: state})
        self.channel.reported(_place(job), "" if agent is None else agent.report, state)

    # What reaches it ----------------------------------------------------------------------------

    def hear(self, room: LoopbackRoom, text: str, identity: str | None) -> None:
        """Take a text; one that comes too early, or when nobody serves the room, is lost."""
        if not room.is_served or self.channel.is_deaf:
            return
        for job in self._jobs:
            if job.room is not room or identity not in {None, job.identity}:
                continue
            job.mute = job.mute or not job.ready
            if not job.mute:
                self.heard.append(text)
                job.heard.put_nowait(text)

    def listen(
        self, room: LoopbackRoom, identity: str, source: str, frame: AudioFrame | VideoFrame
    ) -> None:
        """Hear or see a user; nobody does while nobody serves the room."""
        if isinstance(frame, VideoFrame):
            self.seen[source] = frame
            return
        late = self._expected.get((room.name, identity))
        if late is not None and not any(job.room is room and job.hears for job in self._jobs):
            return
        if late is not None and sum(one.duration for one in late) < LATE_SECONDS:
            late.append(frame)
            return
        for one in (*self._expected.pop((room.name, identity), ()), frame):
            self._hear_frame(room, identity, one)

    def expect(self, room: LoopbackRoom, identity: str) -> None:
        """Hear nothing live of this user before what was said earlier has come."""
        self._expected[room.name, identity] = []

    def _hear_frame(self, room: LoopbackRoom, identity: str, frame: AudioFrame) -> None:
        for job in self._jobs if room.is_served else ():
            if job.room is room and job.hears and (said := job.ear.hear(frame)) is not None:
                self._transcribe(job, identity, said)

    def _hear_buffer(self, room: LoopbackRoom, stream: Received) -> None:
        """Hear what was said before it was ready."""
        about = stream.info.attributes
        rate, channels = int(about["sampleRate"]), int(about["channels"])
        said = b"".join(piece for piece in stream.pieces if isinstance(piece, bytes))
        frames = [AudioFrame(one, rate, channels) for one in pieces(said, channels * (rate // 100))]
        late = self._expected.pop((room.name, stream.info.sender), [])
        for frame in (*frames, *late):
            self._hear_frame(room, stream.info.sender, frame)

    def _transcribe(self, job: _Job, identity: str, said: str) -> None:
        attributes = {SEGMENT_ID: f"SG_{uuid4().hex[:12]}", FINAL: "false"}
        stream = job.room.open_text(
            job.identity, TRANSCRIPTION_TOPIC, attributes, speaks_for=identity
        )
        stream.write(said)
        stream.close({FINAL: "true"})
        self.heard.append(said)
        job.heard.put_nowait(said)

    def take(
        self, room: LoopbackRoom, info: StreamInfo, to: tuple[str, ...]
    ) -> tuple[Received, ...]:
        """Take a stream that is for it, unless nobody serves the room."""
        job = next((one for one in self._jobs if one.room is room and one.identity in to), None)
        if job is None or not room.is_served:
            return ()
        if info.topic == TOPIC:
            agent = find(room.roster, job.identity)
            is_up = agent is not None and agent.report not in {"", "initializing"}
            return self.channel.take(_place(job), info) if is_up and self.responsive else ()
        if info.topic == PRE_CONNECT:
            heard = Received(info, partial(self._hear_buffer, room))
            self.received.append(heard)
            return (heard,)
        stream = Received(info, partial(self._echo, job) if info.topic in self.echoes else None)
        self.received.append(stream)
        return (stream,)

    def _echo(self, job: _Job, stream: Received) -> None:
        info = stream.info
        self._send(
            job,
            StreamHeader(
                str(uuid4()),
                info.kind,
                info.topic,
                (info.sender,),
                info.name,
                info.mime_type,
                info.size,
                info.attributes,
            ),
            stream.pieces,
        )

    def answers(self, identity: str) -> bool:
        """Say whether this participant refuses RPCs."""
        return self.responsive and any(job.identity == identity for job in self._jobs)

    async def answer(self, room: LoopbackRoom, identity: str, call: RpcCall) -> str:
        """Answer a call with one of the methods."""
        del room, identity
        method = self.methods.get(call.method)
        if method is None:
            raise rpc_error("unsupported-method", "Method not supported at destination")
        try:
            return await method(call)
        except RpcError:
            raise
        except Exception:  # noqa: BLE001 - the caller learns no more of it on LiveKit either
            failure = rpc_error("application-error", "Application error in method handler")
        raise failure

    # What tests make it do ----------------------------------------------------------------------

    def report(self, state: str) -> None:
        """Set ``lk.agent.state`` to whatever is given, in every room."""
        self.change({AGENT_STATE: state})

    def change(self, attributes: Mapping[str, str]) -> None:
        """Change attributes, in every room; an empty value removes one."""
        for job in self._jobs:
            job.room.change(job.identity, attributes)

    def set_metadata(self, metadata: str) -> None:
        """Set its metadata, in every room."""
        for job in self._jobs:
            job.room.set_metadata(job.identity, metadata)

    async def call(
        self,
        to: str,
        method: str,
        payload: str = "",
        timeout: float = 15.0,  # noqa: ASYNC109 - the peer's time
    ) -> str:
        """Call a method of somebody in a room that it serves; raises ``RpcError``."""
        jobs = (one for one in self._jobs if any(to == link.identity for link in one.room.links))
        job = next(jobs, None)
        if job is None:
            raise rpc_error("recipient-not-found", f"{to!r} is in no room of the agent.")
        return await job.room.calls.ask(to, RpcCall(method, payload, job.identity, timeout))

    def leave(self) -> None:
        """Leave every room on purpose."""
        for job in list(self._jobs):
            self._go(job, on_purpose=True)

    def crash(self) -> None:
        """Be gone from every room without a goodbye."""
        for job in list(self._jobs):
            self._go(job, on_purpose=False)

    def _go(self, job: _Job, *, on_purpose: bool) -> None:
        self._jobs = [other for other in self._jobs if other is not job]
        if job.task is not None:
            job.task.cancel()
        job.room.leave(job.identity, on_purpose=on_purpose)

    def hand_over(self) -> None:
        """Take a second job in every room; the first one leaves on purpose once that is ready."""
        for job in self._jobs:
            job.is_relieved = True
        self.come_back()

    def come_back(self, *, name: str = "") -> None:
        """Take a new job in every room of the network that has a user."""
        for room in self.network.rooms.values():
            if room.links:
                room.dispatch(self, name, "")

    def chat(self, text: str) -> None:
        """Send a text on ``lk.chat``, in every room."""
        for job in self._jobs:
            stream = job.room.open_text(job.identity, CHAT_TOPIC, {})
            stream.write(text)
            stream.close()

    def send_stream(self, header: StreamHeader, *pieces: str | bytes) -> None:
        """Send a whole stream, in every room."""
        for job in self._jobs:
            self._send(job, header, pieces)

    def _send(self, job: _Job, header: StreamHeader, pieces: Iterable[str | bytes]) -> None:
        stream = job.room.open_stream(job.identity, header)
        for piece in pieces:
            stream.write(piece)
        stream.close()

    def open_stream(self, header: StreamHeader) -> RoomStream:
        """Open a stream in the room that it serves, to be written and closed later.

        Raises:
            IndexError: It serves no room.
        """
        job = self._jobs[-1]
        return job.room.open_stream(job.identity, header)
