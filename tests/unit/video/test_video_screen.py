"""The screen: what is painted on it is what is sent."""

import asyncio
import subprocess
import sys

import pytest

from session_fsm import MediaError, ScreenInput, Session, TokenSource, VideoFrame
from session_fsm.video import libraries
from unit.video.conftest import no_thread_is_left, paint
from unit.video.pictures import is_like, rgb

AWAY_FROM_THE_POINTER = (20, 20)
PATIENCE = 30


async def seen(source: ScreenInput, display: str, colour: str) -> VideoFrame:
    """Paint the screen, and wait until the input shows it."""
    wanted = (int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16))
    async with asyncio.timeout(PATIENCE), source.open() as frames:
        await anext(frames)
        await asyncio.to_thread(paint, display, colour)
        async for frame in frames:
            if is_like(rgb(frame, *AWAY_FROM_THE_POINTER), wanted):
                return frame
    raise AssertionError("it ended")


@pytest.mark.parametrize("monitor", [0, 1])
async def test_what_is_painted_is_what_is_sent(
    display: str, monkeypatch: pytest.MonkeyPatch, monitor: int
) -> None:
    monkeypatch.setenv("DISPLAY", display)
    source = ScreenInput(monitor, fps=30)
    for colour in ("#d02040", "#2080d0"):
        frame = await seen(source, display, colour)
        assert (frame.width, frame.height, frame.format) == (320, 200, "i420")
        corners = [rgb(frame, x, y) for x in (0, 319) for y in (0, 199)]
        assert all(is_like(one, corners[0]) for one in corners)
    no_thread_is_left()


async def test_a_session_shares_the_screen(display: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", display)
    async with asyncio.timeout(60), Session(TokenSource.loopback()) as session:
        await session.start(screen_share=True)
        await session.wait_until(lambda now: now.media.screen_share.state == "live", PATIENCE)
        assert session.local.screen_share.device.value == "monitor 1"
        await session.local.screen_share.set_enabled(False)
    no_thread_is_left()


async def test_a_monitor_that_is_not_there_is_not_found(
    display: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISPLAY", display)
    with pytest.raises(MediaError, match="There is no monitor 7: there are 1") as caught:
        await ScreenInput(7).open().__aenter__()
    assert caught.value.kind == "not-found"
    no_thread_is_left()


@pytest.mark.skipif(sys.platform != "linux", reason="DISPLAY is of X11")
@pytest.mark.parametrize("where", ["", ":65000"])
async def test_no_screen_is_not_found(monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    monkeypatch.setenv("DISPLAY", where)
    with pytest.raises(MediaError, match=r"There is no screen: .*DISPLAY") as caught:
        await ScreenInput().open().__aenter__()
    assert caught.value.kind == "not-found"
    no_thread_is_left()


async def test_a_screen_that_goes_away_is_a_failure(
    monkeypatch: pytest.MonkeyPatch, display: str
) -> None:
    command = ["Xvfb", "-displayfd", "1", "-screen", "0", "64x64x24", "-nolisten", "tcp"]
    pipe, quiet = subprocess.PIPE, subprocess.DEVNULL
    with subprocess.Popen(command, stdout=pipe, stderr=quiet, text=True) as server:  # noqa: ASYNC220, S603
        assert server.stdout is not None
        number = await asyncio.to_thread(server.stdout.readline)
        monkeypatch.setenv("DISPLAY", f":{number.strip()}")
        async with asyncio.timeout(PATIENCE), ScreenInput().open() as frames:
            await anext(frames)
            server.terminate()
            with pytest.raises(MediaError, match="monitor 1 cannot be seen any more"):
                async for _ in frames:
                    pass
    no_thread_is_left()


async def test_what_is_missing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_name: str) -> None:
        raise ModuleNotFoundError("No module named 'mss'")

    monkeypatch.setattr(libraries, "import_module", missing)
    with pytest.raises(MediaError, match=r"screen needs .* pip install 'session-fsm\[video\]'"):
        await ScreenInput().open().__aenter__()


@pytest.mark.parametrize(("monitor", "fps"), [(-1, 15.0), (1, 0.0)])
def test_nonsense_is_refused(monitor: int, fps: float) -> None:
    with pytest.raises(ValueError, match="monitor must be 0 or more, and fps above 0"):
        ScreenInput(monitor, fps=fps)
