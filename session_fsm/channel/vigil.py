"""Whether the agent is alive: pings, and whether it takes up what it is told.

A ping does not tell an agent whose session has ended from a living one: measured with
livekit-agents 1.8.9, such an agent still shows ``listening``, and may answer pings, while its
history does not grow any more. A living one shows ``thinking`` 0.01 s after a text.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, TypeGuard

from session_fsm.channel.answers import Items
from session_fsm.channel.events import AgentStateChanged, ItemAdded, ToolCallStarted
from session_fsm.channel.items import ChatMessage, ChatRole
from session_fsm.errors import ChannelError
from session_fsm.events import (
    AgentStirred,
    PingAnswered,
    PingUnanswered,
    TextIgnored,
    TextSettled,
)
from session_fsm.messages.message import MessageAdded, MessageStatus
from session_fsm.states import AgentState

if TYPE_CHECKING:
    from session_fsm.channel.events import ChannelEvent
    from session_fsm.channel.items import ChatItem
    from session_fsm.channel.line import Line
    from session_fsm.channel.requests import Whom
    from session_fsm.messages.message import MessageChange
    from session_fsm.snapshot import SessionSnapshot
    from session_fsm.transports.base import Sink
    from stores import EventStream, Store

UPTAKE: Final = 5.0
"""Seconds that an agent has to take up a text; measured: 0.01 s."""
MOST_ROUNDS: Final = 6
"""How often an agent that shows ``thinking`` or ``speaking``, and is silent, gets that time again:
it may work on an earlier text, or have ended in the middle of a word."""
MOST_MISSED: Final = 2
"""Pings in a row that are unanswered before the agent counts as unresponsive."""

BUSY: Final = frozenset({AgentState.THINKING, AgentState.SPEAKING})
OF_THE_AGENT: Final = frozenset({"agent", "avatar"})


class Vigil:
    """Watches the agent at the other end of a line."""

    def __init__(
        self,
        line: Line,
        tell: Sink,
        snapshots: Store[SessionSnapshot],
        changes: EventStream[MessageChange],
        ping_every: float | None,
    ) -> None:
        self._line = line
        self._tell = tell
        self._snapshots = snapshots
        self._waiting: asyncio.TimerHandle | None = None
        self._stirs = 0
        self._uptakes = 0
        self._rounds = 0
        self._untaken: list[str] = []
        self._before: dict[str, int] = {}
        line.on_event = self._event
        self._following = (
            changes.subscribe(self._changed),
            snapshots.select(lambda now: now.agent.state).subscribe(self._state),
        )
        if ping_every is not None:
            line.spawn(self._ping(ping_every))

    def close(self) -> None:
        """Watch no longer: the run is over."""
        self._wait_no_longer()
        for following in self._following:
            following.dispose()

    # Pings --------------------------------------------------------------------------------------

    async def _ping(self, every: float) -> None:
        loop = asyncio.get_running_loop()
        missed, of = 0, None
        next_at = loop.time()
        while True:
            next_at = max(next_at + every, loop.time())
            await asyncio.sleep(next_at - loop.time())
            if not self._line.is_up or not self._line.is_served or of != self._place():
                missed, of = 0, self._place()
            if not self._line.is_up or not self._line.is_served:
                continue
            missed = missed + 1 if await self._is_silent(every) and of == self._place() else 0
            if missed >= MOST_MISSED:
                self._told(PingUnanswered)

    async def _is_silent(self, patience: float) -> bool:
        try:
            await self._line.ask("ping", patience)
        except ChannelError as error:
            return error.kind == "timeout" and self._line.is_up
        self._told(PingAnswered)
        return False

    def _place(self) -> tuple[Whom | None, int]:
        return self._line.whom, self._snapshots.value.run.links

    def _told(self, fact: type[PingAnswered | PingUnanswered | TextIgnored | AgentStirred]) -> None:
        if self._line.whom is not None:
            self._tell(fact(self._line.whom.identity))

    # Uptake -------------------------------------------------------------------------------------

    def _changed(self, change: MessageChange) -> None:
        message = change.message
        if message.sender in OF_THE_AGENT:
            self._stir(takes_up=isinstance(change, MessageAdded))
        elif message.status is MessageStatus.SENDING:
            self._before.setdefault(message.id, self._uptakes)
        elif message.id in self._before:
            # The agent may have taken it up before it is known that it got it.
            taken_up = self._before.pop(message.id) != self._uptakes
            if message.status is MessageStatus.SENT and not taken_up:
                self._untaken.append(message.id)
                if self._waiting is None:
                    self._wait()

    def _state(self, state: AgentState) -> None:
        self._stir(takes_up=state in BUSY)

    def _event(self, event: ChannelEvent) -> None:
        self._stir(takes_up=takes_up(event))

    def _stir(self, *, takes_up: bool) -> None:
        """Something is heard that only a living session says; maybe it takes a text up.

        What does not may be late, and about what was before the text: it is waited on.
        """
        self._stirs += 1
        self._rounds = 0
        if takes_up:
            self._uptakes += 1
            self._untaken.clear()
        if self._waiting is not None:
            self._wait_no_longer()
            if not takes_up:
                self._wait()
        if self._snapshots.value.agent.channel.is_deaf:
            self._told(AgentStirred)

    def _wait(self) -> None:
        whom = self._line.whom
        loop = asyncio.get_running_loop()
        self._waiting = loop.call_later(UPTAKE, self._look, whom)

    def _wait_no_longer(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _look(self, whom: Whom | None) -> None:
        self._waiting = None
        if whom is None or whom != self._line.whom or not self._line.is_up:
            return
        if self._snapshots.value.agent.state in BUSY and self._rounds < MOST_ROUNDS:
            self._rounds += 1
            self._wait()
        else:
            self._line.spawn(self._look_at_history(whom))

    async def _look_at_history(self, whom: Whom) -> None:
        known, stirs, uptakes = self._line.last_user_item, self._stirs, self._uptakes
        try:
            answer = await self._line.ask("get_chat_history", UPTAKE)
        except ChannelError as error:
            if error.kind != "timeout" or not self._line.is_up:
                return
            has_grown = False
        else:
            newest = newest_of_user(answer)
            self._line.last_user_item = newest
            has_grown = newest != known
        taken_up = uptakes != self._uptakes or (has_grown and known is not None)
        if taken_up:
            self._untaken.clear()
        if taken_up or whom != self._line.whom or self._waiting is not None:
            return
        if has_grown or stirs != self._stirs:
            self._wait()  # now it is known what the history was; or it is alive, and slow
        else:
            self._told(TextIgnored)
            ignored, self._untaken = self._untaken, []
            for message_id in ignored:
                # It got there, and nobody listens: a text that may be lost is not shown as sent.
                self._tell(TextSettled(message_id, MessageStatus.UNCONFIRMED))


def newest_of_user(answer: object) -> str | None:
    """Return the id of the user's last message in a history, or None where there is none."""
    items = answer.items if isinstance(answer, Items) else ()
    of_user = (one.id for one in reversed(items) if is_of_user(one))
    return next(of_user, None)


def takes_up(event: ChannelEvent) -> bool:
    """Say whether an event begins something new, so that a text before it was taken up."""
    match event:
        case AgentStateChanged():
            return event.after in BUSY
        case ItemAdded():
            return is_of_user(event.item)
        case ToolCallStarted():
            return True
        case _:
            return False


def is_of_user(item: ChatItem) -> TypeGuard[ChatMessage]:
    """Say whether these are words of the user."""
    return isinstance(item, ChatMessage) and item.role is ChatRole.USER
