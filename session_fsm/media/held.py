"""An open input, and the track that it feeds."""

from __future__ import annotations

import asyncio
import logging
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Final

from session_fsm.errors import MediaError
from session_fsm.media.frames import AudioFrame
from session_fsm.media.inputs import checked_frame

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from session_fsm.media.frames import VideoFrame
    from session_fsm.media.inputs import AnyFrame, MediaInput
    from session_fsm.media.preconnect import PreConnectBuffer
    from session_fsm.transports.media import OwnMediaPort

KINDS: Final[tuple[tuple[type[Exception], str], ...]] = (
    (PermissionError, "permission-denied"),
    (FileNotFoundError, "not-found"),
)
"""What an input raises -> kind of ``MediaError``; else ``other``."""

logger = logging.getLogger("session_fsm")


class OpenInput:
    """An input that is open, until ``close()``."""

    def __init__(self, source: MediaInput) -> None:
        self.source = source
        self._stack = AsyncExitStack()
        self._frames: AsyncIterator[AnyFrame] | None = None
        self._first: AudioFrame | VideoFrame | None = None

    async def open(self) -> None:
        """Open it.

        Raises:
            MediaError: It cannot be opened.
        """
        try:
            self._frames = await self._stack.enter_async_context(self.source.open())
        except Exception as error:  # noqa: BLE001 - anybody's input
            failure = failed(self.source.name, error)
        else:
            return
        raise failure

    async def look_ahead(self) -> AudioFrame | VideoFrame:
        """Return the first frame, which will come once more.

        Raises:
            MediaError: There is none.
        """
        self._first = await self.next()
        if self._first is None:
            raise MediaError(f"{self.source.name} gave no frame.", kind="other")
        return self._first

    async def next(self) -> AudioFrame | VideoFrame | None:
        """Return the next frame, or None after the last.

        Raises:
            MediaError: The input broke.
        """
        first, self._first = self._first, None
        if first is not None:
            return first
        if self._frames is None:
            return None
        try:
            return checked_frame(await anext(self._frames))
        except StopAsyncIteration:
            return None
        except Exception as error:  # noqa: BLE001 - anybody's input
            failure = failed(self.source.name, error)
        raise failure

    async def close(self) -> None:
        """Let go of it; never raises."""
        self._frames = None
        try:
            await self._stack.aclose()
        except Exception:
            logger.exception("%s could not be closed", self.source.name)


def failed(name: str, error: Exception) -> MediaError:
    """Return what an exception of an input, an output or a transport means."""
    if isinstance(error, MediaError):
        return error
    kind = next((kind for known, kind in KINDS if isinstance(error, known)), "other")
    failure = MediaError(f"{name} failed: {type(error).__name__}: {error}.", kind=kind)
    failure.__cause__ = error
    return failure


class Held:
    """An open input, and the track that it feeds.

    Attributes:
        input: What feeds it.
        port: The track, once it is published.
        buffer: Keeps what is said, until the agent can hear it; or None.
        is_muted: Nothing is sent at the moment.
    """

    def __init__(
        self,
        source: OpenInput,
        sent: Callable[[AudioFrame | VideoFrame], None],
        ended: Callable[[OpenInput, MediaError | None], None],
    ) -> None:
        self.input = source
        self.port: OwnMediaPort | None = None
        self.buffer: PreConnectBuffer | None = None
        self.is_muted = False
        self._sent = sent
        self._ended = ended
        self._pump: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to send what the input gives."""
        self._pump = asyncio.get_running_loop().create_task(self._run(self.input))

    async def _run(self, source: OpenInput) -> None:
        failure: MediaError | None = None
        try:
            while (frame := await source.next()) is not None:
                if not self.is_muted:
                    self._sent(frame)
                    await self._send(frame)
            if self.buffer is not None:
                await self.buffer.over.wait()
        except Exception as error:  # noqa: BLE001 - anybody's input, or the transport's own
            failure = failed(source.source.name, error)
        self._ended(source, failure)

    async def _send(self, frame: AudioFrame | VideoFrame) -> None:
        if self.buffer is not None and isinstance(frame, AudioFrame):
            self.buffer.keep(frame)
            if self.port is None:
                await self.buffer.brake.hold(frame.duration)
        if self.port is not None:
            await self.port.write(frame)

    async def feed_from(self, source: OpenInput) -> None:
        """Let go of the present input, and go on with another one."""
        await self.let_go()
        self.input = source
        self.start()

    async def let_go(self) -> None:
        """Let go of the input; the track stays."""
        if self._pump is not None:
            self._pump.cancel()
            await asyncio.wait({self._pump})
            self._pump = None
        await self.input.close()
