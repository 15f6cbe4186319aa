"""Pictures from what blocks: a thread captures, and only the newest picture waits."""

from __future__ import annotations

import asyncio
import threading
from contextlib import aclosing, asynccontextmanager, suppress
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable
    from contextlib import AbstractContextManager

    from session_fsm.media.frames import VideoFrame

    Grab: TypeAlias = Callable[[], VideoFrame | None]
    """Blocks until there is another picture, or for a moment; None: there is none yet."""

CLOSE_TIMEOUT: Final = 3.0
"""Seconds that closing waits for the thread. A driver can hang for longer: the thread then ends
when the driver is done, and lets go of the device."""


class Capture:
    """A thread that captures from when it is started until it is told to stop.

    Attributes:
        stop: Set when no more pictures are wanted.
        opened: Done when the device is held; or failed, and then the thread has ended.
        ended: Done when the thread has let go of it.
    """

    def __init__(
        self,
        open_device: Callable[[threading.Event], AbstractContextManager[Grab]],
        missed: Callable[[], None],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._open_device = open_device
        self._missed = missed
        self._lock = threading.Lock()
        self._newest: VideoFrame | None = None
        self._failure: Exception | None = None
        self._is_over = False
        self._news = asyncio.Event()
        self.stop = threading.Event()
        self.opened: asyncio.Future[None] = self._loop.create_future()
        self.ended = asyncio.Event()

    def start(self, name: str) -> None:
        """Begin; a thread that hangs in a driver does not keep the program from ending."""
        threading.Thread(target=self._run, name=f"session-fsm {name}", daemon=True).start()

    async def frames(self) -> AsyncGenerator[VideoFrame, None]:
        """Yield the newest picture, each once.

        Raises:
            Exception: What the device broke with.
        """
        while True:
            self._news.clear()
            with self._lock:
                frame, self._newest = self._newest, None
            if frame is not None:
                yield frame
            elif self._is_over:
                break
            else:
                await self._news.wait()
        if self._failure is not None:
            raise self._failure

    def _run(self) -> None:
        try:
            with self._open_device(self.stop) as grab:
                self._tell(self._has_opened)
                while not self.stop.is_set():
                    frame = grab()
                    if frame is not None:
                        self._put(frame)
        except Exception as error:  # noqa: BLE001 - it is raised where the pictures are awaited
            self._failure = error
        self._tell(self._has_ended)

    def _put(self, frame: VideoFrame) -> None:
        with self._lock:
            before, self._newest = self._newest, frame
        if before is None:
            self._tell(self._news.set)
        else:
            self._missed()

    def _tell(self, what: Callable[[], None]) -> None:
        with suppress(RuntimeError):  # the loop is closed, and nobody waits any more
            self._loop.call_soon_threadsafe(what)

    def _has_opened(self) -> None:
        if not self.opened.done():
            self.opened.set_result(None)

    def _has_ended(self) -> None:
        self._is_over = True
        self._news.set()
        self.ended.set()
        if not self.opened.done():
            if self._failure is None:
                self.opened.set_result(None)
            else:
                self.opened.set_exception(self._failure)


@asynccontextmanager
async def captured(
    name: str,
    open_device: Callable[[threading.Event], AbstractContextManager[Grab]],
    missed: Callable[[], None],
) -> AsyncGenerator[AsyncIterator[VideoFrame], None]:
    """Hold a device on a thread of its own.

    Args:
        name: What it is called.
        open_device: Holds the device, and gives what blocks for a picture; on that thread. The
            event it is handed is set when no more pictures are wanted.
        missed: Called, on that thread, for every picture that a newer one took the place of.

    Raises:
        Exception: What ``open_device`` raised.
    """
    capture = Capture(open_device, missed)
    capture.start(name)
    try:
        await capture.opened
        async with aclosing(capture.frames()) as frames:
            yield frames
    finally:
        capture.stop.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_TIMEOUT):
                await capture.ended.wait()
