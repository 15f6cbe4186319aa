"""A camera: its pictures, its failures at each step, and its thread, which always ends."""

import asyncio
import errno
import fcntl
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from itertools import repeat
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from session_fsm import (
    CameraInput,
    Device,
    MediaError,
    MediaState,
    Session,
    TokenSource,
    VideoFrame,
    devices,
)
from session_fsm.audio import portaudio
from session_fsm.cli import main
from session_fsm.video import capture, libraries, listing, v4l2
from unit.video.conftest import GREY, Cameras
from unit.video.pictures import is_like, rgb

FASTER_THAN_ANY = 1e9


async def pictures(source: CameraInput, count: int) -> list[VideoFrame]:
    async with asyncio.timeout(30), source.open() as frames:
        return [await anext(frames) for _ in range(count)]


async def every_picture(source: CameraInput, seen: list[VideoFrame]) -> None:
    async with asyncio.timeout(30), source.open() as frames:
        async for frame in frames:
            seen.append(frame)  # noqa: PERF401 - what came before a failure is seen


async def until(reached: Callable[[], object]) -> None:
    async with asyncio.timeout(30):
        while not reached():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_every_picture_of_a_camera_arrives_or_is_counted(
    cameras: Cameras, tmp_path: Path
) -> None:
    film = tmp_path / "film.avi"
    writer = cv2.VideoWriter(str(film), cv2.VideoWriter.fourcc(*"MJPG"), 30.0, (64, 48))
    for shade in range(40):
        writer.write(np.full((48, 64, 3), 6 * shade, np.uint8))
    writer.release()
    cameras.plug(0, "Film")
    cameras.open = lambda _place, _backend: cv2.VideoCapture(str(film))
    source = CameraInput(fps=FASTER_THAN_ANY)
    seen: list[VideoFrame] = []
    with pytest.raises(MediaError, match="Film gives no pictures any more: turn it off"):
        await every_picture(source, seen)
    assert {(one.width, one.height, one.format) for one in seen} == {(64, 48, "i420")}
    shades = [rgb(one, 30, 20)[0] for one in seen]
    assert len(shades) + source.dropped == 40
    assert shades == sorted(shades)
    assert abs(shades[-1] - 6 * 39) < 8


async def test_the_newest_picture_waits_and_the_others_are_counted(cameras: Cameras) -> None:
    cameras.plug(0, "Camera")
    given = [np.full((48, 64, 3), shade, np.uint8) for shade in (10, 60, 110, 160)]
    cameras.stream.pictures = iter(given)
    source = CameraInput(fps=FASTER_THAN_ANY)
    async with source.open() as frames:
        await until(lambda: source.dropped == 3)
        assert is_like(rgb(await anext(frames), 9, 9), (160, 160, 160))
        with pytest.raises(MediaError, match="gives no pictures any more"):
            await anext(frames)


async def test_a_camera_is_asked_for_size_and_pace_and_gives_what_it_has(
    cameras: Cameras,
) -> None:
    cameras.plug(0, "Camera")
    cameras.stream.pictures = repeat(np.zeros((35, 51, 3), np.uint8))
    (frame,) = await pictures(CameraInput(width=640, height=360, fps=10), 1)
    assert (frame.width, frame.height) == (50, 34)
    asked = cameras.stream.asked
    assert asked[cv2.CAP_PROP_FRAME_WIDTH] == 640
    assert asked[cv2.CAP_PROP_FRAME_HEIGHT] == 360
    assert asked[cv2.CAP_PROP_FPS] == 10


async def test_of_a_camera_that_is_too_fast_some_pictures_are_left_out(cameras: Cameras) -> None:
    cameras.plug(0, "Camera")
    count = iter(range(1_000_000))
    cameras.stream.pictures = (GREY for _ in count)
    source = CameraInput(fps=20)
    await pictures(source, 3)
    assert next(count) > 10 + source.dropped


async def test_a_broken_picture_is_passed_over(cameras: Cameras) -> None:
    cameras.plug(0, "Camera")
    cameras.stream.pictures = iter(["broken", GREY])
    await pictures(CameraInput(fps=FASTER_THAN_ANY), 1)


def refuse_open(code: int) -> Callable[[pytest.MonkeyPatch], None]:
    def refuse(monkeypatch: pytest.MonkeyPatch) -> None:
        real = os.open

        def opened(path: Any, flags: int, *more: Any, **others: Any) -> int:
            if Path(path).name == "video0":
                raise OSError(code, os.strerror(code), str(path))
            return real(path, flags, *more, **others)

        monkeypatch.setattr(os, "open", opened)

    return refuse


def somebody_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def ioctl(_handle: int, request: int, _answer: bytearray) -> int:
        code = errno.EBUSY if request == v4l2.REQBUFS else errno.ENOTTY
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(fcntl, "ioctl", ioctl)


