"""What cameras, pictures and screens give is seen by others in the room, and seen changing."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from livekit import rtc

from contract.calls import PATIENCE
from peers.hand import HandClient
from peers.server import LiveKitServer, fresh_room
from session_fsm import CameraInput, ImageInput, Session, TokenSource, VideoFrame
from session_fsm.video import libraries, v4l2

pytestmark = pytest.mark.server

WIDTH, HEIGHT = 320, 240
RED, BLUE, GREEN = (200, 40, 40), (40, 40, 200), (40, 180, 40)


def shown(colour: tuple[int, int, int]) -> VideoFrame:
    return VideoFrame(bytes(colour) * WIDTH * HEIGHT, WIDTH, HEIGHT, "rgb24")


def is_like(one: tuple[int, ...], other: tuple[int, int, int]) -> bool:
    """A video codec changes colours a little."""
    return all(abs(a - b) <= 25 for a, b in zip(one, other, strict=True))


class Onlooker:
    """Another client in the room, who says which colour it sees."""

    def __init__(self, client: HandClient) -> None:
        self.client = client
        self.tracks: asyncio.Queue[rtc.RemoteVideoTrack] = asyncio.Queue()
        client.room.on("track_subscribed", self._subscribed)

    def _subscribed(self, track: rtc.Track, publication: Any, _person: Any) -> None:
        if isinstance(track, rtc.RemoteVideoTrack):
            self.client.note("source", publication.source)
            self.tracks.put_nowait(track)

    async def track(self) -> rtc.RemoteVideoTrack:
        async with asyncio.timeout(PATIENCE):
            return await self.tracks.get()

    async def sees(
        self, track: rtc.RemoteVideoTrack, colours: list[tuple[int, int, int]]
    ) -> tuple[int, int]:
        """Wait until each colour was seen, in this order; the size of the last picture."""
        waiting = list(colours)
        stream = rtc.VideoStream(track, format=rtc.VideoBufferType.RGB24)
        async with asyncio.timeout(PATIENCE), aclosing(stream):
            async for event in stream:
                frame = event.frame
                middle = 3 * (frame.height // 2 * frame.width + frame.width // 2)
                if is_like(tuple(frame.data[middle : middle + 3]), waiting[0]):
                    waiting.pop(0)
                if not waiting:
                    return frame.width, frame.height
        raise AssertionError(f"the track ended before {waiting[0]} was seen")


@asynccontextmanager
async def company(server: LiveKitServer) -> AsyncIterator[tuple[Session, Onlooker]]:
    """A session that has not started yet, and who looks on."""
    room = fresh_room()
    client = HandClient()
    onlooker = Onlooker(client)
    await client.room.connect(server.url, server.token(room, "onlooker"))
    try:
        source = TokenSource.literal(server.url, server.token(room, "user"))
        async with asyncio.timeout(90), Session(source) as session:
            yield session, onlooker
    finally:
        await client.leave()


async def test_a_picture_is_seen_and_another_one_takes_its_place(
    livekit_server: LiveKitServer, tmp_path: Path
) -> None:
    path = tmp_path / "blue.png"
    pixels = np.full((HEIGHT, WIDTH, 3), BLUE[::-1], np.uint8)
    path.write_bytes(cv2.imencode(".png", pixels)[1].tobytes())
    async with company(livekit_server) as (session, onlooker):
        await session.start(camera=ImageInput(shown(RED)))
        track = await onlooker.track()
        assert onlooker.client.saw("source", rtc.TrackSource.SOURCE_CAMERA)
        await onlooker.sees(track, [RED])
        await session.local.camera.switch(ImageInput(path))
        assert session.local.camera.device.value == "blue.png"
        await onlooker.sees(track, [BLUE])
        await session.local.camera.switch(ImageInput(shown(GREEN), fps=15))
        await onlooker.sees(track, [GREEN])


@pytest.fixture
def camera_that_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """A camera that shows two colours in turn, half a second each; how often it was released."""
    film = tmp_path / "film.avi"
    writer = cv2.VideoWriter(str(film), cv2.VideoWriter.fourcc(*"MJPG"), 30.0, (WIDTH, HEIGHT))
    for colour in (RED, BLUE):
        for _ in range(15):
            writer.write(np.full((HEIGHT, WIDTH, 3), colour[::-1], np.uint8))
    writer.release()
    for folder in ("dev", "sys/video0"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "dev" / "video0").touch()
    monkeypatch.setattr(v4l2, "NODES", tmp_path / "dev")
    monkeypatch.setattr(v4l2, "CLASS", tmp_path / "sys")
    released: list[object] = []

    class Camera:
        """Reads the film again and again, at its pace."""

        def __init__(self, _place: str, _backend: int) -> None:
            self._film = cv2.VideoCapture(str(film))
            self.isOpened, self.retrieve = self._film.isOpened, self._film.retrieve
            self.set = lambda *_: False

        def grab(self) -> bool:
            time.sleep(1 / 30)
            if self._film.grab():
                return True
            self._film.set(cv2.CAP_PROP_POS_FRAMES, 0)
            return bool(self._film.grab())

        def release(self) -> None:
            self._film.release()
            released.append(self)

    class OpenCv:
        VideoCapture = Camera

        def __getattr__(self, name: str) -> Any:
            return getattr(cv2, name)

    monkeypatch.setattr(libraries, "import_module", {"cv2": OpenCv()}.__getitem__)
    return lambda: len(released)


async def test_a_camera_is_seen_changing_and_released_in_the_end(
    livekit_server: LiveKitServer, camera_that_changes: Callable[[], int]
) -> None:
    source = CameraInput(width=WIDTH, height=HEIGHT)
    async with company(livekit_server) as (session, onlooker):
        await session.start(camera=source)
        track = await onlooker.track()
        assert await onlooker.sees(track, [RED, BLUE, RED, BLUE]) == (WIDTH, HEIGHT)
        await session.local.camera.mute()
        await session.local.camera.unmute()
        await onlooker.sees(track, [RED, BLUE])
        await session.local.camera.set_enabled(False)
        assert camera_that_changes() == 1
        await session.local.camera.set_enabled(True)
        await onlooker.sees(await onlooker.track(), [RED, BLUE])
    assert camera_that_changes() == 2
