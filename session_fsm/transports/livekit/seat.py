"""The Room that a link has now: encryption is turned on and off by going over to another one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from livekit import rtc


class Seat:
    """Where this client sits.

    Attributes:
        room: The Room.
    """

    def __init__(self, room: rtc.Room) -> None:
        self.room = room
