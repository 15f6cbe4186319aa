"""One run: everything that one ``start()`` sets in motion, and how all of it is put away."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

from session_fsm.errors import ConnectError, SessionError
from session_fsm.events import DeadlinePassed, RunClosed, RunFailed, TokenReady
from session_fsm.messages.outbox import Outbox
from session_fsm.redact import redacted_cause
from session_fsm.timer import PausableTimer
from session_fsm.tokens.jwt import dispatches_agent
from session_fsm.transports.base import NO_WISHES, for_url

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence

    from session_fsm.capability import Capability, EarlyCapability
    from session_fsm.messages.certainty import AgentMemory
    from session_fsm.snapshot import Deadline, SessionSnapshot
    from session_fsm.tokens.details import ConnectionDetails
    from session_fsm.tokens.prepared import PreparedToken
    from session_fsm.transports.base import Link, LinkWishes, Sink, Transport
    from stores import Store

CLOSE_TIMEOUT: Final = 5.0
"""Seconds that ``ending`` lasts at most."""

logger = logging.getLogger("session_fsm")


class Run:
    """The effects of one epoch. What it finds out it tells as facts; it decides nothing."""

    def __init__(
        self,
        tell: Sink,
        snapshots: Store[SessionSnapshot],
        tokens: PreparedToken,
        transport: Transport | None,
        *,
        capabilities: Sequence[Capability] = (),
        early: Sequence[EarlyCapability] = (),
        memory: AgentMemory | None = None,
        wishes: LinkWishes = NO_WISHES,
    ) -> None:
        self._tell = tell
        self._tokens = tokens
        self._transport = transport
        self._capabilities = capabilities
        self._early = early
        self._wishes = wishes
        self._details: ConnectionDetails | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._timer = PausableTimer()
        self._closing = False
        loop = asyncio.get_running_loop()
        self.link: Link | None = None
        self.outbox = Outbox(snapshots, tell, memory)
        self.starters = 0
        """How many ``start()`` calls wait for the outcome."""
        self.handed_over = False
        """Whether one of them has returned without an error."""
        self.outcome: asyncio.Future[SessionError | None] = loop.create_future()
        """None once the session is ready; the error once the run ended before that."""
        self.closed: asyncio.Future[None] = loop.create_future()
        """Done when the session is idle again."""
        for one in early:
            one.begin(tell)

    @property
    def tell(self) -> Sink:
        """Takes the facts of this run."""
        return self._tell

    def fetch_token(self, *, force: bool) -> None:
        """Ask the token source; tells ``TokenReady``."""
        self._spawn(self._fetch_token(force=force))

    def connect(self) -> None:
        """Join the room; tells ``RoomJoined`` and whatever happens there."""
        self._spawn(self._connect())

    def set_deadline(self, deadline: Deadline | None, seconds: float | None) -> None:
        """Tell ``DeadlinePassed`` after so many seconds of a link that is up."""
        if deadline is None:
            self._timer.cancel()
        else:
            self._timer.set(seconds, lambda: self._tell(DeadlinePassed(deadline)))

    def pause_deadline(self, *, paused: bool) -> None:
        """Stop the clock of the deadline, or let it go on."""
        self._timer.pause(paused=paused)

    def close(self) -> None:
        """Put away everything; tells ``RunClosed`` after at most ``CLOSE_TIMEOUT`` seconds."""
        self._closing = True
        self._timer.cancel()
        self.outbox.close()
        begun = self._early if self.link is None else (*self._early, *self._capabilities)
        ended = [one.detach() for one in begun]
        running = set(self._tasks)
        for task in running:
            task.cancel()
        running.update(task for task in ended if task is not None)
        closing = asyncio.get_running_loop().create_task(self._close(running))
        closing.add_done_callback(lambda _: self._tell(RunClosed()))

    async def _close(self, running: set[asyncio.Task[None]]) -> None:
        if self.link is not None:
            running = running | {asyncio.create_task(self.link.close())}
        if running:
            _, late = await asyncio.wait(running, timeout=CLOSE_TIMEOUT)
            for task in late:
                task.cancel()

    def _spawn(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        # Asked for in any case: asyncio prints an error that nobody asked for, unredacted.
        error = asyncio.CancelledError() if task.cancelled() else task.exception()
        if error is None or self._closing:
            return
        cause = redacted_cause(error) if isinstance(error, Exception) else error
        logger.error("the session's own code failed", exc_info=cause)
        failure = ConnectError(
            f"The session stopped because of an error of its own: {type(error).__name__}. "
            "The log has the details.",
            kind="refused",
        )
        failure.__cause__ = cause
        self._tell(RunFailed(failure))

    async def _fetch_token(self, *, force: bool) -> None:
        try:
            self._details = await self._tokens.take(force=force)
        except SessionError as error:
            self._tell(RunFailed(error))
        else:
            self._tell(TokenReady(dispatches_agent(self._details.participant_token)))

    async def _connect(self) -> None:
        details = self._details
        if details is None:
            raise AssertionError("connecting without a token")
        try:
            transport = self._transport
            if transport is None:
                # Loading a native library takes long: the loop must not stand still for it.
                transport = await asyncio.to_thread(for_url, details.server_url)
            wishes = () if self._wishes is NO_WISHES else (self._wishes,)
            self.link = transport.open(details, self._tell, *wishes)
            for capability in (*self._early, *self._capabilities):
                capability.attach(self.link, self._tell)
            self._spawn(self.outbox.run(self.link))
            await self.link.connect()
        except SessionError as error:
            self._tell(RunFailed(error))
