"""Cameras made of files and scripts, and a screen of the test's own."""

import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from peers.display import invisible_screen
from session_fsm.video import libraries, v4l2

GREY = np.full((48, 64, 3), 128, np.uint8)


class ScriptedStream:
    """In the place of ``cv2.VideoCapture``: does what a test says, and can hang."""

    def __init__(self) -> None:
        self.is_there = True
        self.pictures: Iterator[Any] = iter(())
        self.asked: dict[int, float] = {}
        self.opened = 0
        self.released = 0
        self.hangs_at = ""
        self.go_on = threading.Event()
        self._one_at_a_time = threading.Lock()
        self.hangs = threading.Event()

    def __call__(self, place: object, backend: int) -> "ScriptedStream":
        assert backend == cv2.CAP_V4L2
        self.opened += 1
        self._maybe_hang("open")
        return self

    def isOpened(self) -> bool:  # noqa: N802 - OpenCV's name
        return self.is_there

    def set(self, what: int, value: float) -> bool:
        self.asked[what] = value
        return False

    def grab(self) -> bool:
        self._maybe_hang("grab")
        with self._one_at_a_time:
            self._picture = next(self.pictures, None)
        if isinstance(self._picture, Exception):
            raise self._picture
        return self._picture is not None

    def retrieve(self) -> tuple[bool, Any]:
        return not isinstance(self._picture, str), self._picture

    def release(self) -> None:
        self.released += 1

    def _maybe_hang(self, where: str) -> None:
        if self.hangs_at == where:
            self.hangs.set()
            self.go_on.wait(30)


class Cameras:
    """The ``/dev`` and ``/sys`` of a computer, and an OpenCV that opens what a test says."""

    def __init__(self, folder: Path) -> None:
        self.dev = folder / "dev"
        self.sys = folder / "sys"
        self.stream = ScriptedStream()
        self.open: Callable[[Any, int], Any] = self.stream
        for one in (self.dev, self.sys):
            one.mkdir()

    def plug(self, number: int, name: str, *, index: int = 0, by_id: str = "") -> Path:
        """Add a node, and what the kernel and udev say of it."""
        about = self.sys / f"video{number}"
        about.mkdir()
        (about / "name").write_text(f"{name}\n")
        (about / "index").write_text(f"{index}\n")
        node = self.dev / f"video{number}"
        node.touch()
        if by_id:
            links = self.dev / "v4l" / "by-id"
            links.mkdir(parents=True, exist_ok=True)
            (links / by_id).symlink_to(node)
        return node

    def __getattr__(self, name: str) -> Any:
        """What OpenCV has."""
        return self.open if name == "VideoCapture" else getattr(cv2, name)


@pytest.fixture
def cameras(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cameras]:
    """A computer without any camera yet; in the end no thread is left."""
    if not hasattr(os, "O_NONBLOCK"):
        pytest.skip("cameras of Linux")
    world = Cameras(tmp_path)
    monkeypatch.setattr(v4l2, "NODES", world.dev)
    monkeypatch.setattr(v4l2, "CLASS", world.sys)
    monkeypatch.setattr(libraries, "import_module", {"cv2": world}.__getitem__)
    yield world
    world.stream.go_on.set()
    no_thread_is_left()
    assert world.stream.released == world.stream.opened


def no_thread_is_left() -> None:
    for thread in threading.enumerate():
        if thread.name.startswith("session-fsm "):
            thread.join(30)
            assert not thread.is_alive(), thread.name


@pytest.fixture(scope="session")
def display() -> Iterator[str]:
    """The name of a screen of 320 x 200 that nobody sees."""
    with invisible_screen(320, 200, "xsetroot") as name:
        yield name


def paint(display: str, colour: str) -> None:
    """Make the whole screen of one colour, ``#rrggbb``."""
    for _ in range(50):
        command = ["xsetroot", "-display", display, "-solid", colour]
        if subprocess.run(command, check=False, capture_output=True).returncode == 0:  # noqa: S603
            return
        time.sleep(0.1)
    pytest.fail("the screen cannot be painted")
