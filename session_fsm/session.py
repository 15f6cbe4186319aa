"""``Session``: one object from the token to the end of the conversation.

This module owns the mailbox. An event comes in, the reducer makes the next snapshot of it, the
snapshot is committed, observers are told, and then the effects are carried out; an event that
arrives meanwhile waits its turn. No decision about states is made here.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections import deque
from contextlib import aclosing
from datetime import UTC, datetime
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Self

from session_fsm.agent import Agent
from session_fsm.arguments import checked_patience, checked_seconds, checked_text, merged_options
from session_fsm.effects import (
    Action,
    CloseRun,
    Connect,
    FetchToken,
    Moved,
    PauseDeadline,
    SetDeadline,
    Tell,
    Warn,
)
from session_fsm.errors import SessionEnded, SessionError, SessionStateError
from session_fsm.events import End, Event, FromRun, Start
from session_fsm.messages.store import MessageStore
from session_fsm.reducer import step
from session_fsm.run import Run
from session_fsm.snapshot import SessionSnapshot
from session_fsm.states import EndReason, SessionState
from session_fsm.tokens.prepared import PreparedToken
from session_fsm.transition import Transition
from stores import EventStream, WritableEventStream, WritableStore

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

    from livekit.rtc import Room

    from session_fsm.messages.message import Message, MessageChange
    from session_fsm.snapshot import Deadline
    from session_fsm.states import ConnectionState
    from session_fsm.tokens.details import TokenOptions
    from session_fsm.tokens.source import TokenSource
    from session_fsm.transports.base import Transport
    from stores import OnUnhandled, Store

logger = logging.getLogger("session_fsm")

ENDED: Final[Mapping[EndReason | None, str]] = {
    EndReason.ENDED: "The session was ended before that.",
    EndReason.HUNG_UP: "The session ended before that: the agent left the room on purpose.",
    EndReason.ROOM_DELETED: "The session ended before that: the room was deleted.",
}


class Session:
    """A session with a LiveKit agent.

    A session can be made where no event loop runs. It belongs to the loop that first calls
    ``start()`` or ``prepare()``, and may be started again after each end.

    Args:
        token_source: Where the server's URL and the token come from.
        agent_name: Asks for the agent of this name where the token source can, and takes no other
            one for the session's agent.
        agent_metadata: Handed to the agent's job where the token source can.
        token_options: More wishes for the token source.
        agent_timeout: Seconds from the room being joined in which a dispatched agent must be
            ready, not counting those in which the link is being restored; None waits for ever.
        agent_return_timeout: Seconds in which an agent that is gone without a goodbye must be
            back; None waits for ever.
        token_timeout: Seconds in which the token source must answer.
        transport: What to reach the room with; by default the scheme of the URL decides.
        on_unhandled: Called with every exception that an observer of this session raises. They
            are logged in any case, and never disturb the session or another observer.

    Raises:
        TypeError: An argument is of the wrong type.
        ValueError: A name is empty, or a time is not a number of seconds above 0.
    """

    def __init__(
        self,
        token_source: TokenSource,
        *,
        agent_name: str | None = None,
        agent_metadata: str | None = None,
        token_options: TokenOptions | None = None,
        agent_timeout: float | None = 20.0,
        agent_return_timeout: float | None = 5.0,
        token_timeout: float = 30.0,
        transport: Transport | None = None,
        on_unhandled: OnUnhandled | None = None,
    ) -> None:
        self._options = merged_options(token_options, agent_name, agent_metadata)
        self._agent_timeout = checked_patience("agent_timeout", agent_timeout)
        self._agent_return_timeout = checked_patience("agent_return_timeout", agent_return_timeout)
        if transport is not None and not callable(getattr(transport, "open", None)):
            raise TypeError(f"transport must have an open(), {type(transport).__name__} has none.")
        if on_unhandled is not None and not callable(on_unhandled):
            raise TypeError(f"on_unhandled must be callable, not {type(on_unhandled).__name__}.")
        self._transport = transport
        self._tokens = PreparedToken(
            token_source,
            self._options,
            checked_seconds("token_timeout", token_timeout),
        )
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = False
        self._mailbox: deque[Event] = deque()
        self._stepping = False
        self._run: Run | None = None
        self._last: dict[str, Transition] = {}
        self._snapshots = WritableStore(SessionSnapshot(), on_unhandled=on_unhandled)
        self._transitions = WritableEventStream[Transition](on_unhandled=on_unhandled)
        self._changes: WritableEventStream[MessageChange] = WritableEventStream(
            on_unhandled=on_unhandled
        )
        self.agent = Agent(self._snapshots, self.wait_until)

    def __repr__(self) -> str:
        now = self.snapshot
        return f"<Session {now.state}, {now.connection_state}, agent {now.agent.state}>"

    # What can be seen ---------------------------------------------------------------------------

    @property
    def snapshot(self) -> SessionSnapshot:
        """Everything that can be seen at this moment."""
        return self._snapshots.value

    @property
    def snapshots(self) -> Store[SessionSnapshot]:
        """The store of snapshots; all others are selected from it."""
        return self._snapshots

    @property
    def transitions(self) -> EventStream[Transition]:
        """Every transition of the three charts, after the snapshot that shows it."""
        return self._transitions

    @property
    def last_transitions(self) -> Mapping[str, Transition]:
        """Name of a chart -> its last transition; a chart that never moved is not in it."""
        return MappingProxyType(self._last)

    @cached_property
    def state(self) -> Store[SessionState]:
        """Where the session stands; see `SessionState`."""
        return self._snapshots.select(lambda snapshot: snapshot.state)

    @cached_property
    def connection_state(self) -> Store[ConnectionState]:
        """The link to the room; see `ConnectionState`."""
        return self._snapshots.select(lambda snapshot: snapshot.connection_state)

    @cached_property
    def is_connected(self) -> Store[bool]:
        """Whether the room is joined, also while the link is being restored."""
        return self._snapshots.select(lambda snapshot: snapshot.is_connected)

    @cached_property
    def is_reconnecting(self) -> Store[bool]:
        """Whether the link is being restored."""
        return self._snapshots.select(lambda snapshot: snapshot.is_reconnecting)

    @cached_property
    def failure(self) -> Store[SessionError | None]:
        """Why the last run failed; None before, without a failure, and from the next start on."""
        return self._snapshots.select(lambda snapshot: snapshot.failure)

    @cached_property
    def end_reason(self) -> Store[EndReason | None]:
        """Why the last run ended; see `EndReason`."""
        return self._snapshots.select(lambda snapshot: snapshot.end_reason)

    @cached_property
    def room_name(self) -> Store[str | None]:
        """The room's name while it is joined."""
        return self._snapshots.select(lambda snapshot: snapshot.room_name)

    @cached_property
    def local_identity(self) -> Store[str | None]:
        """This participant's identity while the room is joined."""
        return self._snapshots.select(lambda snapshot: snapshot.local_identity)

    @cached_property
    def messages(self) -> MessageStore:
        """The conversation: all messages, in the order of their first appearance."""
        return MessageStore(self._snapshots, self._changes)

    @property
    def room(self) -> Room | None:
        """The live ``livekit.rtc.Room`` while the room is joined on LiveKit, else None."""
        if self._run is None or self._run.link is None or not self.snapshot.is_connected:
            return None
        return self._run.link.room

    # Lifecycle ----------------------------------------------------------------------------------

    async def start(self) -> None:
        """Fetch a token, join the room, and wait until the agent is ready.

        When the token dispatches no agent, it returns as soon as the room is joined. While another
        call is starting the session, this one joins it; when the session is active, it returns at
        once; while it is ending, it waits for that and starts again. Cancelling the last call that
        waits rolls everything back.

        Raises:
            TokenError: No usable token could be had.
            ConnectError: The room could not be joined.
            AgentError: The agent did not come, was not ready in time, or left.
            SessionEnded: ``end()`` was called, or the agent left on purpose.
            SessionStateError: The session is closed, or belongs to another event loop.
        """
        self._enter()
        while self._stepping or self.snapshot.state is SessionState.ENDING:
            # An eager task of an observer runs within a step: its turn comes after it.
            await (asyncio.sleep(0) if self._stepping else self._closed_run())
            self._enter()
        self._post(Start())
        run = self._run
        if run is None:
            raise AssertionError("a started session has a run")
        await self._ready(run)

    async def _closed_run(self) -> None:
        if self._run is not None:
            await asyncio.wait({self._run.closed})

    async def _ready(self, run: Run) -> None:
        if run.handed_over:
            return
        run.starters += 1
        try:
            await asyncio.wait({run.outcome})
        except asyncio.CancelledError:
            run.starters -= 1
            if run.starters == 0 and not run.handed_over:
                self._end(run)
                await asyncio.wait({run.closed})
            raise
        run.starters -= 1
        error = run.outcome.result()
        if error is not None:
            raise error.with_traceback(None)
        run.handed_over = True

    async def end(self) -> None:
        """End the session and wait until it is idle: at most five seconds.

        A second call joins the first; when the session is idle it returns at once.

        Raises:
            SessionStateError: The session belongs to another event loop.
        """
        if self._run is None or self.snapshot.state is SessionState.IDLE:
            return
        self._check_loop()
        run = self._run
        self._end(run)
        await asyncio.wait({run.closed})

    def _end(self, run: Run) -> None:
        if run is self._run:
            self._post(End())

    async def close(self) -> None:
        """End the session and complete all its stores and streams; they keep their last values.

        Raises:
            SessionStateError: The session belongs to another event loop, which still runs.
        """
        if self._loop is not None and not self._loop.is_closed():
            self._check_loop()
        while self.snapshot.state is not SessionState.IDLE:
            await self.end()
        self._closed = True
        self._tokens.cancel()
        self._snapshots.close()
        self._transitions.close()
        self._changes.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def prepare(self) -> None:
        """Fetch the token ahead of time; the next start uses it, once, if it is still valid.

        Raises:
            TokenError: No usable token could be had.
            SessionStateError: The session is closed, or belongs to another event loop.
        """
        self._enter()
        await self._tokens.prepare(force=self.snapshot.epoch > 0)

    # The conversation ---------------------------------------------------------------------------

    async def send(self, text: str) -> Message:
        """Send a text to the agent, as soon as the agent is ready for it; first in, first out.

        The message is in ``messages`` at once, with the status ``sending``.

        Returns:
            The message, sent.

        Raises:
            SendError: It was not sent, or it is not certain that the agent can have it.
            SessionStateError: The session is idle or ending.
            TypeError: The text is no str.
            ValueError: The text is empty.
        """
        checked_text("text", text)
        if self._run is None or self.snapshot.state in {SessionState.IDLE, SessionState.ENDING}:
            raise SessionStateError(
                f"The session is {self.snapshot.state}: call start() before send().",
                kind="not-running",
            )
        self._check_loop()
        return await self._run.outbox.send(text)

    # Waiting ------------------------------------------------------------------------------------

    async def wait_until(
        self,
        predicate: Callable[[SessionSnapshot], bool],
        timeout: float | None = None,  # noqa: ASYNC109 - the waits of all SDKs have one
    ) -> SessionSnapshot:
        """Wait until the predicate holds for a snapshot, and return that snapshot.

        What holds already returns at once, whatever the state. Before a start it waits.

        Args:
            predicate: Looks at a snapshot; no snapshot is left out.
            timeout: Seconds; None waits for ever.

        Raises:
            SessionError: The run failed before; the failure itself.
            SessionEnded: The run ended before.
            SessionStateError: The session was closed before.
            TimeoutError: The time is over.
        """
        if inspect.iscoroutinefunction(predicate):
            raise TypeError("predicate must be a plain function of a SessionSnapshot.")
        limit = asyncio.timeout(checked_patience("timeout", timeout))
        try:
            async with limit:
                return await self._reached(predicate)
        except TimeoutError:
            if not limit.expired():
                raise
            raise TimeoutError(f"Not reached within {timeout:g} seconds: {self!r}.") from None

    async def _reached(self, predicate: Callable[[SessionSnapshot], bool]) -> SessionSnapshot:
        running = False
        async with aclosing(self._snapshots.values("all")) as snapshots:
            async for snapshot in snapshots:
                if predicate(snapshot):
                    return snapshot
                if snapshot.state is not SessionState.IDLE:
                    running = True
                elif running:
                    raise _why_ended(snapshot).with_traceback(None)
        raise _closed_error()

    async def wait_until_connected(self, timeout: float | None = None) -> None:  # noqa: ASYNC109
        """Wait until the room is joined and the link is up; raises as ``wait_until``."""
        await self.wait_until(
            lambda snapshot: snapshot.is_connected and not snapshot.is_reconnecting, timeout
        )

    async def wait_until_disconnected(self, timeout: float | None = None) -> None:  # noqa: ASYNC109
        """Wait until there is no link; returns at once before a start."""
        await self.wait_until(
            lambda snapshot: snapshot.connection_state.value == "disconnected", timeout
        )

    # The mailbox --------------------------------------------------------------------------------

    def _enter(self) -> None:
        """Bind the session to the running loop, or check that it is bound to it."""
        if self._closed:
            raise _closed_error()
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
        self._check_loop()

    def _check_loop(self) -> None:
        if asyncio.get_running_loop() is not self._loop:
            raise SessionStateError(
                "The session belongs to another event loop. From outside of it use "
                "asyncio.run_coroutine_threadsafe(session.end(), loop).",
                kind="wrong-loop",
            )

    def _post(self, event: Event) -> None:
        """Take an event; the outermost call works the mailbox off, one event after the other."""
        if self._stepping:
            self._mailbox.append(event)
            return
        self._stepping = True
        try:
            self._step(event)
            while self._mailbox:
                self._step(self._mailbox.popleft())
        finally:
            self._stepping = False

    def _step(self, event: Event) -> None:
        before = self._snapshots.value
        after, effects = step(before, event, agent_name=self._options.agent_name)
        if after is before:
            return
        if after.epoch != before.epoch:
            self._run = self._new_run(after.epoch)
        try:
            self._snapshots.set(after)
        finally:
            # Also when an observer was interrupted by ctrl+c: what was decided is carried out.
            for effect in effects:
                if isinstance(effect, Moved):
                    self._announce(effect, after)
                else:
                    self._carry_out(effect)
            if before.state is not after.state:
                self._settle(before, after)

    def _new_run(self, epoch: int) -> Run:
        return Run(
            lambda fact: self._post(FromRun(epoch, fact)),
            self._snapshots,
            self._tokens,
            self._transport,
        )

    def _carry_out(self, effect: Action) -> None:
        run = self._run
        if run is None:
            raise AssertionError("only a started session has effects")
        match effect:
            case Tell(change):
                self._changes.emit(change)
            case SetDeadline(deadline):
                run.set_deadline(deadline, self._seconds(deadline))
            case PauseDeadline(paused):
                run.pause_deadline(paused=paused)
            case FetchToken(force):
                run.fetch_token(force=force)
            case Connect():
                run.connect()
            case CloseRun():
                run.close()
            case Warn(text):
                logger.warning(text)

    def _announce(self, moved: Moved, now: SessionSnapshot) -> None:
        logger.debug("%s: %s (%s -> %s)", moved.machine, moved.trigger, moved.source, moved.dest)
        transition = Transition(
            moved.machine,
            moved.trigger,
            moved.source,
            moved.dest,
            now.seq,
            now.epoch,
            datetime.now(UTC),
        )
        self._last[moved.machine] = transition
        self._transitions.emit(transition)

    def _seconds(self, deadline: Deadline | None) -> float | None:
        if deadline is not None and deadline.returning:
            return self._agent_return_timeout
        return self._agent_timeout

    def _settle(self, before: SessionSnapshot, after: SessionSnapshot) -> None:
        """Tell those who wait for the outcome of the run."""
        run = self._run
        if run is None:
            return
        if after.failure is not None and before.failure is None:
            logger.warning("the session failed: %r", after.failure)
        dispatched = after.run.dispatches
        ready = after.state is SessionState.ACTIVE or (
            after.state is SessionState.DISPATCHING and not dispatched
        )
        if ready and not run.outcome.done():
            run.outcome.set_result(None)
        if after.state is SessionState.IDLE:
            if not run.outcome.done():
                run.outcome.set_result(_why_ended(after))
            run.closed.set_result(None)


def _why_ended(snapshot: SessionSnapshot) -> SessionError:
    reason = snapshot.end_reason
    if snapshot.failure is not None:
        return snapshot.failure
    if reason is None:
        raise AssertionError("a run that ended has a reason")
    return SessionEnded(ENDED[reason], kind=reason.value)


def _closed_error() -> SessionStateError:
    return SessionStateError("The session was closed: make a new one.", kind="closed")
