"""A picture that stands still, in virtual time."""

import asyncio
from pathlib import Path

import cv2
import numpy as np
import pytest

from session_fsm import ImageInput, MediaError, VideoFrame
from session_fsm.testing import run_virtual
from session_fsm.video import libraries
from unit.video.pictures import is_like, rgb


async def frames_of(source: ImageInput, count: int) -> tuple[list[VideoFrame], float]:
    """So many frames, and how long they took."""
    began = asyncio.get_running_loop().time()
    async with source.open() as frames:
        found = [await anext(frames) for _ in range(count)]
    return found, asyncio.get_running_loop().time() - began


def test_a_frame_is_sent_again_and_again() -> None:
    picture = VideoFrame(bytes(4 * 4 * 4), 4, 4)
    found, seconds = run_virtual(frames_of(ImageInput(picture, fps=4), 9))
    assert found == [picture] * 9
    assert seconds == pytest.approx(2.0)


@pytest.mark.parametrize("kind", ["png", "jpg"])
def test_a_file_is_read_each_time_that_it_is_opened(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"bild ü.{kind}"
    source = ImageInput(path)
    assert source.name == path.name
    for colour in ((200, 30, 90), (10, 220, 40)):
        pixels = np.full((31, 33, 3), colour[::-1], np.uint8)
        path.write_bytes(cv2.imencode(f".{kind}", pixels)[1].tobytes())
        (frame,), _ = run_virtual(frames_of(source, 1))
        assert (frame.width, frame.height, frame.format) == (33, 31, "rgb24")
        assert is_like(rgb(frame, 32, 30), colour)


@pytest.mark.parametrize(
    ("content", "kind", "says"),
    [
        (None, "not-found", "There is no file"),
        (b"", "other", "is no picture"),
        (b"GIF or so", "other", "is no picture"),
    ],
)
def test_what_is_no_picture_is_a_failure(
    tmp_path: Path, content: bytes | None, kind: str, says: str
) -> None:
    path = tmp_path / "picture.png"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(MediaError, match=says) as caught:
        run_virtual(frames_of(ImageInput(path), 1))
    assert caught.value.kind == kind


def test_what_may_not_be_read_is_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(_path: Path) -> bytes:
        raise PermissionError

    monkeypatch.setattr(Path, "read_bytes", forbidden)
    with pytest.raises(MediaError, match="may not be read") as caught:
        run_virtual(frames_of(ImageInput(tmp_path / "picture.png"), 1))
    assert caught.value.kind == "permission-denied"


def test_a_folder_is_no_picture(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="cannot be read") as caught:
        run_virtual(frames_of(ImageInput(tmp_path), 1))
    assert caught.value.kind == "other"


def test_a_frame_needs_no_library(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def missing(_name: str) -> None:
        raise ModuleNotFoundError("No module named 'cv2'")

    monkeypatch.setattr(libraries, "import_module", missing)
    run_virtual(frames_of(ImageInput(VideoFrame(bytes(12), 2, 2, "rgb24")), 1))
    with pytest.raises(MediaError, match=r"pip install 'session-fsm\[video\]'"):
        run_virtual(frames_of(ImageInput(tmp_path / "picture.png"), 1))


def test_a_pace_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="fps must be above 0"):
        ImageInput("picture.png", fps=0)
