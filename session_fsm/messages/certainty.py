"""Whether the agent has heard a text that left shortly before the link was lost.

The agent's session channel holds its chat history. A text of ours is a new user item there: one
that was not in the history when the text left, with the same words. What is counted out: items of
earlier texts with the same words that have not shown yet. Where the answer is not certain it is
``None``, and nobody acts on it:

- the agent does not serve the channel, or does not answer;
- none of the texts that it surely got has ever shown in its history (an agent may handle texts
  without writing them down), so that a missing one means nothing;
- fewer items of these words are new than earlier texts of the same words are still missing.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

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

    def follow(self, heard: Callable[[UserItem], None]) -> None:
        """Call ``heard`` for each user item that the agent adds to its history."""
        ...

    async def user_items(self) -> Sequence[UserItem] | None:
        """Return all user items, oldest first; None where the agent does not tell. Never raises."""
        ...


class Ledger:
    """The texts that one agent surely got, and which of them its history has shown."""

    def __init__(self, agent: str) -> None:
        self.agent = agent
        self._known: set[str] = set()
        self._missing: list[str] = []
        self._writes_down = False

    def got(self, text: str) -> None:
        """Remember that the agent surely got this text."""
        self._missing.append(_words(text))

    def shown(self, item: UserItem) -> None:
        """Remember an item of the agent's history."""
        if item.id in self._known:
            return
        self._known.add(item.id)
        words = _words(item.text)
        if words in self._missing:
            # Texts are written down in order: what is still missing before it never will be.
            del self._missing[: self._missing.index(words) + 1]
            self._writes_down = True

    async def has_heard(self, text: str, memory: AgentMemory) -> bool | None:
        """Say whether the agent has heard a text that left last; None where nobody can tell."""
        for look in range(LOOKS):
            if look:
                await asyncio.sleep(BETWEEN_LOOKS)
            items = await memory.user_items()
            if items is None:
                return None
            words = _words(text)
            new = [item for item in items if item.id not in self._known]
            found = sum(_words(item.text) == words for item in new)
            earlier = self._missing.count(words)
            for item in new:
                if _words(item.text) != words:
                    self.shown(item)
            if found > earlier:
                for item in new:
                    self._known.add(item.id)
                self._writes_down = True
                return True
            if found:
                return None
        return False if self._writes_down else None


def _words(text: str) -> str:
    return " ".join(text.split())
