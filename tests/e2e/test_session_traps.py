"""The traps of the SDK, each with a test that falls into it when nobody guards against it."""

import asyncio
import gc
import logging
from contextlib import suppress

import pytest
from livekit import rtc
from livekit.rtc._ffi_client import FfiClient

from contract.calls import PATIENCE, converse, until
from contract.sides import LiveKitSide
from peers.hand import HandClient
from session_fsm import Session, SessionEnded, SessionState


def subscribers() -> int:
    """Everybody who looks at every event of the native library. Each that leaks slows all down."""
    return len(FfiClient.instance.queue._subscribers)


def others() -> set[asyncio.Task[object]]:
    return asyncio.all_tasks() - {asyncio.current_task()}


async def in_the_middle_of_a_reply(session: Session) -> None:
    await session.send("!long")
    await session.wait_until(lambda now: now.messages[-1].text.startswith("word1 "), PATIENCE)


async def idle(session: Session) -> None:
    await session.wait_until(lambda now: now.state is SessionState.IDLE, PATIENCE)


@pytest.mark.parametrize("how", ["end", "delete", "remove", "shutdown"])
async def test_nothing_of_a_run_is_left(side: LiveKitSide, how: str) -> None:
    before = subscribers()
    session = Session(side.source())
    async with asyncio.timeout(60):
        await session.start()
        await in_the_middle_of_a_reply(session)
        match how:
            case "end":
                await session.end()
            case "delete":
                await side.delete_room(side.rooms[0])
            case "remove":
                await side.remove_user(side.rooms[0])
            case _:
                await side.shut_agent_down(session)
        await idle(session)
        await asyncio.sleep(0)
        await until(lambda: not others())
        await until(lambda: subscribers() == before)


async def test_nothing_of_a_start_that_is_cancelled_is_left(side: LiveKitSide) -> None:
    before = subscribers()
    session = Session(side.source())
    async with asyncio.timeout(60):
        for delay in (0.0, 0.02, 0.05, 0.1, 0.3):
            starting = asyncio.create_task(session.start())
            await asyncio.sleep(delay)
            starting.cancel()
            await asyncio.wait({starting})
        await until(lambda: not others())
        assert subscribers() == before


async def test_the_reader_of_an_agent_that_is_gone_is_closed(side: LiveKitSide) -> None:
    """The stream of an agent that was thrown out never ends by itself."""
    session = Session(side.source(), agent_return_timeout=None)
    async with asyncio.timeout(60), session:
        await session.start()
        await converse(session)
        await until(lambda: not others_that_read())
        before = subscribers()
        await in_the_middle_of_a_reply(session)
        agent = session.agent.identity.value
        assert agent is not None
        await side.throw_agent_out(side.rooms[0], agent)
        await session.wait_until(lambda now: now.state is SessionState.DISPATCHING, PATIENCE)
        await session.wait_until(lambda now: all(one.final for one in now.messages), PATIENCE)
        await until(lambda: not others_that_read())
        await until(lambda: subscribers() <= before)


def others_that_read() -> list[asyncio.Task[object]]:
    return [task for task in others() if "LiveKitStreams._read" in repr(task.get_coro())]


async def test_the_sdk_has_nothing_to_complain_about(
    side: LiveKitSide, caplog: pytest.LogCaptureFixture
) -> None:
    """A handler that is a coroutine function is never awaited; one that raises is only logged."""
    caplog.set_level(logging.INFO)
    session = Session(side.source(greet=True))
    async with asyncio.timeout(60), session:
        for _ in range(2):  # a Room that is used twice raises, and ends the process later
            await session.start()
            await converse(session)
            await side.agent_chats(session)
            await side.break_link(session, "rebuilt")
            await session.wait_until(lambda now: not now.is_reconnecting, PATIENCE)
            await session.end()
    gc.collect()  # a coroutine that was never awaited warns now, and warnings are errors
    complaints = [
        one
        for one in caplog.records
        if one.levelno >= logging.ERROR and one.name in {"root", "asyncio", "session_fsm"}
    ]
    assert not complaints, caplog.text