@pytest.mark.parametrize(
    ("happens", "kind", "says"),
    [
        (refuse_open(errno.ENOENT), "not-found", "it may have been unplugged"),
        (refuse_open(errno.ENODEV), "not-found", "it may have been unplugged"),
        (refuse_open(errno.EACCES), "permission-denied", "add it to the group 'video'"),
        (somebody_has_it, "in-use", "is in use: let go of it there"),
    ],
    ids=["missing", "unplugged", "permission", "in use"],
)
async def test_what_the_system_says_of_a_camera_has_a_kind(
    cameras: Cameras,
    monkeypatch: pytest.MonkeyPatch,
    happens: Callable[[pytest.MonkeyPatch], None],
    kind: str,
    says: str,
) -> None:
    cameras.plug(0, "Camera")
    happens(monkeypatch)
    with pytest.raises(MediaError, match=says) as caught:
        await pictures(CameraInput(), 1)
    assert caught.value.kind == kind
    assert str(caught.value).startswith("Camera (")
    assert cameras.stream.opened == 0


async def test_a_camera_that_opencv_refuses_fails(cameras: Cameras) -> None:
    cameras.plug(0, "Camera")
    cameras.stream.is_there = False
    with pytest.raises(MediaError, match="Camera cannot be opened") as caught:
        await pictures(CameraInput(), 1)
    assert caught.value.kind == "other"


@pytest.mark.parametrize("good", [0, 3])
@pytest.mark.parametrize("unplugged", [False, True])
async def test_a_camera_that_gives_nothing_any_more_fails(
    cameras: Cameras, good: int, *, unplugged: bool
) -> None:
    node = cameras.plug(0, "Camera")

    def given() -> Any:
        yield from repeat(GREY, good)
        if unplugged:
            node.unlink()

    cameras.stream.pictures = given()
    with pytest.raises(MediaError, match="Camera gives no pictures any more") as caught:
        await pictures(CameraInput(fps=FASTER_THAN_ANY), good + 1)
    assert caught.value.kind == ("not-found" if unplugged else "other")


async def test_no_camera_and_a_wrong_one_are_not_found(cameras: Cameras) -> None:
    with pytest.raises(MediaError, match="There is no camera: plug one in") as caught:
        await pictures(CameraInput(), 1)
    assert caught.value.kind == "not-found"
    cameras.plug(0, "Camera")
    with pytest.raises(MediaError, match="There is no camera 'camera:other'") as caught:
        await pictures(CameraInput("camera:other"), 1)
    assert caught.value.kind == "not-found"


