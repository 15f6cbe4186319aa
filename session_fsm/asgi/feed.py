"""What a page is told: the whole of it first, then what has changed since it was told last.

Nothing is queued for anybody. A feed numbers what happens and remembers for each part of the
snapshot, and for each message, the number of its last change. Whoever asks with the number that it
has seen gets everything that is newer, as it is now, in one document. So a slow page skips what is
outdated and misses nothing, many pages cost no more memory than one, and a page that comes back
with the number it has seen last goes on from there, however long it was away.
"""

from __future__ import annotations

import asyncio
import secrets
from typing import TYPE_CHECKING, Any, Final, Self

import attrs

from session_fsm.asgi.protocol import dumped
from session_fsm.messages.history import exported

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reactivex.abc import DisposableBase

    from session_fsm.messages.message import MessageAdded, MessageUpdated
    from session_fsm.session import Session
    from session_fsm.snapshot import SessionSnapshot

NOTHING: Final = -1
"""The number of whoever has seen nothing yet."""
_LONGEST_NUMBER: Final = 15


@attrs.frozen
class Document:
    """One thing to tell.

    Attributes:
        id: What to come back with, or None where nothing comes after it.
        text: It as JSON, on one line.
    """

    id: str | None
    text: str


class Feed:
    """The numbered changes of one session."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._name = secrets.token_urlsafe(9)
        self._number = 0
        self._whole_since = 0
        self._now: SessionSnapshot | None = None
        self._parts: dict[str, Any] = {}
        self._part_changed: dict[str, int] = {}
        self._epoch = NOTHING
        self._added: list[int] = []
        self._changed: dict[int, int] = {}
        self._last: tuple[int, int, Document] | None = None
        self._readers: set[asyncio.Event] = set()
        self.why_closed: str | None = None
        self._subscriptions: tuple[DisposableBase, ...] = ()
        self._subscriptions = (
            session.snapshots.subscribe(self._look, on_completed=self._complete),
            session.messages.events.subscribe(self._hear),
        )

    def close(self, why: str) -> None:
        """Let every reader read to the end, which says why it is one."""
        if self.why_closed is None:
            self.why_closed = why
            for subscription in self._subscriptions:
                subscription.dispose()
            self._wake()

    def _complete(self) -> None:
        self.close("session-closed")

    def number(self, last_id: str | None) -> int:
        """Return the number that an id stands for, or that of whoever has seen nothing."""
        name, _, digits = (last_id or "").rpartition("-")
        if name != self._name or len(digits) > _LONGEST_NUMBER:
            return NOTHING
        if not (digits.isascii() and digits.isdecimal()) or int(digits) > self._number:
            return NOTHING
        return int(digits)

    # What happens -------------------------------------------------------------------------------

    def _look(self, now: SessionSnapshot) -> None:
        if now.epoch != self._epoch:
            self._epoch = now.epoch
            self._number += 1
            self._whole_since = self._number
            self._added = [self._number] * len(now.messages)
            self._changed.clear()
        self._wake()

    def _hear(self, change: MessageAdded | MessageUpdated) -> None:
        place = self._session.snapshot.log.index.places[change.message.id]
        self._number += 1
        self._added += [self._number] * (place + 1 - len(self._added))
        self._changed.pop(place, None)
        self._changed[place] = self._number  # the newest are the last ones
        self._wake()

    def _wake(self) -> None:
        for reader in self._readers:
            reader.set()

    # What is told -------------------------------------------------------------------------------

    def since(self, seen: int) -> tuple[int, Document] | None:
        """Return what is newer than a number, and the number to ask with next; None: nothing."""
        self._refresh()
        if seen >= self._number:
            return None
        if self._last is None or self._last[:2] != (seen, self._number):
            # Several pages that are up to date ask for the very same.
            told = self._whole() if seen < self._whole_since else self._update(seen)
            document = Document(f"{self._name}-{self._number}", dumped(told))
            self._last = (seen, self._number, document)
        return self._number, self._last[2]

    def _refresh(self) -> None:
        now = self._session.snapshot
        if now is self._now:
            return
        before, self._now, self._parts = self._parts, now, now.to_dict()
        changed = [
            name
            for name, part in self._parts.items()
            if name != "seq" and (name not in before or before[name] != part)
        ]
        if changed:
            self._number += 1
            self._part_changed |= dict.fromkeys(changed, self._number)

    def _whole(self) -> dict[str, Any]:
        places = range(len(self._session.snapshot.messages))
        return {"type": "snapshot", "snapshot": self._parts, "messages": self._messages(places)}

    def _update(self, seen: int) -> dict[str, Any]:
        names = [name for name, number in self._part_changed.items() if number > seen]
        places = set[int]()
        for place, number in reversed(self._changed.items()):
            if number <= seen:
                break
            places.add(place)
        added = {place for place in places if self._added[place] > seen}
        return {
            "type": "update",
            "changes": {name: self._parts[name] for name in ("seq", *names)},
            "added": self._messages(sorted(added)),
            "updated": self._messages(sorted(places - added)),
        }

    def _messages(self, places: Iterable[int]) -> list[dict[str, Any]]:
        messages = self._session.snapshot.messages
        found = list(places)
        entries = exported([messages[place] for place in found])
        return [
            {"index": place} | entry | {"restored": messages[place].restored}
            for place, entry in zip(found, entries, strict=True)
        ]

    def reader(self, last_id: str | None = None) -> Reader:
        """Return somebody who reads along from what it has seen last."""
        return Reader(self, self.number(last_id), self._readers)


class Reader:
    """One page that is told: use it with ``with``."""

    def __init__(self, feed: Feed, seen: int, readers: set[asyncio.Event]) -> None:
        self._feed = feed
        self._seen = seen
        self._readers = readers
        self._news = asyncio.Event()
        self._is_over = False

    def __enter__(self) -> Self:
        self._readers.add(self._news)
        return self

    def __exit__(self, *_: object) -> None:
        self._readers.discard(self._news)

    async def next(self) -> Document | None:
        """Wait for the next document; None after the last. Cancelling it loses nothing."""
        while not self._is_over:
            self._news.clear()
            found = self._feed.since(self._seen)
            if found is not None:
                self._seen, document = found
                return document
            if self._feed.why_closed is not None:
                self._is_over = True
                return Document(None, dumped({"type": "closed", "reason": self._feed.why_closed}))
            await self._news.wait()
        return None
