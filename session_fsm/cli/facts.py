"""What there is to tell about a session while it runs, as data: what happened, in which order.

``Facts`` listens to a session. Its observers only take notes: whoever iterates over it writes them
down, and may fail at that (a pipe that is closed) without any effect on the session.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import attrs

from session_fsm.messages.message import MessageAdded, MessageStatus, MessageUpdated
from session_fsm.states import SessionState

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from session_fsm import Message, SessionSnapshot, Transition
    from session_fsm.messages.message import MessageChange
    from session_fsm.view import SessionView

TYPES: Final = ("transition", "room", "agent", "flags", "message", "failure", "end")
"""Every type of fact; facts of one step are told in this order."""

FLAGS: Final[Mapping[str, Callable[[SessionSnapshot], bool]]] = {
    "can_listen": lambda now: now.agent.can_listen,
    "is_connected": lambda now: now.agent.is_connected,
    "is_pending": lambda now: now.agent.is_pending,
    "is_finished": lambda now: now.agent.is_finished,
    "is_responsive": lambda now: now.agent.is_responsive,
    "is_reconnecting": lambda now: now.is_reconnecting,
}
"""Name of a flag -> what it is in a snapshot. ``is_connected`` is the agent's."""


@attrs.frozen
class Fact:
    """Something that happened.

    Attributes:
        type: One of ``TYPES``.
        at: When.
        snapshot: ``seq`` of the snapshot that shows it.
        epoch: The run that it belongs to.
        data: What happened; the keys depend on the type.
    """

    type: str
    at: datetime
    snapshot: int
    epoch: int
    data: Mapping[str, Any]


class Facts:
    """The facts of a session, from now until it is closed.

    Args:
        session: A session, or the replay of one.
        clock: Tells when something happens; by default it is now.
    """

    def __init__(self, session: SessionView, clock: Callable[[], datetime] | None = None) -> None:
        self._clock = clock or (lambda: datetime.now(UTC))
        self.began = self._clock()
        self._at = self.began
        self._at_seq = session.snapshot.seq
        self._session = session
        self._before = session.snapshot
        self._noted: asyncio.Queue[Fact | None] = asyncio.Queue()
        session.snapshots.subscribe(self._look, on_completed=self._complete)
        session.transitions.subscribe(self._moved)
        session.messages.events.subscribe(self._said)

    async def __aiter__(self) -> AsyncIterator[Fact]:
        """Iterate over them, step by step."""
        while True:
            noted = [await self._noted.get()]
            while not self._noted.empty():
                noted.append(self._noted.get_nowait())
            # A step is noted as a whole before anybody can read.
            for fact in sorted(filter(None, noted), key=_place):
                yield fact
            if None in noted:
                return

    def _complete(self) -> None:
        self._noted.put_nowait(None)

    def _note(self, kind: str, data: Mapping[str, Any]) -> None:
        now = self._session.snapshot
        if now.seq != self._at_seq:
            # One step is one moment, in whatever order its facts are told.
            self._at, self._at_seq = self._clock(), now.seq
        self._noted.put_nowait(Fact(kind, self._at, now.seq, now.epoch, data))

    def _moved(self, transition: Transition) -> None:
        fields = ("machine", "trigger", "source", "dest")
        self._note("transition", {name: getattr(transition, name) for name in fields})

    def _look(self, now: SessionSnapshot) -> None:
        before, self._before = self._before, now
        if now.room_name is not None and before.room_name is None:
            self._note("room", {"name": now.room_name, "identity": now.local_identity})
        if now.agent.identity != before.agent.identity:
            self._note("agent", {"identity": now.agent.identity, "name": now.agent.name})
        changed = {name: of(now) for name, of in FLAGS.items() if of(now) != of(before)}
        if changed:
            self._note("flags", changed)
        if now.failure is not None and before.failure is None:
            failure = now.failure
            kind = {"error": type(failure).__name__, "kind": failure.kind}
            self._note("failure", {**kind, "text": str(failure)})
        if now.state is SessionState.IDLE and before.state is not SessionState.IDLE:
            self._note("end", {"reason": now.end_reason and now.end_reason.value})

    def _said(self, change: MessageChange) -> None:
        match change:
            case MessageAdded(message):
                self._note("message", described(message, None))
            case MessageUpdated(message, previous):
                self._note("message", described(message, previous))


def _place(fact: Fact) -> tuple[int, int]:
    return fact.snapshot, TYPES.index(fact.type)


def described(message: Message, previous: Message | None) -> dict[str, Any]:
    """Return what there is to tell about a message as it is now, and as it was before."""
    return {
        "event": "added" if previous is None else "updated",
        "id": message.id,
        "kind": message.kind.value,
        "sender": message.sender,
        "text": message.text,
        "final": message.final,
        "status": message.status and message.status.value,
        "settled": is_settled(message) and not (previous and is_settled(previous)),
        "timestamp": message.timestamp.isoformat(),
    }


def is_settled(message: Message) -> bool:
    """Say whether nothing of it is open any more: neither its text nor its way to the agent."""
    return message.final and message.status is not MessageStatus.SENDING
