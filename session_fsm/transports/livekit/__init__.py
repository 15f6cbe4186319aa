"""Rooms on a LiveKit server, by `livekit.rtc`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from session_fsm.transports.livekit.link import LiveKitLink

if TYPE_CHECKING:
    from session_fsm.tokens.details import ConnectionDetails
    from session_fsm.transports.base import Sink


class LiveKitTransport:
    """Opens links to rooms on LiveKit servers."""

    def open(self, details: ConnectionDetails, sink: Sink) -> LiveKitLink:
        """Return a link that is not connected yet."""
        return LiveKitLink(details, sink)


def transport() -> LiveKitTransport:
    """Return the transport for ``ws``, ``wss``, ``http`` and ``https``."""
    return LiveKitTransport()
