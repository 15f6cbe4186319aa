"""A store of the devices that there are."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from session_fsm.audio.alsa import is_plugged_in
from session_fsm.errors import MediaError
from session_fsm.hardware.device import Device, checked_kinds
from session_fsm.hardware.listing import devices
from session_fsm.hardware.news import told
from stores import WritableStore

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from session_fsm.hardware.device import DeviceKind
    from stores import Store

SETTLING: Final = 0.5
"""Seconds from the first news to a look: one device is several pieces of news."""
LOOK_TIMEOUT: Final = 30.0
"""Seconds that a look may take: a driver can hang."""

logger = logging.getLogger("session_fsm")


@asynccontextmanager
async def watch_devices(
    kind: DeviceKind | None = None,
) -> AsyncGenerator[Store[tuple[Device, ...]], None]:
    """Follow which microphones, loudspeakers and cameras there are, as they come and go.

    The store completes when the block is left. Linux tells of devices; where the system does not,
    the store has what there was at the beginning, and a warning in the log says so.

    Args:
        kind: Only those of this kind; None: all.

    Raises:
        MediaError: They cannot be listed; see ``devices()``.
        ValueError: There is no such kind.

    Example:
        >>> async def choose():
        ...     async with watch_devices("input") as microphones:
        ...         async for present in microphones.values():
        ...             print([one.name for one in present])
    """
    checked_kinds(kind)
    news = asyncio.Event()
    async with told(news.set) as is_told:
        if not is_told:
            logger.warning("this system does not tell which devices come and go: look again")
        store = WritableStore(
            await (_listed_anew(kind) if is_told else asyncio.to_thread(devices, kind))
        )
        following = asyncio.get_running_loop().create_task(_follow(store, news, kind))
        try:
            yield store
        finally:
            following.cancel()
            await asyncio.wait({following})
            store.close()


async def _follow(
    store: WritableStore[tuple[Device, ...]], news: asyncio.Event, kind: DeviceKind | None
) -> None:
    while True:
        await news.wait()
        await asyncio.sleep(SETTLING)
        news.clear()
        try:
            found = await _listed_anew(kind)
        except (MediaError, OSError) as error:
            logger.warning("the devices cannot be listed any more: %s", error)
        else:
            gone = set(store.value).difference(found)
            store.set((*found, *(one for one in store.value if one in gone and is_plugged_in(one))))


async def _listed_anew(kind: DeviceKind | None) -> tuple[Device, ...]:
    """List them in a program of its own: PortAudio does it once for each.

    Raises:
        MediaError: They cannot be listed.
    """
    if kind == "camera" or getattr(sys, "frozen", False) or not sys.executable:
        # Where there is no interpreter to start, what came later is missing of PortAudio's own.
        return await asyncio.to_thread(devices, kind)
    pipe = asyncio.subprocess.PIPE
    arguments = ("-P", "-m", "session_fsm.hardware", *([] if kind is None else [kind]))
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *arguments,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=pipe,
        stderr=pipe,
    )
    try:
        async with asyncio.timeout(LOOK_TIMEOUT):
            out, said = await process.communicate()
    except TimeoutError as error:
        raise MediaError(
            f"The devices could not be listed: no answer within {LOOK_TIMEOUT:g} seconds.",
            kind="other",
        ) from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    try:
        answer = json.loads(out)
    except ValueError as error:
        raise MediaError(
            f"The devices could not be listed: {said.decode(errors='replace').strip()[-500:]}",
            kind="other",
        ) from error
    if "failure" in answer:
        raise MediaError(answer["failure"], kind=answer["kind"])
    return tuple(Device(**one) for one in answer["devices"])
