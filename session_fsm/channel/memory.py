"""What the agent has heard, as its history tells it: how the outbox settles a text in doubt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from session_fsm.channel.items import ChatMessage, ChatRole
from session_fsm.errors import ChannelError, SessionStateError
from session_fsm.messages.certainty import UserItem

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reactivex.abc import DisposableBase

    from session_fsm.channel.client import Channel


class ChannelMemory:
    """The user's items in the history of whoever is the agent."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    def follow(self, heard: Callable[[UserItem], None]) -> DisposableBase:
        """Call ``heard`` for each of the user's items that the agent adds to its history."""
        return self._channel.on_user_item(lambda item: heard(UserItem(item.id, item.text)))

    async def user_items(self) -> Sequence[UserItem] | None:
        """Return all of the user's items, oldest first; None where the agent does not tell."""
        try:
            items = await self._channel.history()
        except (ChannelError, SessionStateError):
            return None
        return [
            UserItem(item.id, item.text)
            for item in items
            if isinstance(item, ChatMessage) and item.role is ChatRole.USER
        ]
