"""The agent's session channel, for as long as the session lives."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

from session_fsm.channel.answers import Items
from session_fsm.channel.broadcast import Broadcast
from session_fsm.channel.line import Line
from session_fsm.channel.vigil import Vigil
from session_fsm.errors import ChannelError, SessionStateError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reactivex.abc import DisposableBase

    from session_fsm.channel.items import ChatItem, ChatMessage
    from session_fsm.limits import Limits
    from session_fsm.messages.message import MessageChange
    from session_fsm.snapshot import SessionSnapshot
    from session_fsm.transports.base import Link, Sink
    from stores import EventStream, OnUnhandled, Store

T = TypeVar("T")

NOT_RUNNING = "The agent cannot be asked: the session is not running. Call start() first."
OTHER_LOOP = "The session belongs to another event loop: ask from there."


class Channel:
    """A capability: one line for each run, and streams that outlive it.

    Attributes:
        streams: What the agent tells.
    """

    def __init__(
        self,
        snapshots: Store[SessionSnapshot],
        changes: EventStream[MessageChange],
        limits: Limits,
        *,
        ping_every: float | None = None,
        on_unhandled: OnUnhandled | None = None,
    ) -> None:
        """Make one that is not attached.

        Args:
            snapshots: Says who the agent is.
            changes: Say when a text was sent, and when the agent speaks.
            limits: How large a message may be.
            ping_every: Seconds from one ping to the next; None: none are sent.
            on_unhandled: Called with what observers raise.
        """
        self._snapshots = snapshots
        self._changes = changes
        self._limits = limits
        self._ping_every = ping_every
        self._line: Line | None = None
        self._vigil: Vigil | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self.streams = Broadcast(on_unhandled)

    def attach(self, link: Link, tell: Sink) -> None:
        """Begin with a link that is not connected yet."""
        self._loop = asyncio.get_running_loop()
        most = self._limits.channel_message_size
        self._line = Line(link, tell, self._snapshots, self.streams, most)
        self._vigil = Vigil(self._line, tell, self._snapshots, self._changes, self._ping_every)

    def detach(self) -> None:
        """End everything that belongs to the link: requests that wait fail."""
        line, self._line = self._line, None
        vigil, self._vigil = self._vigil, None
        if vigil is not None:
            vigil.close()
        if line is not None:
            line.close()

    def close(self) -> None:
        """Complete the streams."""
        self.detach()
        self.streams.close()

    @property
    def is_served(self) -> bool | None:
        """Whether the present agent serves the channel; None while that is not known."""
        return None if self._line is None else self._line.is_served

    async def history(self, timeout: float = 10.0) -> tuple[ChatItem, ...]:  # noqa: ASYNC109
        """Return the items of the agent's history, the oldest first; raises as `want`."""
        return (await self.want(Items, "get_chat_history", timeout)).items

    def on_user_item(self, callback: Callable[[ChatMessage], None]) -> DisposableBase:
        """Call back with each of the user's items that the agent adds to its history."""
        return self.streams.user_items.subscribe(callback)

    async def want(
        self,
        of: type[T],
        kind: str,
        timeout: float,  # noqa: ASYNC109 - the caller's patience
        *,
        again: bool = True,
        fields: Mapping[str, object] | None = None,
    ) -> T:
        """Ask the agent, and return an answer of this type.

        Waits for an agent that is ready, and while the link is being restored, as long as there
        is time.

        Args:
            of: The type of the answer.
            kind: One of ``wire.REQUESTS``.
            timeout: Seconds in all.
            again: Asking twice does no harm.
            fields: Of the request.

        Raises:
            ChannelError: There is no answer, or not this one.
            SessionStateError: The session is not running.
        """
        if self._line is None:
            raise SessionStateError(NOT_RUNNING, kind="not-running")
        if asyncio.get_running_loop() is not self._loop:
            raise SessionStateError(OTHER_LOOP, kind="wrong-loop")
        answer = await self._line.ask(kind, timeout, again=again, fields=fields)
        if not isinstance(answer, of):
            text = f"The agent answered {kind} with something else."
            raise ChannelError(text, kind="refused")
        return answer
