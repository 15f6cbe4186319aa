"""The agent that tests talk to; run by a python that has livekit-agents.

The metadata of the dispatch chooses what it does, as a JSON object:
`greet` (true or a text) speaks first; `slow` (seconds) shows `initializing` for that long;
`silent` joins and never starts a session; `absent` never even joins; `attributes` are set on the
agent; `key`, `hex` and `keys` encrypt, see `ciphers`; `delete_room` makes the room end with the
session; `host` false does not serve the session channel.

Some texts are commands, see `COMMANDS`. Everything else is said back, word by word. Byte streams of
the topic `files` and text streams of the topic `notes` are sent back to whoever sent them.
"""

import asyncio
import json
import logging
import math
import os
import signal
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import channel
import ciphers
from fakes import Ear, EchoAgent, EchoLLM, ToneTTS
from livekit import api, rtc
from livekit.agents import AgentServer, AgentSession, JobContext, JobExecutorType, cli
from livekit.agents.voice.room_io import RoomOptions, TextInputEvent, TextInputOptions

server = AgentServer(
    job_executor_type=JobExecutorType[os.environ.get("PEER_EXECUTOR", "process").upper()],
    num_idle_processes=int(os.environ.get("PEER_IDLE", "1")),
    load_fnc=lambda: 0.0,
    load_threshold=math.inf,  # jobs that are being launched count as load, too
    host="127.0.0.1",
    port=0,
    http_proxy=None,
)


