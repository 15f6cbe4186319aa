"""A session and a browser with the same key, with different ones, and with one that changes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from contract.calls import PATIENCE, said, until
from contract.pictures import BLUE, RED, changing, near
from peers.browser import Browser, BrowserPeer
from peers.fixtures import Stack
from peers.server import LiveKitServer, fresh_room
from session_fsm import (
    Encryption,
    EncryptionState,
    FrameInput,
    IncomingStream,
    RpcCall,
    Session,
    TokenSource,
    ToneInput,
)

pytestmark = pytest.mark.server

KEY = "a passphrase of the room"
Key = str | bytes


@pytest.fixture
async def there(browser: Browser) -> BrowserPeer:
    return await browser.open()


@asynccontextmanager
async def both(
    there: BrowserPeer, server: LiveKitServer, ours: Key, theirs: Key | None
) -> AsyncIterator[Session]:
    """A session in a room without an agent, which the page is in as "web"."""
    room = fresh_room()
    source = TokenSource.literal(server.url, server.token(room, "user"))
    async with (
        asyncio.timeout(180),
        Session(source, encryption=Encryption(key=ours)) as session,
    ):
        await session.start()
        await there.join(server.url, server.token(room, "web"), key=theirs)
        await session.wait_until(lambda now: now.participant("web") is not None, PATIENCE)
        yield session


async def hears(there: BrowserPeer, frequency: float) -> None:
    await there.wait_for(
        lambda: there.sound("user"), lambda it: it and abs(it.frequency - frequency) < 3
    )


async def shows(there: BrowserPeer, color: tuple[int, int, int]) -> None:
    await there.wait_for(
        lambda: there.picture("user"), lambda seen: seen and near(seen.color, color)
    )


async def is_heard(session: Session) -> None:
    """Something loud comes from the page."""
    async with asyncio.timeout(30):
        async for frame in session.participant("web").audio():
            if max(memoryview(frame.data).cast("h")) > 3_000:
                return


def problem(session: Session) -> str | None:
    peer = session.encryption_peers.value.get("web")
    return None if peer is None or peer.failure is None else peer.failure.kind


@pytest.mark.parametrize("key", [KEY, bytes(range(16))], ids=["passphrase", "bytes"])
async def test_everything_goes_both_ways(
    there: BrowserPeer, livekit_server: LiveKitServer, key: Key, tmp_path: Path
) -> None:
    content = bytes(range(256)) * 200
    (tmp_path / "file.bin").write_bytes(content)
    async with both(there, livekit_server, key, key) as session:
        came: list[IncomingStream] = []
        session.byte_streams("files").subscribe(came.append)

        @session.rpc("double")
        def double(call: RpcCall) -> str:
            return call.payload * 2

        await session.local.microphone.switch(ToneInput(500))
        await session.local.microphone.set_enabled(True)
        await hears(there, 500)
        async with changing(FrameInput(), RED) as painting:
            await session.local.camera.switch(painting.input)
            await session.local.camera.set_enabled(True)
            await shows(there, RED)
            painting.color = BLUE
            await shows(there, BLUE)
        await there.publish_tone(700)
        await is_heard(session)
        await there.publish_color(BLUE)
        async with asyncio.timeout(30):
            async for picture in session.participant("web").video():
                if picture.data[2] > 150 > picture.data[0]:
                    break
        await there.send_text("from the browser")
        assert (await said(session, "from the browser")).sender == "web"
        await there.answer("greet", "hello ")
        assert await session.call("greet", "you", to="web") == "hello you"
        assert await there.call("user", "double", "ab") == "abab"
        await session.send_file(tmp_path / "file.bin", "files")
        await there.wait_for(
            there.files, lambda found: found and found[0].get("content") == content
        )
        await there.send_file("back.bin", content)
        await until(lambda: came)
        assert await came[0].read_all() == content
        assert session.encryption.value is EncryptionState.ON, session.encryption_peers.value
        assert session.encryption_peers.value["web"].is_encrypted
        assert not await there.journal("encryptionError")


async def test_another_key_is_reported_with_the_name(
    there: BrowserPeer, livekit_server: LiveKitServer
) -> None:
    async with both(there, livekit_server, KEY, "another key") as session:
        await session.local.microphone.switch(ToneInput(500))
        await session.local.microphone.set_enabled(True)
        await there.publish_tone(700)
        await there.wait_for(lambda: there.journal("encryptionError"))
        now = await session.wait_until(
            lambda now: now.encryption.state is EncryptionState.DEGRADED, PATIENCE
        )
        failure = now.encryption.peers["web"].failure
        assert failure is not None
        assert failure.kind == "key-mismatch"
        assert "'web'" in str(failure)
        await there.set_key(KEY)
        await session.wait_until(lambda now: now.encryption.state is EncryptionState.ON, PATIENCE)
        await is_heard(session)


async def test_a_browser_that_does_not_encrypt_is_reported(
    there: BrowserPeer, livekit_server: LiveKitServer
) -> None:
    async with both(there, livekit_server, KEY, None) as session:
        await there.publish_tone(700)
        await until(lambda: problem(session) == "peer-plain")
        assert session.encryption.value is EncryptionState.DEGRADED
        await there.leave()
        await until(lambda: session.encryption.value is EncryptionState.ON)


async def test_off_and_on_again_on_both_sides(
    there: BrowserPeer, livekit_server: LiveKitServer
) -> None:
    async with both(there, livekit_server, KEY, KEY) as session:
        await session.local.microphone.switch(ToneInput(500))
        await session.local.microphone.set_enabled(True)
        await there.publish_tone(700)
        await hears(there, 500)
        await is_heard(session)
        await session.set_encryption_enabled(False)
        await is_heard(session)  # what it encrypts is still read
        await there.set_encrypted(False)
        await hears(there, 500)
        await there.send_text("both in clear")
        await said(session, "both in clear")
        await session.set_encryption_enabled(True)
        await until(lambda: problem(session) == "peer-plain")
        await there.set_encrypted(True)
        await until(lambda: session.encryption.value is EncryptionState.ON)
        await hears(there, 500)
        await is_heard(session)


async def test_transcripts_of_an_encrypted_room_reach_both(
    there: BrowserPeer, stack: Stack
) -> None:
    room = fresh_room()
    token = stack.token(room, "user", agent_metadata={"key": KEY})
    source = TokenSource.literal(stack.url, token)
    async with (
        asyncio.timeout(120),
        Session(source, encryption=Encryption(key=KEY)) as session,
    ):
        await session.start()
        await there.join(stack.url, stack.token(room, "web", agent=None), key=KEY)
        await session.wait_until(lambda now: now.participant("web") is not None, PATIENCE)
        await session.send("hello")
        await said(session, "echo: hello")
        await there.wait_for(
            lambda: there.texts("lk.transcription"),
            lambda found: any(one["text"].strip() == "echo: hello" for one in found),
        )
        assert session.encryption.value is EncryptionState.ON
