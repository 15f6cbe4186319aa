"""Where the system tells that a device came or went: the kernel of Linux, and its sound server."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

UEVENTS: Final = 15
"""``NETLINK_KOBJECT_UEVENT``: what the kernel tells udev, and udev tells everybody."""
GROUPS: Final = 1 | 2
"""The kernel's, and udev's, which come once a node has its rights and names."""
ABOUT: Final = (b"SUBSYSTEM=sound\0", b"SUBSYSTEM=video4linux\0")
LARGEST: Final = 16_384
"""Bytes of one message at most."""

THINGS: Final = (b" on sink #", b" on source #", b" on card #")
CAME_OR_WENT: Final = (b"'new'", b"'remove'")
"""What ``pactl subscribe`` writes; it tells much else, such as volumes and our own listing."""
RETRY: Final = 10.0
"""Seconds until a sound server that is gone, or was not there, is asked again."""


@asynccontextmanager
async def told(changed: Callable[[], None]) -> AsyncGenerator[bool, None]:
    """Have a function called whenever a device may have come or gone.

    Yields:
        Whether the system tells at all.
    """
    loop = asyncio.get_running_loop()
    kernel = _kernel()
    if kernel is not None:
        loop.add_reader(kernel, _read, kernel, changed)
    pactl = shutil.which("pactl")
    server = None if pactl is None else loop.create_task(_sound_server(pactl, changed))
    try:
        yield kernel is not None or server is not None
    finally:
        if kernel is not None:
            loop.remove_reader(kernel)
            kernel.close()
        if server is not None:
            server.cancel()
            await asyncio.wait({server})


def _kernel() -> socket.socket | None:
    family = getattr(socket, "AF_NETLINK", None)
    if family is None:
        return None
    kernel: socket.socket | None = None
    try:
        kernel = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC, UEVENTS)
        kernel.settimeout(0)
        kernel.bind((0, GROUPS))
    except OSError:  # a sandbox that forbids it
        if kernel is not None:
            kernel.close()
        return None
    return kernel


def _read(kernel: socket.socket, changed: Callable[[], None]) -> None:
    try:
        message = kernel.recv(LARGEST)
    except BlockingIOError:
        return
    except OSError:  # some were lost, because there were too many
        changed()
        return
    if any(subsystem in message for subsystem in ABOUT):
        changed()


async def _sound_server(pactl: str, changed: Callable[[], None]) -> None:
    """Follow the sound server, also over its restarts."""
    while True:
        with suppress(OSError):
            await _subscribed(pactl, changed)
        await asyncio.sleep(RETRY)


async def _subscribed(pactl: str, changed: Callable[[], None]) -> None:
    quiet = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(
        pactl,
        "subscribe",
        env=os.environ | {"LC_ALL": "C"},
        stdin=quiet,
        stdout=asyncio.subprocess.PIPE,
        stderr=quiet,
    )
    try:
        if process.stdout is None:
            raise AssertionError("its output is a pipe")
        changed()  # what happened before it listened
        async for line in process.stdout:
            if any(word in line for word in CAME_OR_WENT) and any(one in line for one in THINGS):
                changed()
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        await process.wait()