def note(ctx: JobContext, **facts: object) -> None:
    """One line for the tests. A single write to an appended file is never torn."""
    line = json.dumps({"room": ctx.job.room.name, "pid": os.getpid(), **facts}) + "\n"
    fd = os.open(os.environ["PEER_JOURNAL"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    try:
        os.write(fd, line.encode())
    finally:
        os.close(fd)


async def _shutdown(ctx: JobContext, session: AgentSession) -> None:
    ctx.shutdown("asked to")


async def _crash(ctx: JobContext, session: AgentSession) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def _delete(ctx: JobContext, session: AgentSession) -> None:
    await ctx.api.room.delete_room(api.DeleteRoomRequest(room=ctx.room.name))


async def _aclose(ctx: JobContext, session: AgentSession) -> None:
    await session.aclose()


async def _chat(ctx: JobContext, session: AgentSession) -> None:
    await ctx.room.local_participant.send_text("a note from the agent", topic="lk.chat")


# Calls and shared state --------------------------------------------------------------------------


async def _attributes(ctx: JobContext, session: AgentSession) -> None:
    users = [one for one in ctx.room.remote_participants.values() if one.identity == "user"]
    seen = json.dumps(users[0].attributes, sort_keys=True)
    await ctx.room.local_participant.set_attributes({"echo.attributes": seen})


async def _metadata(ctx: JobContext, session: AgentSession) -> None:
    await ctx.room.local_participant.set_metadata("metadata of the agent")


def serve_calls(room: rtc.Room) -> None:
    """Methods that answer, fail, dawdle, never answer, and call back."""

    async def echo(call: rtc.RpcInvocationData) -> str:
        return call.payload

    async def fail(call: rtc.RpcInvocationData) -> str:
        if call.payload:
            raise rtc.RpcError(int(call.payload), "refused on purpose", "some data")
        raise RuntimeError("a secret of the agent")

    async def slow(call: rtc.RpcInvocationData) -> str:
        await asyncio.sleep(float(call.payload))
        return "at last"

    async def hang(call: rtc.RpcInvocationData) -> str:
        await asyncio.Event().wait()
        return ""

    async def call_back(call: rtc.RpcInvocationData) -> str:
        wanted = json.loads(call.payload)
        try:
            answer = await room.local_participant.perform_rpc(
                destination_identity=call.caller_identity,
                method=wanted["method"],
                payload=wanted.get("payload", ""),
                response_timeout=wanted.get("timeout", 8.0),
            )
        except rtc.RpcError as error:
            return json.dumps({"code": error.code, "message": error.message, "data": error.data})
        return json.dumps({"answer": answer})

    async def drop(call: rtc.RpcInvocationData) -> str:
        await leave_at_once(room)
        return "rarely arrives"

    for method in (echo, fail, slow, hang, call_back, drop):
        room.local_participant.register_rpc_method(method.__name__, method)


async def leave_at_once(room: rtc.Room) -> None:
    await room.simulate_scenario(rtc.SimulateScenarioKind.SIMULATE_SERVER_LEAVE)


async def _drop(ctx: JobContext, session: AgentSession) -> None:
    await leave_at_once(ctx.room)


COMMANDS: dict[str, Callable[[JobContext, AgentSession], Awaitable[None]]] = {
    "!shutdown": _shutdown,  # leaves on purpose
    "!crash": _crash,  # its process is gone at once; the server tells after 21 s
    "!drop": _drop,  # the server throws it out: gone without a goodbye, at once
    "!delete": _delete,  # deletes the room
    "!aclose": _aclose,  # closes the session; the agent stays in the room, deaf
    "!attributes": _attributes,  # shows the user's attributes in one of its own
    "!metadata": _metadata,  # sets its own metadata
    "!chat": _chat,  # writes on lk.chat instead of speaking
    **channel.COMMANDS,
}


async def _attach(ctx: JobContext, session: AgentSession) -> None:
    """A text with two files: one that comes, and one that breaks off."""
    participant = ctx.room.local_participant
    ids = [str(uuid4()), str(uuid4())]
    text = rtc.TextStreamWriter(participant, topic="lk.chat")
    text._options.attached_stream_ids.extend(ids)
    await text._send_header()
    await text.write("two files")
    await text.aclose()
    for number, stream_id in enumerate(ids):
        writer = await participant.stream_bytes(
            f"file {number}.txt",
            topic="lk.chat",
            stream_id=stream_id,
            total_size=40_000,
            mime_type="text/plain",
        )
        await writer.write(b"x" * 20_000)
        if number == 0:
            await writer.write(b"y" * 20_000)
        await writer.aclose(reason="changed my mind" if number else "")


COMMANDS["!attach"] = _attach  # writes on lk.chat, with attachments

logger = logging.getLogger(__name__)
_tasks: set[asyncio.Task[None]] = set()


def echo_streams(room: rtc.Room) -> None:
    async def files(reader: rtc.ByteStreamReader, sender: str) -> None:
        info = reader.info
        pieces = [piece async for piece in reader]
        writer = await room.local_participant.stream_bytes(
            info.name,
            topic=info.topic,
            total_size=sum(map(len, pieces)),
            mime_type=info.mime_type,
            attributes=info.attributes,
            destination_identities=[sender],
        )
        for piece in pieces:
            await writer.write(piece)
        await writer.aclose()

    async def notes(reader: rtc.TextStreamReader, sender: str) -> None:
        writer = await room.local_participant.stream_text(
            topic=reader.info.topic,
            attributes=reader.info.attributes,
            destination_identities=[sender],
        )
        async for piece in reader:
            await writer.write(piece)
        await writer.aclose()

    def run(work: Any) -> None:
        task = asyncio.ensure_future(work)
        _tasks.add(task)
        task.add_done_callback(done)

    def done(task: asyncio.Task[None]) -> None:
        _tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            logger.info("a stream was not sent back: %r", task.exception())

    room.register_byte_stream_handler("files", lambda reader, who: run(files(reader, who)))
    room.register_text_stream_handler("notes", lambda reader, who: run(notes(reader, who)))


def note_openings(ctx: JobContext) -> None:
    """The callback gets quick texts out of order: the wire's order is that of the openings."""
    handlers = ctx.room._text_stream_handlers
    handle = handlers["lk.chat"]

    def opened(reader: rtc.TextStreamReader, identity: str) -> None:
        note(ctx, opened=reader.info.stream_id)
        handle(reader, identity)

    handlers["lk.chat"] = opened


def make_session() -> AgentSession:
    return AgentSession(
        llm=EchoLLM(),
        tts=ToneTTS(),
        stt=Ear(),
        vad=None,
        turn_handling={
            "turn_detection": "stt",
            "endpointing": {"min_delay": 0.1, "max_delay": 0.2},
            "preemptive_generation": {"enabled": False},
        },
        aec_warmup_duration=None,
        user_away_timeout=None,
    )


@server.rtc_session(agent_name=os.environ.get("PEER_AGENT", "echo"))
async def entrypoint(ctx: JobContext) -> None:  # noqa: C901 - one wish after the other
    wanted: dict[str, Any] = json.loads(ctx.job.metadata or "{}")
    note(ctx, event="job", metadata=ctx.job.metadata)
    echo_streams(ctx.room)
    if wanted.get("absent"):
        await asyncio.Event().wait()
    if {"slow", "silent", "attributes", "key", "hex", "keys"} & wanted.keys():
        await ctx.connect(encryption=ciphers.encryption(wanted))
        ciphers.set_keys(ctx.room, wanted)
    if "key" in wanted:
        answer = ciphers.key_method(ctx.room, wanted["key"])
        ctx.room.local_participant.register_rpc_method("key", answer)
    if wanted.get("attributes"):
        await ctx.room.local_participant.set_attributes(wanted["attributes"])
    if wanted.get("silent"):
        return
    if slow := wanted.get("slow"):
        await ctx.room.local_participant.set_attributes({"lk.agent.state": "initializing"})
        await asyncio.sleep(slow)

    session = make_session()
    session.on("close", lambda ev: note(ctx, event="closed", reason=str(ev.reason.value)))

    def on_state(ev: Any) -> None:
        # Before the state is told to the room, so that nobody who waits for it calls too early.
        if ev.new_state == "listening" and ctx.room.isconnected():
            serve_calls(ctx.room)

    session.on("agent_state_changed", on_state)

    async def on_text(sess: AgentSession, ev: TextInputEvent) -> None:
        sender = ev.participant.identity if ev.participant else None
        note(ctx, heard=ev.text, sender=sender, stream=ev.info.stream_id)
        if command := COMMANDS.get(ev.text):
            await command(ctx, sess)
            return
        await sess.interrupt()
        sess.generate_reply(user_input=ev.text)

    await session.start(
        EchoAgent(heard=lambda loud, gap: note(ctx, loud=loud, gap=gap)),
        room=ctx.room,
        room_options=RoomOptions(
            text_input=TextInputOptions(text_input_cb=on_text),
            delete_room_on_close=bool(wanted.get("delete_room")),
        ),
        record=False,
        session_host=bool(wanted.get("host", True)),
    )
    note_openings(ctx)
    if greet := wanted.get("greet"):
        session.say(greet if isinstance(greet, str) else "hello, I am the agent")


if __name__ == "__main__":
    cli.run_app(server)
