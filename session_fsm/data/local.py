"""``session.local``: this participant, and changes of it that are confirmed."""

from __future__ import annotations

import asyncio
from functools import cached_property
from typing import TYPE_CHECKING, Final

from session_fsm.arguments import checked_seconds
from session_fsm.data.waiting import Life, is_linked, look_at, reached
from session_fsm.errors import UpdateError
from session_fsm.transports.participant import Update

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from session_fsm.media.slot import MediaSlot
    from session_fsm.roster import Permissions
    from session_fsm.snapshot import SessionSnapshot
    from session_fsm.transports.base import Link, Sink
    from stores import Store

RUN_ENDED: Final = "The session ended before the change was confirmed."
UNCONFIRMED: Final = "The server did not confirm the change in time; it may come yet."


class LocalParticipant:
    """What the server knows of this participant; each attribute is a store."""

    def __init__(
        self,
        snapshots: Store[SessionSnapshot],
        check_running: Callable[[str], object],
        media: Mapping[str, MediaSlot],
    ) -> None:
        self._snapshots = snapshots
        self._check_running = check_running
        self._link: Link | None = None
        self._turn = asyncio.Lock()
        self._sent: set[asyncio.Task[None]] = set()
        self._media = media

    def __repr__(self) -> str:
        return f"<LocalParticipant {self.identity.value or 'not in a room'}>"

    @cached_property
    def identity(self) -> Store[str | None]:
        """This participant's identity while the room is joined."""
        return self._snapshots.select(lambda snapshot: snapshot.local_identity)

    @property
    def microphone(self) -> MediaSlot:
        """The microphone that is sent: whether, from which input, and how loud."""
        return self._media["microphone"]

    @property
    def camera(self) -> MediaSlot:
        """The camera that is sent."""
        return self._media["camera"]

    @property
    def screen_share(self) -> MediaSlot:
        """The screen that is sent."""
        return self._media["screen_share"]

    @cached_property
    def name(self) -> Store[str]:
        """The display name, maybe empty."""
        return self._snapshots.select(lambda snapshot: snapshot.local.name)

    @cached_property
    def metadata(self) -> Store[str]:
        """The metadata, maybe empty."""
        return self._snapshots.select(lambda snapshot: snapshot.local.metadata)

    @cached_property
    def attributes(self) -> Store[Mapping[str, str]]:
        """All attributes, as the server last told them."""
        return self._snapshots.select(lambda snapshot: snapshot.local.attributes)

    @cached_property
    def permissions(self) -> Store[Permissions]:
        """What this participant may publish; everything, while the room is not joined."""
        return self._snapshots.select(lambda snapshot: snapshot.local.permissions)

    async def set_attributes(
        self,
        attributes: Mapping[str, str],
        *,
        timeout: float = 5.0,  # noqa: ASYNC109 - how long the server has
    ) -> None:
        """Set attributes, and return when the server has told that they are set.

        Args:
            attributes: What to set; an empty value removes an attribute, the others stay.
            timeout: Seconds for all of it, also while the link is being restored.

        Raises:
            UpdateError: The server refused, or did not confirm it in time, or the session ended.
            SessionStateError: The session is idle or ending.
            TypeError: A key or value is no str.
        """
        for key, value in dict(attributes).items():
            _checked("a key of attributes", key)
            _checked(f"attributes[{key!r}]", value)
        await self._change("set_attributes", Update(attributes=attributes), timeout)

    async def set_metadata(self, metadata: str, *, timeout: float = 5.0) -> None:  # noqa: ASYNC109
        """Set the metadata; see ``set_attributes``."""
        _checked("metadata", metadata)
        await self._change("set_metadata", Update(metadata=metadata), timeout)

    async def set_name(self, name: str, *, timeout: float = 5.0) -> None:  # noqa: ASYNC109
        """Set the display name; see ``set_attributes``."""
        _checked("name", name)
        await self._change("set_name", Update(name=name), timeout)

    async def _change(self, method: str, update: Update, seconds: float) -> None:
        checked_seconds("timeout", seconds)
        self._check_running(method)
        life = Life(self._snapshots, seconds)
        task = asyncio.get_running_loop().create_task(self._take_turn(update, life))
        task.add_done_callback(self._sent.discard)
        task.add_done_callback(look_at)
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError:
            if task not in self._sent:
                task.cancel()
            raise
        task.result()

    async def _take_turn(self, update: Update, life: Life) -> None:
        """Make one change after the other.

        LiveKit's client sends its name and metadata along with every change, as it last heard
        them: of two changes under way the second would undo the first. So one that is cancelled
        after it was sent keeps its turn, too.
        """
        limit = asyncio.timeout_at(life.until)
        try:
            async with limit, self._turn:
                await self._make(update, life)
        except TimeoutError:
            if not limit.expired():
                raise
            raise UpdateError(UNCONFIRMED, kind="timeout") from None

    async def _make(self, update: Update, life: Life) -> None:
        while True:
            now = await life.ready(is_linked)
            if life.is_over(now):
                raise self._ended()
            if not is_linked(now):
                raise UpdateError(UNCONFIRMED, kind="timeout")
            if update.is_in(now.local) or await self._confirmed(update, life, now.run.links):
                return

    async def _confirmed(self, update: Update, life: Life, links: int) -> bool:
        """Ask the server and wait for its echo; False when it was lost with the link."""
        link, task = self._link, asyncio.current_task()
        if link is None or task is None:
            raise self._ended()
        self._sent.add(task)
        asking = asyncio.get_running_loop().create_task(link.participant.update(update))
        asking.add_done_callback(look_at)

        def is_settled(now: SessionSnapshot) -> bool:
            lost = now.run.links != links or now.is_reconnecting
            return update.is_in(now.local) or lost or life.is_over(now)

        try:
            await reached(self._snapshots, is_settled, life.until, asking)
            if asking.done() and not is_settled(self._snapshots.value):
                asking.result()
                await reached(self._snapshots, is_settled, life.until)
        finally:
            asking.cancel()
        now = self._snapshots.value
        if life.is_over(now):
            raise self._ended()
        if not is_settled(now):
            raise UpdateError(UNCONFIRMED, kind="timeout")
        return update.is_in(now.local) and is_linked(now)

    def _ended(self) -> UpdateError:
        error = UpdateError(RUN_ENDED, kind="run-ended")
        error.__cause__ = self._snapshots.value.failure
        return error

    # The run ------------------------------------------------------------------------------------

    def attach(self, link: Link, tell: Sink) -> None:
        """Begin with a link; what earlier changes still wait for is over."""
        del tell
        self._link = link
        self._turn = asyncio.Lock()

    def detach(self) -> None:
        """Let the link go; whoever waits sees in the snapshot that the run is over."""
        self._link = None

    def close(self) -> None:
        """Nothing is left to close: the stores are the session's."""


def _checked(name: str, value: object) -> None:
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a str, not {type(value).__name__}.")
