"""When the agent is ready for text: decided once for each agent and link.

Text that comes too early is lost, or worse: measured with livekit-agents 1.8.9, text that
interrupts the greeting before the agent's audio is subscribed mutes the agent for the whole call,
an agent that was in the room before this client drops text until the server has announced the
client to it, and the SDK's ``send_text`` resolves on a broken link. So a text waits for all of
this:

1. the agent listens, thinks or speaks;
2. its audio track is subscribed and it has had ``TRACK_SETTLE`` to hear of that, or it speaks; or
   it has had ``TRACK_GRACE`` to publish one;
3. an agent that was there before us has had time to hear of us;
4. the agent has answered a *probe*: an RPC to a method that no agent has, which a participant that
   can hear and understand us refuses within milliseconds.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing
from typing import TYPE_CHECKING, Final, NamedTuple

from session_fsm.events import ProbeAnswered, ProbeUnanswered
from session_fsm.redact import redacted_cause
from session_fsm.states import AgentState, ConnectionState

if TYPE_CHECKING:
    from collections.abc import Callable

    from session_fsm.snapshot import SessionSnapshot
    from session_fsm.transports.base import Link, Sink
    from stores import Store

TRACK_GRACE: Final = 2.0
"""Seconds that an agent without an audio track is waited for; measured: it comes after 0.06 s, and
after 1.6 s where the machine has seven times too much to do."""
TRACK_SETTLE: Final = 0.5
"""Seconds until the agent knows, too, that its track is subscribed: this client has it before the
server has told the agent. Measured: of 100 texts that left within 0.01 s, 3 muted the agent."""
ANNOUNCED_AFTER: Final = 3.5
"""Seconds until the server has announced a client that publishes nothing; measured: 1.0 to 3.1."""
ANNOUNCED_AFTER_PUBLISHING: Final = 0.5
"""The same for a client with a track of its own; measured: 0.25."""
PROBE_TIMEOUT: Final = 3.0
"""Seconds after which an agent that does not answer the probe counts as unresponsive."""
PROBE_PAUSE: Final = 0.5
"""Seconds between two probes."""
GIVE_UP_AFTER: Final = 10.0
"""Seconds without an answer after which the texts that wait are given up."""


logger = logging.getLogger("session_fsm")


class Address(NamedTuple):
    """Whom a text would reach now: the agent, the link that leads to it, and which coming it is."""

    identity: str
    links: int
    joins: int


def address(snapshot: SessionSnapshot) -> Address | None:
    """Return whom a text would reach now, or None while it would reach nobody."""
    agent = snapshot.agent.identity
    if agent is None or snapshot.connection_state is not ConnectionState.CONNECTED:
        return None
    return Address(agent, snapshot.run.links, snapshot.run.joins)


class TextGate:
    """Follows who the agent is, and decides when it is ready for text."""

    def __init__(
        self,
        snapshots: Store[SessionSnapshot],
        link: Link,
        tell: Sink,
        *,
        opened: Callable[[], None],
        given_up: Callable[[], None],
    ) -> None:
        self._snapshots = snapshots
        self._link = link
        self._tell = tell
        self._opened = opened
        self._given_up = given_up
        self._open_for: Address | None = None
        self._deciding: asyncio.Task[None] | None = None
        self._link_up_at = asyncio.get_running_loop().time()

    @property
    def is_open(self) -> bool:
        """Whether a text may leave now."""
        return self._open_for is not None and address(self._snapshots.value) == self._open_for

    async def run(self) -> None:
        """Decide for one agent and link after the other, until cancelled."""
        links = -1
        try:
            async with aclosing(self._snapshots.select(address).values()) as addresses:
                async for there in addresses:
                    if there is not None and there.links != links:
                        links = there.links
                        self._link_up_at = asyncio.get_running_loop().time()
                    self._begin(there)
        finally:
            self._begin(None)

    def close(self) -> None:
        """Decide anew: the agent that the gate is open for has stopped answering."""
        there, self._open_for = self._open_for, None
        self._begin(there)

    def _begin(self, there: Address | None) -> None:
        if self._deciding is not None:
            self._deciding.cancel()
            self._deciding = None
        if there is not None:
            self._deciding = asyncio.create_task(self._decide(there))
            self._deciding.add_done_callback(self._decided)

    async def _decide(self, there: Address) -> None:
        await self._until(lambda snapshot: snapshot.agent.is_connected)
        await asyncio.gather(self._settle(), self._probe(there.identity))
        self._open_for = there
        self._opened()

    def _decided(self, deciding: asyncio.Task[None]) -> None:
        if not deciding.cancelled() and (error := deciding.exception()) is not None:
            cause = redacted_cause(error) if isinstance(error, Exception) else error
            logger.error("the transport's probe failed", exc_info=cause)
            self._given_up()

    async def _settle(self) -> None:
        """Wait until the agent's session takes text without dropping it."""
        if await self._within(TRACK_GRACE, lambda now: now.agent.microphone_track is not None):
            await self._within(TRACK_SETTLE, lambda now: now.agent.state is AgentState.SPEAKING)
        agent = self._snapshots.value.agent.participant
        if agent is not None and agent.was_there:
            wait = ANNOUNCED_AFTER_PUBLISHING if self._link.publishes else ANNOUNCED_AFTER
            loop = asyncio.get_running_loop()
            await asyncio.sleep(self._link_up_at + wait - loop.time())

    async def _probe(self, identity: str) -> None:
        """Ask until there is an answer; tell how it stands."""
        loop = asyncio.get_running_loop()
        give_up_at = loop.time() + GIVE_UP_AFTER
        while not await self._link.probe(identity, PROBE_TIMEOUT):
            self._tell(ProbeUnanswered(identity))
            if loop.time() >= give_up_at:
                self._given_up()
                give_up_at = loop.time() + GIVE_UP_AFTER
            await asyncio.sleep(PROBE_PAUSE)
        self._tell(ProbeAnswered(identity))

    async def _within(self, seconds: float, reached: Callable[[SessionSnapshot], bool]) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self._until(reached)
        except TimeoutError:
            return False
        return True

    async def _until(self, reached: Callable[[SessionSnapshot], bool]) -> None:
        async with aclosing(self._snapshots.select(reached).values()) as values:
            async for value in values:
                if value:
                    return