@pytest.mark.parametrize("moment", ["listening", "speaking"])
async def test_end_by_an_observer(side: LiveKitSide, moment: str) -> None:
    """It runs while the SDK is in the middle of telling an event."""
    session = Session(side.source(greet=True))
    ending: list[asyncio.Task[None]] = []

    def observe(state: str) -> None:
        if state == moment and not ending:
            ending.append(asyncio.ensure_future(session.end()))

    async with asyncio.timeout(60), session:
        session.agent.state.subscribe(observe)
        with suppress(SessionEnded):
            await session.start()
        await until(lambda: bool(ending))
        await ending[0]
        assert session.snapshot.state is SessionState.IDLE
        await side.nobody_left()


async def test_end_by_a_remote_call(side: LiveKitSide) -> None:
    """The SDK cancels its own disconnect there, and stays in the room."""
    session = Session(side.source())
    async with asyncio.timeout(60), session:
        await session.start()
        assert session.room is not None

        async def stop(_: rtc.RpcInvocationData) -> str:
            await session.end()
            return "stopped"

        session.room.local_participant.register_rpc_method("stop", stop)
        token = side.stack.token(side.rooms[0], "second", agent=None)
        async with await HandClient.join(side.stack.url, token) as other:
            await other.until(lambda: "user" in other.room.remote_participants)
            with pytest.raises(rtc.RpcError):
                await other.room.local_participant.perform_rpc(
                    destination_identity="user", method="stop", payload="", response_timeout=8.0
                )
            await idle(session)
            await other.until(lambda: "user" not in other.room.remote_participants)
        await side.nobody_left()
        await session.start()
        await converse(session)


async def test_a_session_that_is_made_before_its_loop_runs(side: LiveKitSide) -> None:
    """A Room binds to whatever loop there is; here none is, in another thread later on."""
    session = Session(side.source())

    async def call() -> str:
        async with asyncio.timeout(60), session:
            await session.start()
            return (await converse(session)).text.strip()

    assert await asyncio.to_thread(asyncio.run, call()) == "echo: hello"


async def test_a_handler_of_the_users_own_topic(side: LiveKitSide) -> None:
    """The room is the user's, too: its events and topics are free, but for ours."""
    session = Session(side.source())
    heard: list[str] = []
    async with asyncio.timeout(60), session:
        await session.start()
        room = session.room
        assert room is not None
        tasks: set[asyncio.Task[None]] = set()

        async def read(reader: rtc.TextStreamReader) -> None:
            heard.append(await reader.read_all())

        room.register_text_stream_handler(
            "own", lambda reader, _: tasks.add(asyncio.ensure_future(read(reader)))
        )
        token = side.stack.token(side.rooms[0], "second", agent=None)
        async with await HandClient.join(side.stack.url, token) as other:
            await other.until(lambda: "user" in other.room.remote_participants)
            await other.room.local_participant.send_text("mine", topic="own")
            await until(lambda: heard == ["mine"])
        await converse(session)


async def test_who_publishes_the_next_track_before_taking_back_the_first_has_one(
    side: LiveKitSide,
) -> None:
    room = side.fresh_room()
    session = Session(side.source(room, dispatch=False))
    url, token = side.stack.url, side.stack.token(room, identity="ann", agent=None)
    async with asyncio.timeout(60), session, await HandClient.join(url, token) as ann:
        await session.start()
        store = session.participant("ann").microphone_track
        first = await published(ann)
        await until(lambda: store.value is not None)
        before = store.value
        await published(ann)
        await until(lambda: store.value not in {None, before})
        tracks: list[object] = []
        store.subscribe(tracks.append)
        await ann.room.local_participant.unpublish_track(first.sid)
        assert session.room is not None
        there = session.room.remote_participants["ann"].track_publications
        await until(lambda: first.sid not in there)
        assert tracks == [store.value]


async def published(client: HandClient) -> rtc.LocalTrackPublication:
    track = rtc.LocalAudioTrack.create_audio_track("voice", rtc.AudioSource(48_000, 1))
    options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE)
    return await client.room.local_participant.publish_track(track, options)
