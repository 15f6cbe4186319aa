"""Cameras of Linux: what the kernel says of ``/dev/video*`` (Video4Linux2)."""

from __future__ import annotations

import errno
import os
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Final

from session_fsm.errors import MediaError
from session_fsm.hardware.device import Device

if TYPE_CHECKING:
    from collections.abc import Iterator

CLASS: Final = Path("/sys/class/video4linux")
NODES: Final = Path("/dev")
STABLE_NAMES: Final = ("v4l/by-id", "v4l/by-path")
"""Folders of links below ``/dev`` whose names outlive unplugging; the better one first."""

QUERYCAP: Final = 0x8068_5600
"""``VIDIOC_QUERYCAP``: `struct v4l2_capability`, 104 bytes."""
DEVICE_CAPS_AT: Final = 88
CAPTURES: Final = 0x0000_0001 | 0x0000_1000
"""It gives pictures, in one plane or several: a camera has other nodes, too."""
REQBUFS: Final = 0xC014_5608
"""``VIDIOC_REQBUFS``: whoever has buffers is the one who may have pictures."""
ONE_BUFFER: Final = struct.pack("=5I", 1, 1, 1, 0, 0)
"""One buffer of video capture, mapped into memory."""

MEANINGS: Final = {
    errno.ENOENT: ("not-found", "is not there any more: it may have been unplugged"),
    errno.ENODEV: ("not-found", "is not there any more: it may have been unplugged"),
    errno.ENXIO: ("not-found", "is not there any more: it may have been unplugged"),
    errno.EACCES: (
        "permission-denied",
        "may not be used by this user: on most systems, add it to the group 'video'",
    ),
    errno.EPERM: ("permission-denied", "may not be used by this program"),
    errno.EBUSY: ("in-use", "is in use: let go of it there, in this program or another one"),
}
"""What the system says -> kind of ``MediaError``, and what that means."""


def cameras() -> Iterator[tuple[Device, Path]]:
    """Yield each camera, and its node below ``/dev``, which may be another one after a restart."""
    stable = {node: name for name, node in _links()}
    first = True
    for number in sorted(_numbers()):
        node = NODES / f"video{number}"
        if not _gives_pictures(node, number):
            continue
        id_ = f"camera:{stable.get(node.name, node.name)}"
        yield Device(id_, _read(number, "name") or node.name, "camera", first), node
        first = False


def failure_of(node: Path, name: str) -> MediaError | None:
    """Return why a camera cannot be used, or None where the system knows of no reason."""
    try:
        _take_a_buffer(node)
    except OSError as error:
        kind, says = MEANINGS.get(error.errno or 0, (None, ""))
        if kind is None:
            return None
        failure = MediaError(f"{name} ({node}) {says}.", kind=kind)
        failure.__cause__ = error
        return failure
    return None


def _take_a_buffer(node: Path) -> None:
    import fcntl  # noqa: PLC0415 - Windows has none

    handle = os.open(node, os.O_RDWR | os.O_NONBLOCK)
    try:
        fcntl.ioctl(handle, REQBUFS, bytearray(ONE_BUFFER))
    finally:
        os.close(handle)


def _gives_pictures(node: Path, number: int) -> bool:
    import fcntl  # noqa: PLC0415 - Windows has none

    answer = bytearray(104)
    try:
        handle = os.open(node, os.O_RDWR | os.O_NONBLOCK)
        try:
            fcntl.ioctl(handle, QUERYCAP, answer)
        finally:
            os.close(handle)
    except OSError:
        # Nobody may ask it: the first node of a camera is the one with pictures.
        return (_read(number, "index") or "0") == "0"
    return bool(struct.unpack_from("=I", answer, DEVICE_CAPS_AT)[0] & CAPTURES)


def _numbers() -> Iterator[int]:
    for entry in CLASS.glob("video*"):
        number = entry.name.removeprefix("video")
        if number.isdecimal():
            yield int(number)


def _links() -> Iterator[tuple[str, str]]:
    """Yield the stable names and the nodes they lead to; the best name of a node comes last."""
    for folder in reversed(STABLE_NAMES):
        place = NODES / folder
        for link in sorted(place.glob("*")):
            yield link.name, link.resolve().name


def _read(number: int, what: str) -> str | None:
    try:
        return (CLASS / f"video{number}" / what).read_text(errors="replace").strip()
    except OSError:
        return None
