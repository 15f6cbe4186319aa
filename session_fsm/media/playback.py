"""``session.playback``: the agent's voice, on the output that was given."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from session_fsm.media.held import failed
from stores import Store, WritableStore

if TYPE_CHECKING:
    from session_fsm.errors import MediaError
    from session_fsm.media.frames import AudioFrame
    from session_fsm.media.outputs import AudioOutput
    from session_fsm.media.remote import FrameReader, Reception
    from session_fsm.transports.base import Link, Sink
    from stores import OnUnhandled

logger = logging.getLogger("session_fsm")


class Playback:
    """Plays the agent's voice where an output was given, and nothing where none was.

    An output that fails never ends the session: ``failure`` has the error, the conversation goes
    on unheard until the next start.
    """

    def __init__(
        self,
        voice: Reception[AudioFrame],
        output: AudioOutput | None,
        on_unhandled: OnUnhandled | None = None,
    ) -> None:
        self._voice = voice
        self._output = output
        self._failure: WritableStore[MediaError | None] = WritableStore(
            None, on_unhandled=on_unhandled
        )
        self._reader: FrameReader[AudioFrame] | None = None
        self._dropped = 0
        self._task: asyncio.Task[None] | None = None

    def __repr__(self) -> str:
        where = "nowhere" if self._output is None else f"on {self._output.name}"
        return f"<Playback {where}, {self.dropped} dropped>"

    @property
    def failure(self) -> Store[MediaError | None]:
        """Why the output failed in the last run; None before, and from the next start on."""
        return self._failure

    @property
    def dropped(self) -> int:
        """How many frames of 10 ms were not played, because the output was too slow."""
        return self._dropped + (0 if self._reader is None else self._reader.dropped)

    def interrupt(self) -> None:
        """Drop what is queued and was not heard yet."""
        if self._output is not None:
            self._output.interrupt()

    # The run ------------------------------------------------------------------------------------

    def attach(self, link: Link, tell: Sink) -> None:
        """Begin to play."""
        del link, tell
        self._failure.set(None)
        if self._output is not None:
            self._task = asyncio.get_running_loop().create_task(self._play(self._output))

    async def _play(self, output: AudioOutput) -> None:
        reader = self._reader = self._voice.reader()
        try:
            await output.open()
            try:
                async for frame in reader:
                    await output.write(frame)
            finally:
                output.interrupt()
                await output.close()
        except Exception as error:  # noqa: BLE001 - anybody's output
            failure = failed(output.name, error)
            logger.warning("the agent is not heard: %s", failure)
            self._failure.set(failure)
        finally:
            self._dropped += reader.dropped
            self._reader = None

    def detach(self) -> asyncio.Task[None] | None:
        """Stop at once; the task is done when the output is closed."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
        return task

    def close(self) -> None:
        """Complete the store."""
        self._failure.close()
