"""Rooms on a LiveKit server, by `livekit.rtc`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from session_fsm.transports.base import NO_WISHES
from session_fsm.transports.livekit.link import LiveKitLink

if TYPE_CHECKING:
    from livekit import rtc

    from session_fsm.tokens.details import ConnectionDetails
    from session_fsm.transports.base import LinkWishes, Sink


class LiveKitTransport:
    """Opens links to rooms on LiveKit servers.

    Args:
        options: What ``livekit.rtc.Room.connect`` is given; None takes the SDK's defaults.
    """

    def __init__(self, options: rtc.RoomOptions | None = None) -> None:
        self._options = options

    def open(
        self, details: ConnectionDetails, sink: Sink, wishes: LinkWishes = NO_WISHES
    ) -> LiveKitLink:
        """Return a link that is not connected yet."""
        return LiveKitLink(
            details,
            sink,
            self._options,
            encryption=wishes.encryption,
            make_room=wishes.make_room,
        )


def transport() -> LiveKitTransport:
    """Return the transport for ``ws``, ``wss``, ``http`` and ``https``."""
    return LiveKitTransport()
