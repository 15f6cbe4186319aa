"""The mailbox of a session: events come in, snapshots and effects go out.

An event comes in, the reducer makes the next snapshot of it, the snapshot is committed, observers
are told, and then the effects are carried out; an event that arrives meanwhile waits its turn. No
decision about states is made here.
"""

from __future__ import annotations

import logging
from collections import deque
from datetime import UTC, datetime
from typing import TYPE_CHECKING

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
from session_fsm.events import FromRun
from session_fsm.limits import DEFAULT_LIMITS, Limits
from session_fsm.messages.log import EMPTY_LOG, MessageLog
from session_fsm.reducer import step
from session_fsm.snapshot import SessionSnapshot
from session_fsm.states import SessionState
from session_fsm.transition import Transition
from session_fsm.view import why_ended
from stores import WritableEventStream, WritableStore

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from session_fsm.effects import Effect
    from session_fsm.events import Event
    from session_fsm.messages.message import MessageChange
    from session_fsm.run import Run
    from session_fsm.snapshot import Deadline
    from session_fsm.transports.base import Sink
    from stores import OnUnhandled

    Tap: TypeAlias = Callable[[Event, SessionSnapshot, tuple[Effect, ...]], None]

logger = logging.getLogger("session_fsm")


class Mailbox:
    """Takes events one at a time, and owns what they make.

    Attributes:
        snapshots: What can be seen.
        transitions: What the charts did.
        changes: What happened to the messages.
        last: Name of a chart -> its last transition.
        run: What the present or last ``start()`` set in motion; None before the first.
        taps: Called with each event that changed something, the snapshot after it, and the effects;
            must not raise.
    """

    def __init__(
        self,
        new_run: Callable[[Sink], Run],
        seconds: Callable[[Deadline | None], float | None],
        *,
        agent_name: str | None = None,
        limits: Limits = DEFAULT_LIMITS,
        log: MessageLog = EMPTY_LOG,
        on_unhandled: OnUnhandled | None = None,
    ) -> None:
        """Make an empty one.

        Args:
            new_run: Makes the run of a start; it tells its facts to the sink.
            seconds: How long a deadline is.
            agent_name: The name that an agent must have to be this session's, or None.
            limits: How much of what others send is kept.
            log: The messages to begin with.
            on_unhandled: Called with what observers raise.
        """
        self._new_run = new_run
        self._seconds = seconds
        self.agent_name = agent_name
        self.limits = limits
        self.taps: tuple[Tap, ...] = ()
        self._waiting: deque[Event] = deque()
        self.is_stepping = False
        self.snapshots = WritableStore(SessionSnapshot(log=log), on_unhandled=on_unhandled)
        self.transitions = WritableEventStream[Transition](on_unhandled=on_unhandled)
        self.changes: WritableEventStream[MessageChange] = WritableEventStream(
            on_unhandled=on_unhandled
        )
        self.last: dict[str, Transition] = {}
        self.run: Run | None = None

    def post(self, event: Event) -> None:
        """Take an event; the outermost call works the mailbox off, one event after the other."""
        if self.is_stepping:
            self._waiting.append(event)
            return
        self.is_stepping = True
        try:
            self._step(event)
            while self._waiting:
                self._step(self._waiting.popleft())
        finally:
            self.is_stepping = False

    def close(self) -> None:
        """Complete all stores and streams."""
        self.snapshots.close()
        self.transitions.close()
        self.changes.close()

    def _step(self, event: Event) -> None:
        before = self.snapshots.value
        after, effects = step(before, event, agent_name=self.agent_name, limits=self.limits)
        if after is before:
            return
        if after.epoch != before.epoch:
            epoch = after.epoch
            self.run = self._new_run(lambda fact: self.post(FromRun(epoch, fact)))
        try:
            self._commit(before, after, effects)
        finally:
            for tap in self.taps:
                tap(event, after, effects)

    def _commit(
        self, before: SessionSnapshot, after: SessionSnapshot, effects: tuple[Effect, ...]
    ) -> None:
        try:
            self.snapshots.set(after)
        finally:
            # Also when an observer was interrupted by ctrl+c: what was decided is carried out.
            for effect in effects:
                if isinstance(effect, Moved):
                    self._announce(effect, after)
                else:
                    self._carry_out(effect)
            if before.state is not after.state:
                self._settle(before, after)

    def _carry_out(self, effect: Action) -> None:
        run = self.run
        if run is None:
            raise AssertionError("only a started session has effects")
        match effect:
            case Tell(change):
                self.changes.emit(change)
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
        self.last[moved.machine] = transition
        self.transitions.emit(transition)

    def _settle(self, before: SessionSnapshot, after: SessionSnapshot) -> None:
        """Tell those who wait for the outcome of the run."""
        run = self.run
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
                run.outcome.set_result(why_ended(after))
            run.closed.set_result(None)
