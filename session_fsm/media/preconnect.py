"""What the user says before the agent can hear it: kept, and handed over once.

Wire facts (livekit-agents 1.8.9, ``room_io/_pre_connect_audio.py``): a byte stream on ``TOPIC``
whose attributes ``trackId``, ``sampleRate`` and ``channels`` say what it is, int16 PCM unless it
names another codec. The agent waits for it for three seconds from when it hears the track, if the
track was published with the feature; a buffer that ended more than a second before that is thrown
away.

From when it has subscribed to the track, or from when it has set itself up if that is later, the
agent keeps what comes live, and takes it in after the buffer. So the track is fed all the time, and
the buffer ends with what the agent heard first, as nearly as that can be known from here. It does
not go all at once: what is said live would be held up by it (measured: by 0.03 to 0.2 s for 6 s).
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections import deque
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from session_fsm.data.info import StreamHeader, StreamKind
from session_fsm.errors import StreamError
from session_fsm.events import BufferingStarted, BufferingStopped
from session_fsm.media.frames import AudioFrame, pieces
from session_fsm.media.pace import Brake

if TYPE_CHECKING:
    from session_fsm.transports.base import Link, Sink

TOPIC: Final = "lk.agent.pre-connect-audio-buffer"
NAME: Final = "preconnect-audio-buffer"
MOST_SECONDS: Final = 30.0
"""How much is kept: the newest of it."""
SPEED: Final = 20.0
"""How much faster than it was said it is sent: all of it in half of the agent's three seconds."""
PIECE: Final = 0.1
"""Seconds of sound that are sent at once."""
AHEAD: Final = 0.1
"""Seconds that an input may be ahead of the clock: it is not asked for more before."""

logger = logging.getLogger("session_fsm")


class PreConnectBuffer:
    """What was said and not handed over yet.

    Attributes:
        brake: Holds the input back while there is no track that does.
        over: Set when nothing more is kept: it was handed over, or dropped.
    """

    def __init__(self, tell: Sink) -> None:
        self._tell = tell
        self._kept: deque[tuple[float, AudioFrame]] = deque()
        self._samples = 0
        self.brake = Brake(AHEAD)
        self._is_keeping = False
        self.over = asyncio.Event()

    def keep(self, frame: AudioFrame) -> None:
        """Keep a frame that was said just now."""
        if not self._is_keeping:
            self._is_keeping = True
            self._tell(BufferingStarted())
        if self._kept and _format(frame) != _format(self._kept[0][1]):
            self._kept.clear()
            self._samples = 0
        now = asyncio.get_running_loop().time()
        self._kept.append((now, frame))
        self._samples += frame.samples_per_channel
        while self._samples > MOST_SECONDS * frame.sample_rate and len(self._kept) > 1:
            self._samples -= self._kept.popleft()[1].samples_per_channel

    def pause(self) -> None:
        """Keep nothing for a while; what is kept stays."""
        if self._is_keeping:
            self._is_keeping = False
            self._tell(BufferingStopped())

    def take(self, until: float = math.inf) -> AudioFrame | None:
        """Return what was said until then, and keep no more; None where that is nothing.

        Args:
            until: A time of the loop's clock; what was said later has been sent live.
        """
        kept = [frame for said_at, frame in self._kept if said_at <= until]
        self._kept.clear()
        self.over.set()
        self.pause()
        if not kept:
            return None
        data = b"".join(frame.data for frame in kept)
        return AudioFrame(data, kept[0].sample_rate, kept[0].num_channels)


def _format(frame: AudioFrame) -> tuple[int, int]:
    return frame.sample_rate, frame.num_channels


async def hand_over(link: Link, agent: str, track: str, said: AudioFrame) -> None:
    """Send what was said to the agent, as what came before the track; never raises."""
    header = StreamHeader(
        str(uuid4()),
        StreamKind.BYTES,
        TOPIC,
        (agent,),
        NAME,
        "audio/pcm",
        len(said.data),
        {
            "trackId": track,
            "sampleRate": str(said.sample_rate),
            "channels": str(said.num_channels),
        },
    )
    try:
        writer = await link.streams.open(header)
        for piece in pieces(said.data, round(PIECE * said.sample_rate) * said.num_channels):
            await writer.write(piece)
            await asyncio.sleep(PIECE / SPEED)
        await writer.close()
    except StreamError as error:
        logger.warning("what was said before the agent was ready did not reach it: %s", error)
