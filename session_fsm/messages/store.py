"""``session.messages``: the list as a store, and its changes as a stream."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from session_fsm.messages.history import exported
from session_fsm.messages.message import Message
from stores import Store

if TYPE_CHECKING:
    from session_fsm.messages.message import MessageChange
    from session_fsm.snapshot import SessionSnapshot
    from stores import EventStream


class MessageStore(Store[Sequence[Message]]):
    """The messages in the order of their first appearance, an immutable sequence.

    Attributes:
        events: A `MessageAdded` or `MessageUpdated` for each change, after the store shows it.
            What a ``start()`` clears away is told by the store alone.
    """

    def __init__(
        self, snapshots: Store[SessionSnapshot], events: EventStream[MessageChange]
    ) -> None:
        # By identity: comparing two persistent vectors would look at every message.
        messages = snapshots.select(lambda snapshot: snapshot.messages, comparer=operator.is_)
        super().__init__(messages._cell)  # noqa: SLF001 - the same store, with a stream beside it
        self.events = events

    def export(self) -> list[dict[str, Any]]:
        """Return all messages as data that ``json.dumps`` takes.

        ``Session(history=…)`` takes the same data and shows them again, marked ``restored``. The
        content of attachments is not in it.
        """
        return exported(self.value)
