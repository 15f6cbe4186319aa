"""What is done in one run so that one thing is sent as the user wishes."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING, Final

import attrs
from reactivex.disposable import Disposable

from session_fsm.data.waiting import is_linked
from session_fsm.errors import MediaError, SessionEnded
from session_fsm.events import (
    MediaClosed,
    MediaFailed,
    MediaMuted,
    MediaOpened,
    MediaOpening,
    MediaSwitched,
    MediaUnmuted,
)
from session_fsm.media.frames import VideoFrame
from session_fsm.media.held import Held, OpenInput, failed
from session_fsm.media.preconnect import PreConnectBuffer, hand_over
from session_fsm.media.wish import NOTHING, Wish
from session_fsm.states import AgentState, MediaState

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from reactivex.abc import DisposableBase

    from session_fsm.errors import SessionError
    from session_fsm.media.frames import AudioFrame
    from session_fsm.media.inputs import MediaInput
    from session_fsm.snapshot import SessionSnapshot
    from session_fsm.transports.base import Link, Sink
    from session_fsm.transports.media import MediaPort, OwnMediaPort
    from stores import Store

SOUND: Final = frozenset({"microphone"})
SUBSCRIBE_TIMEOUT: Final = 3.0
"""Seconds that an agent which is ready has to subscribe to the microphone."""
NOT_ALLOWED: Final = (
    "The {} could not be published: the room does not allow it. The token needs canPublish, and "
    "this source among its canPublishSources if it lists any."
)
RUN_ENDED: Final = "The session ended before the {} was as asked for."


class Sending:
    """One thing that is sent, in one run: makes the last wish come true, one step at a time.

    Attributes:
        wish: What is wished for: the user's last wish, or what could be had instead.
    """

    def __init__(
        self,
        name: str,
        tell: Sink,
        snapshots: Store[SessionSnapshot],
        *,
        pre_connect: bool,
        sent: Callable[[AudioFrame | VideoFrame], None],
    ) -> None:
        self._name = name
        self._link: Link | None = None
        self._tell = tell
        self._pre_connect = pre_connect
        self._handing_over: asyncio.Task[None] | None = None
        self._snapshots = snapshots
        self._sent = sent
        self.wish = NOTHING
        self._number = 0
        self._news = asyncio.Event()
        self._waiting: list[tuple[int, asyncio.Future[SessionError | None]]] = []
        self._held: Held | None = None
        self._keeping: Held | None = None
        self._broken: list[tuple[OpenInput, MediaError | None]] = []
        self._task: asyncio.Task[None] | None = None
        self._is_over = False
        self._permission: DisposableBase = Disposable()

    def begin(self, wish: Wish) -> None:
        """Start the task that does it all."""
        self.wish = wish
        self._task = asyncio.get_running_loop().create_task(self._serve())

    def attach(self, link: Link) -> None:
        """Take the link over which it goes, before the room is joined."""
        self._link = link

    async def want(self, wish: Wish) -> SessionError | None:
        """Wish for something else, and wait until it is so, or a later wish is.

        Returns:
            Why it could not be had, or None.
        """
        if self._is_over:
            return run_ended(self._name)
        self.wish = wish
        self._number += 1
        done: asyncio.Future[SessionError | None] = asyncio.get_running_loop().create_future()
        self._waiting.append((self._number, done))
        self._news.set()
        return await done

    def end(self) -> asyncio.Task[None] | None:
        """Let go of everything, because the run is over; the task is done when that is."""
        self._is_over = True
        if self._task is not None:
            self._task.cancel()
        self._settle(self._number, run_ended(self._name))
        return self._task

    def _settle(self, number: int, error: SessionError | None) -> None:
        due = [done for wanted, done in self._waiting if wanted <= number]
        self._waiting = [one for one in self._waiting if one[0] > number]
        for done in due:
            if not done.done():
                done.set_result(error)

    # The task -----------------------------------------------------------------------------------

    async def _serve(self) -> None:
        done = self._number if self.wish.source is None else self._number - 1
        try:
            while True:
                self._news.clear()
                while self._broken:
                    await self._fell_silent(*self._broken.pop())
                number, wish = self._number, self.wish
                if number == done:
                    await self._news.wait()
                elif await self._came_true(number, wish):
                    done = number
        finally:
            self._give_up_handing_over()
            held, self._held = self._held, None
            if held is not None:
                await self._let_go(held)
                if held.port is not None:
                    await held.port.close()

    async def _came_true(self, number: int, wish: Wish) -> bool:
        """Do what is wished for, or say why not; False when something else is wished for by now."""
        failure: MediaError | None = None
        reaching = asyncio.get_running_loop().create_task(self._reach(wish))
        try:
            failure = await self._done_or_given_up(reaching, wish)
        finally:
            given_up = reaching.cancel()
            await asyncio.wait({reaching})
        if failure is None and given_up and reaching.cancelled():
            self._tell(MediaClosed(self._name))
            return False
        error = failure if reaching.cancelled() else reaching.exception()
        if error is not None:
            if not isinstance(error, Exception):
                raise error
            name = self._name if wish.source is None else wish.source.name
            failure = failed(name, error)
            self._retreat(number, failure)
        self._settle(number, failure)
        return True

    async def _done_or_given_up(
        self, reaching: asyncio.Task[None], wish: Wish
    ) -> MediaError | None:
        """Wait, but not for an input to open that is not wished for any more.

        Returns:
            Why the input broke while what it gave was kept, or None.
        """
        opens = self._held is None
        while not reaching.done():
            early = self._keeping
            for source, failure in self._broken:
                if early is not None and early.input is source:
                    self._broken.clear()
                    return failure
            if early is not None and self.wish.source is not None:
                await self._follow(early, self.wish)
            elif opens and self._held is None and self.wish.source is not wish.source:
                return None
            news = asyncio.get_running_loop().create_task(self._news.wait())
            try:
                await asyncio.wait({reaching, news}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                news.cancel()
            self._news.clear()
        return None

    async def _follow(self, early: Held, wish: Wish) -> None:
        """Have what is kept before the track is there come from where it is wished to come from."""
        early.is_muted = wish.is_muted
        if early.buffer is not None and wish.is_muted:
            early.buffer.pause()
        if wish.source is not None and early.input.source is not wish.source:
            try:
                await self._switch(early, wish.source)
            except MediaError as error:
                self.wish = Wish(early.input.source, wish.is_muted)
                self._settle(self._number, error)

    async def _reach(self, wish: Wish) -> None:
        if wish.source is None:
            await self._turn_off()
            return
        if self._held is None:
            await self._turn_on(wish.source, muted=wish.is_muted)
        elif self._held.input.source is not wish.source:
            await self._switch(self._held, wish.source)
        self._set_muted(muted=wish.is_muted)

    async def _turn_on(self, source: MediaInput, *, muted: bool) -> None:
        self._tell(MediaOpening(self._name, source.name))
        held = Held(OpenInput(source), self._sent, self._input_ended)
        held.is_muted = muted
        try:
            await held.input.open()
            if self._keeps():
                held.buffer = PreConnectBuffer(self._tell)
                self._keeping = held
                held.start()
            port = held.port = await self._publish(held)
        except BaseException:
            await self._let_go(held)
            raise
        finally:
            self._keeping = None
        muted, held.is_muted = held.is_muted, False
        self._held = held
        self._tell(MediaOpened(self._name, port.track))
        if held.input.source is not source:
            self._tell(MediaSwitched(self._name, held.input.source.name))
        self._set_muted(muted=muted)
        if held.buffer is None:
            held.start()
        else:
            handing_over = self._hand_over(held, held.buffer, port)
            self._handing_over = asyncio.get_running_loop().create_task(handing_over)
        self._permission = self._snapshots.select(self._is_allowed).subscribe(self._permitted)

    def _keeps(self) -> bool:
        """Say whether what is said is to be kept: nobody is there who could hear it."""
        awaited = self._snapshots.value.agent.state is AgentState.CONNECTING
        return self._pre_connect and self._name in SOUND and awaited

    async def _publish(self, held: Held) -> OwnMediaPort:
        if self._name in SOUND:
            media = await self._media()
            return await media.publish_audio(
                self._name, self._server_muted, pre_connect=held.buffer is not None
            )
        first = await held.input.look_ahead()
        if not isinstance(first, VideoFrame):
            raise MediaError(f"{held.input.source.name} gives no pictures.", kind="other")
        media = await self._media()
        return await media.publish_video(
            self._name, (first.width, first.height), self._server_muted
        )

    async def _media(self) -> MediaPort:
        now = await self._reached(is_linked)
        if self._link is None:
            raise AssertionError("a room that is joined has a link")
        if not self._is_allowed(now):
            raise self._not_allowed()
        return self._link.media

    def _is_allowed(self, now: SessionSnapshot) -> bool:
        return self._name in now.local.permissions.can_publish_sources

    def _not_allowed(self) -> MediaError:
        return MediaError(NOT_ALLOWED.format(self._name.replace("_", " ")), kind="other")

    async def _reached(self, predicate: Callable[[SessionSnapshot], bool]) -> SessionSnapshot:
        """Wait until it holds; the end of the run cancels this."""
        async with aclosing(self._snapshots.values()) as snapshots:
            async for now in snapshots:
                if predicate(now):
                    return now
        raise asyncio.CancelledError

    async def _hand_over(self, held: Held, buffer: PreConnectBuffer, port: OwnMediaPort) -> None:
        """Once the agent can hear, send it what was said before, and the rest live."""
        loop = asyncio.get_running_loop()
        subscribing = loop.create_task(_time_of(port.subscribed()))
        try:
            await self._reached(_can_hear)
            ready_at = loop.time()
            await asyncio.wait({subscribing}, timeout=SUBSCRIBE_TIMEOUT)
            now = await self._reached(_can_hear)
        finally:
            subscribing.cancel()
        is_subscribed = subscribing.done() and not subscribing.cancelled()
        subscribed_at = subscribing.result() if is_subscribed else ready_at
        said = buffer.take(port.heard_from(subscribed_at, ready_at))
        held.buffer = None
        if said is not None and now.agent.identity is not None and self._link is not None:
            await hand_over(self._link, now.agent.identity, port.sid, said)

    async def _let_go(self, held: Held) -> None:
        """Let go of the input, and of what was said and nobody heard."""
        self._permission.dispose()
        if held.buffer is not None:  # what is on its way by now arrives
            self._give_up_handing_over()
        await held.let_go()
        if held.buffer is not None:
            held.buffer.take()
            held.buffer = None

    def _give_up_handing_over(self) -> None:
        if self._handing_over is not None:
            self._handing_over.cancel()
            self._handing_over = None

    async def _turn_off(self) -> None:
        held, self._held = self._held, None
        if held is None:
            self._tell(MediaClosed(self._name))
            return
        await self._let_go(held)
        self._tell(MediaClosed(self._name))
        await self._take_back(held)

    async def _take_back(self, held: Held) -> None:
        port = held.port
        if port is None:
            return
        try:
            await self._reached(is_linked)
            await port.unpublish()
        except asyncio.CancelledError:
            await port.close()
            raise

    async def _switch(self, held: Held, source: MediaInput) -> None:
        opened = OpenInput(source)
        try:
            await opened.open()
        except BaseException:
            await opened.close()
            raise
        await held.feed_from(opened)
        self._tell(MediaSwitched(self._name, source.name))

    def _set_muted(self, *, muted: bool) -> None:
        held = self._held
        if held is None or held.is_muted is muted:
            return
        held.is_muted = muted
        if held.buffer is not None and muted:
            held.buffer.pause()
        if held.port is not None:
            held.port.set_muted(muted)
        self._tell(MediaMuted(self._name) if muted else MediaUnmuted(self._name))

    # What comes from elsewhere ------------------------------------------------------------------

    def _server_muted(self, muted: bool) -> None:  # noqa: FBT001 - the fact itself
        held = self._held
        if held is not None and held.is_muted is not muted and not self._is_over:
            held.is_muted = muted
            self.wish = attrs.evolve(self.wish, is_muted=muted)
            self._tell(MediaMuted(self._name) if muted else MediaUnmuted(self._name))

    def _permitted(self, is_allowed: bool) -> None:  # noqa: FBT001 - the value of a store
        """Give up what may not be published any more: the server has taken it off."""
        held = self._held
        if held is not None and not is_allowed:
            self._input_ended(held.input, self._not_allowed())

    def _input_ended(self, source: OpenInput, failure: MediaError | None) -> None:
        if not self._is_over:
            self._broken.append((source, failure))
            self._news.set()

    async def _fell_silent(self, source: OpenInput, failure: MediaError | None) -> None:
        """Put away an input that ended or broke, and its track."""
        held = self._held
        if held is None or held.input is not source:
            return
        self._held = None
        if self.wish.source is source.source:
            self.wish = NOTHING
        await self._let_go(held)
        if failure is None:
            self._tell(MediaClosed(self._name))
        else:
            self._tell(MediaFailed(self._name, failure))
        await self._take_back(held)

    def _retreat(self, number: int, error: MediaError) -> None:
        """Wish for what there is, unless something else is wished for by now."""
        held = self._held
        if held is None and self._state is not MediaState.OFF:
            self._tell(MediaFailed(self._name, error))
        if number == self._number:
            self.wish = Wish(held.input.source, held.is_muted) if held is not None else NOTHING

    @property
    def _state(self) -> MediaState:
        state: MediaState = getattr(self._snapshots.value.media, self._name).state
        return state


async def _time_of(event: Awaitable[None]) -> float:
    await event
    return asyncio.get_running_loop().time()


def _can_hear(now: SessionSnapshot) -> bool:
    return now.agent.is_connected and is_linked(now)


def run_ended(name: str) -> SessionEnded:
    """Return what a call gets whose run is over."""
    return SessionEnded(RUN_ENDED.format(name.replace("_", " ")), kind="ended")
