"""Whether the agent has heard a text that left shortly before the link was lost.

The agent's session channel holds its chat history. A text of ours is a new user item there with the
same words, told by an event or found when the history is asked for. Where the answer is not certain
it is ``None``, and nobody acts on it:

- the agent does not serve the channel, or does not answer;
- none of the texts that it surely got has ever shown in its history (an agent may handle texts
  without writing them down), so that a missing one means nothing;
- an item of the same words can be that of an earlier text which had not shown when this one left.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reactivex.abc import DisposableBase

LOOKS: Final = 4
"""How often the history is asked: an agent writes a text down when it begins to answer it."""
BETWEEN_LOOKS: Final = 0.5
"""Seconds from one look to the next."""


class UserItem(NamedTuple):
    """What the user said, as the agent's history has it.

    Attributes:
        id: The agent's id of it.
        text: The words.
    """

    id: str
    text: str


class AgentMemory(Protocol):
    """What the agent's session channel can tell of what the agent has heard."""

    def follow(self, heard: Callable[[UserItem], None]) -> DisposableBase:
        """Call ``heard`` for each user item that the agent adds to its history, until disposed."""
        ...

    async def user_items(self) -> Sequence[UserItem] | None:
        """Return all user items, oldest first; None where the agent does not tell. Never raises."""
        ...


class Ledger:
    """The texts that one agent got, the one that it may be getting, and what it shows of them.

    Attributes:
        agent: Identity of the agent.
    """

    def __init__(self, agent: str) -> None:
        self.agent = agent
        self._known: set[str] = set()
        self._missing: list[str] = []
        self._writes_down = False
        self._message_id = ""
        self._in_doubt: str | None = None
        self._has_shown = False
        self._is_ambiguous = False

    def leaves(self, message_id: str, text: str) -> bool:
        """Remember that the agent may get this text; True if it has shown since it last left."""
        if self._message_id == message_id and self._has_shown:
            return True
        self._message_id = message_id
        self._in_doubt = _words(text)
        self._has_shown = self._is_ambiguous = False
        return False

    def got(self) -> None:
        """Remember that the agent got the text that left last, or may have: it can still show."""
        if self._in_doubt is not None and not self._has_shown:
            self._missing.append(self._in_doubt)
        self._in_doubt = None

    def shown(self, item: UserItem) -> None:
        """Take an item of the agent's history."""
        if item.id in self._known:
            return
        self._known.add(item.id)
        words = _words(item.text)
        if words in self._missing:
            # Texts are written down in order: what is still missing before it never will be.
            del self._missing[: self._missing.index(words) + 1]
            self._writes_down = True
            self._is_ambiguous = self._is_ambiguous or words == self._in_doubt
        elif words == self._in_doubt:
            self._has_shown = self._writes_down = True

    async def has_heard(self, memory: AgentMemory) -> bool | None:
        """Say whether the agent has heard the text that left last; None where nobody can tell."""
        for look in range(LOOKS):
            if look:
                await asyncio.sleep(BETWEEN_LOOKS)
            items = await memory.user_items()
            if items is None:
                return None
            for item in items:
                self.shown(item)
            if self._has_shown:
                return True
            if self._is_ambiguous:
                return None
        return False if self._writes_down else None


def _words(text: str) -> str:
    return " ".join(text.split())
