"""Which cameras there are, and how OpenCV finds each of them."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

import attrs

from session_fsm.errors import MediaError
from session_fsm.hardware.device import Device, id_of, no_such_device
from session_fsm.video import v4l2
from session_fsm.video.libraries import check_opencv, opencv

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BACKENDS: Final = {"win32": "CAP_MSMF", "darwin": "CAP_AVFOUNDATION"}
"""``sys.platform`` -> OpenCV's name of what cameras are reached by there."""


@attrs.frozen
class Camera:
    """A camera that can be opened.

    Attributes:
        device: What is seen of it.
        place: What OpenCV opens: a path, or a number.
        backend: OpenCV's name of what it is reached by.
        node: Its file on Linux.
    """

    device: Device
    place: str | int
    backend: str
    node: Path | None = None


def cameras() -> Iterator[Device]:
    """Yield what there is.

    Raises:
        MediaError: The extra ``video`` is not there.
    """
    check_opencv()
    return (camera.device for camera in _found())


def camera_of(wanted: Device | str | None) -> Camera:
    """Return a camera; None stands for the first one.

    Raises:
        MediaError: There is no such camera.
    """
    for camera in _found():
        if wanted is None or camera.device.id == id_of(wanted):
            return camera
    if wanted is None:
        raise MediaError("There is no camera: plug one in, or use ImageInput.", kind="not-found")
    raise no_such_device("camera", wanted)


def _found() -> Iterator[Camera]:
    if sys.platform == "linux":
        for device, node in v4l2.cameras():
            yield Camera(device, str(node), "CAP_V4L2", node)
    else:
        yield from _elsewhere()


def _elsewhere() -> Iterator[Camera]:
    backend = BACKENDS.get(sys.platform, "CAP_ANY")
    cameras: list[Any] = import_module("cv2_enumerate_cameras").enumerate_cameras(
        getattr(opencv(), backend)
    )
    for place, one in enumerate(cameras):
        name = str(one.name)
        device = Device(f"camera:{one.path or name}", name, "camera", place == 0)
        yield Camera(device, int(one.index), backend)
