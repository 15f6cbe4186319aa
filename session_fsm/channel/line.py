"""The session channel of one run: who is at its other end, what that one tells, what it answers.

Measured with livekit-agents 1.8.9: the agent serves the channel before it first shows `listening`,
and answers within 25 ms. Everybody in the room may write on the topic: only the agent is listened
to.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

from session_fsm.channel import wire
from session_fsm.channel.answers import AgentSessionInfo
from session_fsm.channel.events import ChannelEvent, ItemAdded, UsageUpdated, UserStateChanged
from session_fsm.channel.inbox import Inbox
from session_fsm.channel.items import ChatMessage, ChatRole
from session_fsm.channel.requests import Requests, Whom
from session_fsm.channel.tools import ToolCalls
from session_fsm.channel.usage import Usage
from session_fsm.data.info import StreamKind
from session_fsm.errors import ChannelError
from session_fsm.events import SpeechCorrected, UsageTold, UserStateTold
from session_fsm.states import ConnectionState, SessionState

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping

    from session_fsm.channel.broadcast import Broadcast
    from session_fsm.snapshot import SessionSnapshot
    from session_fsm.transports.base import Link, Sink
    from stores import Store

SERVED_WITHIN: Final = 2.0
"""Seconds without any sign after which an agent counts as not serving the channel."""
KNOCKS: Final = 4
"""Pings in that time: the first may be lost, where the agent has not heard of this client yet."""
STATE_PATIENCE: Final = 10.0
"""Seconds that the agent has to say how it stands, where nobody waits for it."""

NO_RUN: Final = frozenset({SessionState.IDLE, SessionState.ENDING})
RUN_ENDED: Final = "The session ended before the agent answered."
AGENT_GONE: Final = "The agent that was asked left the room before it answered. Ask again."

logger = logging.getLogger("session_fsm")


class Line:
    """From the moment a link is made until its run is over.

    Attributes:
        whom: The agent, and which coming of it; None while there is none.
        is_served: Whether it serves the channel; None while that is not known.
        last_user_item: Id of the user's newest message in its history that is known, or None.
        on_event: Called with whatever it tells.
    """

    def __init__(
        self,
        link: Link,
        tell: Sink,
        snapshots: Store[SessionSnapshot],
        broadcast: Broadcast,
        most: int,
    ) -> None:
        self._tell = tell
        self._snapshots = snapshots
        self._broadcast = broadcast
        self._requests = Requests(link)
        self._inbox = Inbox(most, self._is_agent, self._take)
        self._tools = ToolCalls()
        self._tasks: set[asyncio.Task[None]] = set()
        self._greeting: asyncio.Task[None] | None = None
        self._ready: Whom | None = None
        self._greeted: tuple[Whom, int] | None = None
        self._seen: SessionSnapshot | None = None
        self._is_closed = False
        self.whom: Whom | None = None
        self.is_served: bool | None = None
        self.last_user_item: str | None = None
        self.garbage = 0
        self.on_event: Callable[[ChannelEvent], None] = _nothing
        link.streams.listen(StreamKind.BYTES, wire.TOPIC, self._inbox.opened)
        self._following = snapshots.subscribe(self._follow)

    @property
    def is_up(self) -> bool:
        """Whether the agent can be asked now."""
        seen = self._seen
        return (
            seen is not None
            and seen.connection_state is ConnectionState.CONNECTED
            and self.whom is not None
            and self.whom == self._ready
        )

    async def ask(
        self,
        kind: str,
        timeout: float,  # noqa: ASYNC109 - the caller's patience
        *,
        again: bool = True,
        fields: Mapping[str, object] | None = None,
    ) -> object:
        """Ask the agent, and keep what it says of itself; raises as ``Requests.ask``."""
        answer = await self._requests.ask(kind, timeout, again=again, fields=fields)
        self._keep(answer)
        return answer

    def close(self) -> None:
        """End everything: the run is over."""
        self._is_closed = True
        self._following.dispose()
        for task in self._tasks:
            task.cancel()
        self._requests.close(self._why_gone(self._snapshots.value))
        self._inbox.close()

    def spawn(self, work: Coroutine[object, object, None]) -> asyncio.Task[None]:
        """Do it until it is done, or the run is over."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("the session channel's own code failed", exc_info=error)

    # Who is at the other end --------------------------------------------------------------------

    def _follow(self, now: SessionSnapshot) -> None:
        seen, self._seen = self._seen, now
        same = seen is not None and (
            seen.agent is now.agent
            and seen.run is now.run
            and seen.connection_state is now.connection_state
        )
        if same or self._is_closed:
            return
        agent = now.agent
        whom = None if agent.identity is None else Whom(agent.identity, now.run.joins)
        if whom != self.whom:
            self.whom = whom
            self.is_served = self._greeted = self.last_user_item = None
            self._tools = ToolCalls()
            self._requests.gone(self._why_gone(now))
        if agent.is_connected:
            self._ready = whom
        self._situation()

    def _why_gone(self, now: SessionSnapshot) -> ChannelError:
        text = RUN_ENDED if now.state in NO_RUN else AGENT_GONE
        error = ChannelError(text, kind="run-ended")
        error.__cause__ = now.failure
        return error

    def _situation(self) -> None:
        """Tell the requests whom they can reach, and greet whoever is new, or newly linked."""
        now = self._snapshots.value
        there = self.whom if self.is_up else None
        if there is not None and self._greeted != (there, now.run.links):
            self._greeted = (there, now.run.links)
            self.is_served = self.is_served or None
            if self._greeting is not None:
                self._greeting.cancel()
            self._greeting = self.spawn(self._greet())
        self._requests.situation(there, now.run.links, served=self.is_served)

    async def _greet(self) -> None:
        """Find out whether the agent serves the channel, and how it stands."""
        await asyncio.to_thread(wire.protocol)
        for _ in range(KNOCKS):
            try:
                await self._requests.ask("ping", SERVED_WITHIN / KNOCKS, early=True)
                break
            except ChannelError as error:
                logger.debug("a ping on the session channel: %s", error)
                if error.kind != "timeout":
                    await asyncio.sleep(SERVED_WITHIN / KNOCKS)
        if not self.is_served:
            self.is_served = False
            self._situation()
            return
        for kind in ("get_session_state", "get_session_usage"):
            try:
                await self.ask(kind, STATE_PATIENCE)
            except ChannelError as error:
                logger.debug("the agent's state was asked for: %s", error)

    def _is_agent(self, identity: str) -> bool:
        return not self._is_closed and self.whom is not None and identity == self.whom.identity

    # What it says -------------------------------------------------------------------------------

    def _take(self, sender: str, data: bytes) -> None:
        if not self._is_agent(sender):
            return
        try:
            told = wire.parse(data)
        except wire.GarbageError as error:
            self.garbage += 1
            if self.garbage == 1:
                logger.warning("a message on the agent's session channel makes no sense: %s", error)
            return
        if told is None:
            return
        if not self.is_served:
            if self.is_served is False:
                self._greeted = None  # it was slow, and has not been asked how it stands
            self.is_served = True
            self._situation()
        if isinstance(told, wire.Answer):
            self._requests.take(told)
        else:
            self._fold(sender, told)

    def _fold(self, sender: str, event: ChannelEvent) -> None:
        match event:
            case UserStateChanged():
                self._tell(UserStateTold(sender, event.after))
            case UsageUpdated(usage):
                self._tell(UsageTold(sender, usage))
            case ItemAdded(item):
                if isinstance(item, ChatMessage):
                    self._heard(sender, item)
            case _:
                pass
        self.on_event(event)
        self._broadcast.tell(event, self._tools)

    def _heard(self, sender: str, message: ChatMessage) -> None:
        if message.role is ChatRole.ASSISTANT:
            self._tell(SpeechCorrected(sender, message.text, message.interrupted))
        elif message.role is ChatRole.USER:
            self.last_user_item = message.id

    def _keep(self, answer: object) -> None:
        if self.whom is None or self._is_closed:
            return
        match answer:
            case AgentSessionInfo():
                self._tell(UserStateTold(self.whom.identity, answer.user_state))
            case Usage():
                self._tell(UsageTold(self.whom.identity, answer))
            case _:
                pass


def _nothing(_: ChannelEvent) -> None:
    pass
