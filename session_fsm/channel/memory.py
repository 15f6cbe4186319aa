"""What the agent has heard, as its chat history tells: for texts that an outage leaves in doubt."""

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
    """Asks the session channel; one run follows at a time."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._following: DisposableBase | None = None

    def follow(self, heard: Callable[[UserItem], None]) -> None:
        """Call ``heard``, and nobody else any more, for each new user item."""
        if self._following is not None:
            self._following.dispose()
        self._following = self._channel.on_user_item(
            lambda message: heard(UserItem(message.id, message.text))
        )

    async def user_items(self) -> Sequence[UserItem] | None:
        """Return all user items, oldest first; None where the agent does not tell."""
        try:
            history = await self._channel.history()
        except (ChannelError, SessionStateError):
            return None
        return [
            UserItem(item.id, item.text)
            for item in history
            if isinstance(item, ChatMessage) and item.role is ChatRole.USER
        ]
