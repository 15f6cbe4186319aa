"""One thing that can be sent: what the user wants of it, and what can be seen of it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import attrs

from session_fsm.media.defaults import checked_source
from session_fsm.media.frames import AudioFrame
from session_fsm.media.sending import Sending, run_ended
from session_fsm.media.wish import NOTHING, Wish

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from session_fsm.errors import MediaError
    from session_fsm.media.defaults import Source
    from session_fsm.media.frames import VideoFrame
    from session_fsm.media.inputs import MediaInput
    from session_fsm.media.meter import Meter
    from session_fsm.snapshot import MediaSnapshot, SessionSnapshot
    from session_fsm.states import MediaState
    from session_fsm.transports.base import Link, Sink
    from stores import OnUnhandled, Store


class MediaSlot:
    """The microphone, the camera, or the screen: each attribute is a store.

    Calls are carried out one after the other; of several that wait the last one counts, and the
    others return together with it.
    """

    def __init__(
        self,
        name: str,
        snapshots: Store[SessionSnapshot],
        check_running: Callable[[str], object],
        default: Callable[[], MediaInput],
        *,
        pre_connect: bool = False,
        on_unhandled: OnUnhandled | None = None,
    ) -> None:
        self.name = name
        self._snapshots = snapshots
        self._check_running = check_running
        self._default = default
        self._pre_connect = pre_connect
        self._on_unhandled = on_unhandled
        self._meter: Meter[float] | None = None
        self._chosen: MediaInput | None = None
        self._at_start = NOTHING
        self._sending: Sending | None = None

    def __repr__(self) -> str:
        now = self._now
        return f"<MediaSlot {self.name}: {now.state}" + (f", {now.device}>" if now.device else ">")

    @property
    def _now(self) -> MediaSnapshot:
        now: MediaSnapshot = getattr(self._snapshots.value.media, self.name)
        return now

    def _select(self, field: str) -> Store[Any]:
        name = self.name
        return self._snapshots.select(lambda now: getattr(getattr(now.media, name), field))

    @cached_property
    def state(self) -> Store[MediaState]:
        """What becomes of it; see `MediaState`."""
        return self._select("state")

    @cached_property
    def is_enabled(self) -> Store[bool]:
        """Whether it is sent at this moment: the state is ``live``."""
        return self.state.select(lambda state: state == "live")

    @cached_property
    def track(self) -> Store[object | None]:
        """The transport's own track while it is published (``livekit.rtc.LocalTrack``)."""
        return self._select("track")

    @cached_property
    def device(self) -> Store[str | None]:
        """What the input calls itself while it is open or being opened."""
        return self._select("device")

    @cached_property
    def failure(self) -> Store[MediaError | None]:
        """Why it failed; None before, and from the next try or ``start()`` on."""
        return self._select("failure")

    @cached_property
    def level(self) -> Store[float]:
        """How loud it is, from 0 to 1, every 32 ms; 0 while nothing is sent, and for pictures.

        As LiveKit's ``useTrackVolume``. It is measured from the first time on that this is asked
        for.
        """
        from session_fsm.media import meters  # noqa: PLC0415 - numpy is loaded for nobody else

        self._meter = meters.level(self._on_unhandled)
        return self._meter

    async def set_enabled(self, enabled: bool) -> None:  # noqa: FBT001 - the fact itself
        """Send it, or turn it off: the input is let go of, and the track taken back.

        Turned on while it is muted, it is heard or seen again.

        Raises:
            MediaError: It failed; ``failure`` has the same error.
            SessionEnded: The session ended before that.
            SessionStateError: The session is idle or ending.
        """
        self._check_running("set_enabled")
        await self._want(Wish(self._input()) if enabled else NOTHING)

    async def mute(self) -> None:
        """Send nothing; input and track stay, so that ``unmute()`` is quick.

        Nothing happens where it is off. Raises as ``set_enabled``.
        """
        self._check_running("mute")
        if self._wish.source is not None:
            await self._want(attrs.evolve(self._wish, is_muted=True))

    async def unmute(self) -> None:
        """Send again what the input gives; nothing happens where it is off.

        Raises as ``set_enabled``.
        """
        self._check_running("unmute")
        if self._wish.source is not None:
            await self._want(attrs.evolve(self._wish, is_muted=False))

    async def switch(self, source: Source) -> None:
        """Have another input feed the track, which stays; where it is off, from the next time on.

        When the new one cannot be opened, the present one goes on.

        Args:
            source: An input, an async iterator of frames, or, of microphones and cameras, one of
                ``devices()`` or its id.

        Raises:
            MediaError: It cannot be opened.
            SessionEnded: The session ended before that.
            SessionStateError: The session is idle or ending.
            TypeError: It is no input.
        """
        self._check_running("switch")
        chosen = checked_source(self.name, source)
        if self._wish.source is None:
            self._chosen = chosen
        else:
            await self._want(attrs.evolve(self._wish, source=chosen))
            self._chosen = chosen

    @property
    def _wish(self) -> Wish:
        return NOTHING if self._sending is None else self._sending.wish

    def _input(self) -> MediaInput:
        return self._wish.source or self._chosen or self._default()

    async def _want(self, wish: Wish) -> None:
        sending = self._sending
        error = run_ended(self.name) if sending is None else await sending.want(wish)
        if error is not None:
            raise error.with_traceback(None)

    # The run ------------------------------------------------------------------------------------

    def wish_at_start(self, given: bool | MediaInput) -> None:  # noqa: FBT001 - as start() has it
        """Remember what ``start()`` was asked for."""
        if not isinstance(given, bool):
            self._chosen = given
        self._at_start = NOTHING if given is False else Wish(self._input())

    def begin(self, tell: Sink) -> None:
        """Begin to do what is wished for: the input is opened while the token is fetched."""
        self._sending = Sending(
            self.name,
            tell,
            self._snapshots,
            pre_connect=self._pre_connect,
            sent=self._sent,
        )
        self._sending.begin(self._at_start)

    def attach(self, link: Link, tell: Sink) -> None:
        """Take the link over which it is sent."""
        del tell
        if self._sending is not None:
            self._sending.attach(link)

    def _sent(self, frame: AudioFrame | VideoFrame) -> None:
        if self._meter is not None and isinstance(frame, AudioFrame):
            self._meter.hear(frame)

    def detach(self) -> asyncio.Task[None] | None:
        """Let go of everything; the task is done when that is."""
        sending, self._sending = self._sending, None
        return None if sending is None else sending.end()

    def close(self) -> None:
        """Complete the level; the other stores are the session's."""
        if self._meter is not None:
            self._meter.end()