async def test_closing_does_not_wait_for_a_driver_that_hangs(
    cameras: Cameras, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(capture, "CLOSE_TIMEOUT", 0.01)
    cameras.plug(0, "Camera")
    cameras.stream.hangs_at = "grab"
    async with asyncio.timeout(30), CameraInput().open():
        await until(cameras.stream.hangs.is_set)
    assert cameras.stream.released == 0
    cameras.stream.go_on.set()
    await until(lambda: cameras.stream.released)


async def test_given_up_while_it_opens_a_camera_is_let_go_of(
    cameras: Cameras, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(capture, "CLOSE_TIMEOUT", 0.01)
    cameras.plug(0, "Camera")
    cameras.stream.hangs_at = "open"
    opening = asyncio.ensure_future(pictures(CameraInput(), 1))
    await until(cameras.stream.hangs.is_set)
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    cameras.stream.go_on.set()
    await until(lambda: cameras.stream.released)


async def test_a_loop_that_ends_ends_the_thread(cameras: Cameras) -> None:
    cameras.plug(0, "Camera")
    cameras.stream.pictures = repeat(GREY)

    async def forgets_to_close() -> None:
        await CameraInput(fps=FASTER_THAN_ANY).open().__aenter__()
        raise RuntimeError

    def program() -> None:
        with suppress(RuntimeError):
            asyncio.run(forgets_to_close())

    thread = threading.Thread(target=program)
    thread.start()
    await asyncio.to_thread(thread.join, 30)
    await until(lambda: cameras.stream.released)


async def test_a_session_sends_what_a_camera_sees_and_goes_on_without_it(
    cameras: Cameras,
) -> None:
    node = cameras.plug(0, "Front", by_id="usb-front-video-index0")
    cameras.plug(1, "Back")
    unplug = threading.Event()

    def given() -> Any:
        while not unplug.wait(0.01):
            yield GREY

    cameras.stream.pictures = given()
    async with asyncio.timeout(60), Session(TokenSource.loopback()) as session:
        camera = session.local.camera
        await session.start(camera=True)
        await session.wait_until(lambda now: now.media.camera.state == "live", 30)
        assert camera.device.value == "default camera"
        await camera.switch("camera:usb-front-video-index0")
        assert camera.device.value == "camera:usb-front-video-index0"
        await camera.switch(devices("camera")[0])
        assert camera.device.value == "Front"
        with pytest.raises(MediaError, match="There is no camera 'camera:side'"):
            await camera.switch("camera:side")
        assert camera.state.value is MediaState.LIVE
        node.unlink()
        unplug.set()
        await session.wait_until(lambda now: now.media.camera.state == "failed", 30)
        failure = camera.failure.value
        assert failure is not None
        assert failure.kind == "not-found"
        await session.send("hello")


def test_cameras_have_ids_that_stay(cameras: Cameras) -> None:
    cameras.plug(0, "Built in")
    cameras.plug(10, "USB 2", by_id="usb-B_2-video-index0")
    cameras.plug(2, "USB 1", by_id="usb-A_1-video-index0")
    cameras.plug(3, "USB 1", index=1)
    assert devices("camera") == (
        Device("camera:video0", "Built in", "camera", is_default=True),
        Device("camera:usb-A_1-video-index0", "USB 1", "camera"),
        Device("camera:usb-B_2-video-index0", "USB 2", "camera"),
    )
    assert repr(CameraInput(devices("camera")[1])) == "<CameraInput USB 1>"


def test_the_command_lists_them_and_says_what_is_missing(
    cameras: Cameras, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def missing(_name: str) -> None:
        raise ModuleNotFoundError("No module named 'sounddevice'")

    monkeypatch.setattr(portaudio, "import_module", missing)
    cameras.plug(0, "Built in")
    assert main(["devices"]) == 0
    said = capsys.readouterr()
    assert said.out == "* camera camera:video0  (Built in)\n"
    assert said.err.count("pip install 'session-fsm[audio]'") == 1
    monkeypatch.setattr(libraries, "find_spec", lambda _name: None)
    assert main(["devices"]) == 1
    assert "pip install 'session-fsm[" in capsys.readouterr().err


@pytest.mark.parametrize(("bits", "there"), [(0x1, True), (0x1000, True), (0x0080_0000, False)])
def test_only_nodes_with_pictures_are_cameras(
    cameras: Cameras, monkeypatch: pytest.MonkeyPatch, bits: int, *, there: bool
) -> None:
    def ioctl(_handle: int, request: int, answer: bytearray) -> int:
        assert request == v4l2.QUERYCAP
        answer[84:92] = (0xFFFF_FFFF).to_bytes(4, "little") + bits.to_bytes(4, "little")
        return 0

    monkeypatch.setattr(fcntl, "ioctl", ioctl)
    cameras.plug(0, "Camera")
    assert bool(devices("camera")) is there


def test_elsewhere_cameras_are_listed_by_a_package_of_its_own(
    cameras: Cameras, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Found:
        @staticmethod
        def enumerate_cameras(backend: int) -> list[Any]:
            assert backend == cv2.CAP_AVFOUNDATION
            return [Found(0, "FaceTime", "0x14"), Found(1, "Phone", None)]

        def __init__(self, *facts: Any) -> None:
            self.index, self.name, self.path = facts

    monkeypatch.setattr(listing.sys, "platform", "darwin")
    monkeypatch.setattr(listing, "import_module", {"cv2_enumerate_cameras": Found}.__getitem__)
    assert devices("camera") == (
        Device("camera:0x14", "FaceTime", "camera", is_default=True),
        Device("camera:Phone", "Phone", "camera"),
    )
    camera = listing.camera_of("camera:Phone")
    assert (camera.place, camera.backend) == (1, "CAP_AVFOUNDATION")


@pytest.mark.parametrize("wrong", [{"width": 0}, {"height": -1}, {"fps": 0.0}])
def test_a_size_or_pace_of_nothing_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must be above 0"):
        CameraInput(**wrong)


@pytest.mark.parametrize(
    ("raised", "says"),
    [
        (ModuleNotFoundError("No module named 'cv2'"), r"pip install 'session-fsm\[video\]'"),
        (ImportError("libGL.so.1: cannot open"), "opencv-python-headless"),
    ],
)
async def test_what_is_missing_is_said(
    cameras: Cameras, monkeypatch: pytest.MonkeyPatch, raised: Exception, says: str
) -> None:
    def missing(_name: str) -> None:
        raise raised

    monkeypatch.setattr(libraries, "import_module", missing)
    with pytest.raises(MediaError, match=says) as caught:
        await pictures(CameraInput(), 1)
    assert caught.value.kind == "not-found"


def test_without_the_extra_cameras_cannot_be_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libraries, "find_spec", lambda _name: None)
    with pytest.raises(MediaError, match=r"pip install 'session-fsm\[video\]'"):
        devices("camera")
