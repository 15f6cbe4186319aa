"""What can be seen of a session: every store, selected from one store of snapshots.

A live session and the replay of a recorded one show the same.
"""

from __future__ import annotations

import asyncio
import inspect
from contextlib import aclosing
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from session_fsm.agent import Agent
from session_fsm.arguments import checked_patience, checked_text
from session_fsm.channel.client import Channel
from session_fsm.errors import SessionEnded, SessionError, SessionStateError
from session_fsm.limits import DEFAULT_LIMITS
from session_fsm.media.remote import Senses
from session_fsm.messages.store import MessageStore
from session_fsm.participants import RemoteParticipants
from session_fsm.states import EndReason, SessionState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from session_fsm.encryption.seen import PeerEncryption
    from session_fsm.messages.message import MessageChange
    from session_fsm.participants import RemoteParticipant
    from session_fsm.snapshot import SessionSnapshot
    from session_fsm.states import ConnectionState, EncryptionState
    from session_fsm.transition import Transition
    from stores import EventStream, OnUnhandled, Store

ENDED: Final[Mapping[EndReason | None, str]] = {
    EndReason.ENDED: "The session was ended before that.",
    EndReason.HUNG_UP: "The session ended before that: the agent left the room on purpose.",
    EndReason.ROOM_DELETED: "The session ended before that: the room was deleted.",
}


class SessionView:
    """The stores of a session, and the waits on them."""

    def __init__(
        self,
        snapshots: Store[SessionSnapshot],
        transitions: EventStream[Transition],
        changes: EventStream[MessageChange],
        last: Mapping[str, Transition],
        channel: Channel | None = None,
        *,
        on_unhandled: OnUnhandled | None = None,
    ) -> None:
        self._snapshots = snapshots
        self._transitions = transitions
        self._changes = changes
        self._last = last
        self._channel = channel or Channel(snapshots, changes, DEFAULT_LIMITS)
        self._senses = Senses(snapshots, lambda now, source: now.agent.track(source))
        self._others = RemoteParticipants(snapshots, on_unhandled)
        self.agent = Agent(
            snapshots,
            self.wait_until,
            self._channel,
            self._senses,
            on_unhandled=on_unhandled,
        )

    def __repr__(self) -> str:
        now = self.snapshot
        return (
            f"<{type(self).__name__} {now.state}, {now.connection_state}, agent {now.agent.state}>"
        )

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
        """Every transition of all charts, after the snapshot that shows it."""
        return self._transitions

    @property
    def last_transitions(self) -> Mapping[str, Transition]:
        """Name of a chart -> its last transition; a chart that never moved is not in it."""
        return MappingProxyType(self._last)

    @cached_property
    def jumps(self) -> Store[int]:
        """How often it went to another moment without telling what lies between.

        A live session never does; a replay that is sought does.
        """
        return self._snapshots.select(lambda _: 0)

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
    def is_sending(self) -> Store[bool]:
        """Whether any text of the user is on its way, or waits for that."""
        return self._snapshots.select(lambda snapshot: snapshot.is_sending)

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
    def room_metadata(self) -> Store[str]:
        """The room's metadata while it is joined; empty where it has none."""
        return self._snapshots.select(lambda snapshot: snapshot.room_metadata)

    @cached_property
    def encryption(self) -> Store[EncryptionState]:
        """Whether what is said stays between those who have the key; see `EncryptionState`."""
        return self._snapshots.select(lambda snapshot: snapshot.encryption.state)

    @cached_property
    def encryption_peers(self) -> Store[Mapping[str, PeerEncryption]]:
        """Identity -> what is known of the others' encryption, and what is wrong with it."""
        return self._snapshots.select(lambda snapshot: snapshot.encryption.peers)

    @cached_property
    def participants(self) -> Store[tuple[str, ...]]:
        """The identities of everybody else in the room, the agent included."""
        return self._snapshots.select(
            lambda snapshot: tuple([one.identity for one in snapshot.participants])
        )

    def participant(self, identity: str) -> RemoteParticipant:
        """Return what can be seen and heard of somebody else, who may come later or never.

        The same identity always gives the same object.

        Raises:
            TypeError: The identity is no str.
            ValueError: The identity is empty.
        """
        return self._others.of(checked_text("identity", identity))

    @cached_property
    def messages(self) -> MessageStore:
        """The conversation: all messages, in the order of their first appearance."""
        return MessageStore(self._snapshots, self._changes)

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
                    raise why_ended(snapshot).with_traceback(None)
        raise closed_error()

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


def why_ended(snapshot: SessionSnapshot) -> SessionError:
    """Return what is raised to whoever waits for something that the end prevented."""
    reason = snapshot.end_reason
    if snapshot.failure is not None:
        return snapshot.failure
    if reason is None:
        raise AssertionError("a run that ended has a reason")
    return SessionEnded(ENDED[reason], kind=reason.value)


def closed_error() -> SessionStateError:
    """Return what is raised by a session that was closed."""
    return SessionStateError("The session was closed: make a new one.", kind="closed")
