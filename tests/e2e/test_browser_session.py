"""A session and a browser in one room: each hears, sees and reads the other."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest

from contract.calls import PATIENCE, converse, said, until
from contract.pictures import BLUE, GREEN, RED, changing, color_of, near, picture
from peers.browser import Browser, BrowserPeer, Color
from peers.fixtures import Stack
from peers.server import LiveKitServer, fresh_room
from session_fsm import (
    AudioFrame,
    FrameInput,
    IncomingStream,
    RpcCall,
    Session,
    SilenceInput,
    TokenSource,
    ToneInput,
    VideoFrame,
)
from session_fsm.media.remote import FrameReader

pytestmark = pytest.mark.server

SIZE = 300_000
"""Bytes of a file: some twenty packets."""


@pytest.fixture
async def there(browser: Browser) -> BrowserPeer:
    return await browser.open()


@asynccontextmanager
async def both(there: BrowserPeer, server: LiveKitServer) -> AsyncIterator[Session]:
    """A session in a room without an agent, which the page is in as "web"."""
    room = fresh_room()
    source = TokenSource.literal(server.url, server.token(room, "user"))
    async with asyncio.timeout(180), Session(source) as session:
        await session.start()
        await there.join(server.url, server.token(room, "web"))
        await session.wait_until(lambda now: now.participant("web") is not None, PATIENCE)
        yield session
        await there.leave()
        await session.wait_until(lambda now: now.participant("web") is None, PATIENCE)


async def shows(there: BrowserPeer, color: Color, source: str = "camera") -> None:
    await there.wait_for(
        lambda: there.picture("user", source), lambda seen: seen and near(seen.color, color)
    )


async def hears(there: BrowserPeer, frequency: float) -> None:
    await there.wait_for(
        lambda: there.sound("user"), lambda it: it and abs(it.frequency - frequency) < 3
    )


async def sees(pictures: FrameReader[VideoFrame], color: Color) -> VideoFrame:
    last: Color | None = None
    try:
        async with asyncio.timeout(30):
            async for one in pictures:
                last = color_of(one)
                if near(last, color):
                    return one
    except TimeoutError:
        pass
    raise AssertionError(f"{color} was not seen, at last {last}")


def pitch(sound: list[AudioFrame]) -> float:
    """The loudest frequency, in Hz."""
    samples = np.frombuffer(b"".join(one.data for one in sound), np.int16).astype(float)
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(spectrum) * 48_000 / len(samples))


async def listens(voice: FrameReader[AudioFrame], frequency: float) -> None:
    """Take half seconds of sound until one of them has that pitch."""
    heard: list[AudioFrame] = []
    try:
        async with asyncio.timeout(30):
            while True:
                heard = [await anext(voice) for _ in range(50)]
                if abs(pitch(heard) - frequency) < 4:
                    return
    except TimeoutError:
        raise AssertionError(f"{pitch(heard) if heard else 0} Hz") from None


async def test_our_camera_is_seen_changing(
    there: BrowserPeer, livekit_server: LiveKitServer
) -> None:
    async with both(there, livekit_server) as session:
        camera = session.local.camera
        async with changing(FrameInput(), RED) as painting:
            await camera.switch(painting.input)
            await camera.set_enabled(True)
            await shows(there, RED)
            painting.color = GREEN
            await shows(there, GREEN)
            painting.color = BLUE
            await shows(there, BLUE)
            await camera.mute()
            await there.wait_for(lambda: there.journal("trackMuted"))
            await camera.unmute()
            painting.color = RED
            await shows(there, RED)


async def test_an_iterator_of_pictures_is_seen_as_our_screen(
    there: BrowserPeer, livekit_server: LiveKitServer
) -> None:
    turn = [GREEN]

    async def pictures() -> AsyncIterator[VideoFrame]:
        while True:
            yield picture(turn[0])
            await asyncio.sleep(1 / 10)

    async with both(there, livekit_server) as session:
        await session.local.screen_share.switch(pictures())
        await session.local.screen_share.set_enabled(True)
        await shows(there, GREEN, "screen_share")
        turn[0] = RED
        await shows(there, RED, "screen_share")
        assert await there.picture("user", "camera") is None


async def test_the_browsers_camera_and_screen_reach_us(
    there: BrowserPeer, livekit_server: LiveKitServer
) -> None:
    async with both(there, livekit_server) as session:
        web = session.participant("web")
        face, desk = web.video(), web.screen_share()
        await there.publish_color(RED)
        await there.publish_color(BLUE, "screen_share")
        first = await sees(face, RED)
        assert (first.width, first.height, first.format) == (320, 240, "rgba")
        await sees(desk, BLUE)
        await there.change("camera", GREEN)
        await sees(face, GREEN)
        await there.unpublish("camera")
        await session.wait_until(lambda _: web.camera_track.value is None, PATIENCE)
        await there.publish_color(BLUE)
        await sees(face, BLUE)


async def test_our_tone_is_heard_there(there: BrowserPeer, livekit_server: LiveKitServer) -> None:
    async with both(there, livekit_server) as session:
        microphone = session.local.microphone
        await microphone.switch(ToneInput(523.0))
        await microphone.set_enabled(True)
        await hears(there, 523)
        await microphone.switch(ToneInput(1_047.0, sample_rate=16_000))
        await hears(there, 1_047)
        await microphone.switch(SilenceInput())
        await there.wait_for(lambda: there.sound("user"), lambda it: it and it.level < 0.001)


async def test_the_browsers_tone_is_heard_by_us(
    there: BrowserPeer, livekit_server: LiveKitServer
) -> None:
    async with both(there, livekit_server) as session:
        web = session.participant("web")
        voice, level = web.audio(), web.level
        bands = web.bands(3, 200, 1_100)
        await there.publish_tone(350)
        await listens(voice, 350)
        await until(lambda: level.value > 0.2)
        await there.change("microphone", 800)
        await listens(voice, 800)
        await until(lambda: bands.value[2] > max(bands.value[:2]))
        await there.leave()
        await session.wait_until(lambda _: web.microphone_track.value is None, PATIENCE)
        await until(lambda: level.value == 0.0)


async def test_calls_both_ways(there: BrowserPeer, livekit_server: LiveKitServer) -> None:
    async with both(there, livekit_server) as session:

        @session.rpc("upper")
        async def upper(call: RpcCall) -> str:
            return f"{call.caller}: {call.payload.upper()}"

        await there.answer("greet", "hello ")
        assert await session.call("greet", "wörld ✓", to="web") == "hello wörld ✓"
        assert await there.call("user", "upper", "wörld ✓") == "web: WÖRLD ✓"
        (event,) = await there.journal("rpc")
        assert event["args"] == ["greet", "user", "wörld ✓"]


async def test_files_both_ways(
    there: BrowserPeer, livekit_server: LiveKitServer, tmp_path: Path
) -> None:
    content = np.random.default_rng(1).bytes(SIZE)
    (tmp_path / "up.bin").write_bytes(content)
    async with both(there, livekit_server) as session:
        came: list[IncomingStream] = []
        session.byte_streams("files").subscribe(came.append)
        await session.send_file(tmp_path / "up.bin", "files", to="web")
        (file,) = await there.wait_for(there.files, lambda them: them and them[0]["content"])
        assert (file["sender"], file["name"], file["size"]) == ("user", "up.bin", SIZE)
        assert file["content"] == content
        await there.send_file("down.bin", content[::-1])
        await until(lambda: came)
        saved = await came[0].save(tmp_path)
        assert saved.name == "down.bin"
        assert saved.read_bytes() == content[::-1]


async def test_a_conversation_is_followed_and_joined_in(there: BrowserPeer, stack: Stack) -> None:
    room = stack.room()
    source = TokenSource.literal(stack.url, stack.token(room))
    async with asyncio.timeout(180), Session(source) as session:
        await session.start()
        await there.join(stack.url, stack.token(room, "web", name="Web", agent=None))
        await session.wait_until(lambda now: now.participant("web") is not None, PATIENCE)
        await converse(session, "is anybody there?")
        (chat,) = await there.wait_for(there.texts, lambda them: them and them[-1]["final"])
        assert (chat["sender"], chat["text"]) == ("user", "is anybody there?")

        async def transcripts() -> list[str]:
            return [one["text"].strip() for one in await there.texts("lk.transcription")]

        await there.wait_for(transcripts, lambda them: "echo: is anybody there?" in them)
        await there.send_text("I am here")
        message = await said(session, "I am here")
        assert (message.sender, message.sender_name) == ("web", "Web")
        await converse(session, "good")
        assert session.state.value == "active"
