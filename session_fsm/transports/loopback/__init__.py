"""Rooms in this very process: no server, no native library, no sockets.

The loopback behaves as LiveKit does where it matters to a session, unpleasant parts included: an
agent is dispatched only when its room is made, it stays deaf for a while after the user has left,
texts that are sent over a lost link are lost, streams that a lost link cuts through break off.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from uuid import uuid4

from session_fsm.errors import ConnectError
from session_fsm.tokens.jwt import claims
from session_fsm.transports.base import NO_WISHES
from session_fsm.transports.loopback.link import LoopbackLink
from session_fsm.transports.loopback.network import LoopbackNetwork as LoopbackNetwork
from session_fsm.transports.loopback.room import LoopbackRoom as LoopbackRoom

if TYPE_CHECKING:
    from session_fsm.tokens.details import ConnectionDetails
    from session_fsm.transports.base import LinkWishes, Sink
    from session_fsm.transports.loopback.network import LoopbackAgent as LoopbackAgent

_agents: dict[str, LoopbackAgent] = {}


def register(agent: LoopbackAgent | None = None) -> str:
    """Make the agent reachable, and return the URL of its server: ``loopback://<id>``.

    Without an agent, a `ScriptedAgent` that echoes is made.
    """
    if agent is None:
        from session_fsm.transports.scripted import ScriptedAgent  # noqa: PLC0415 - a cycle

        agent = ScriptedAgent()
    known = next((key for key, one in _agents.items() if one is agent), None)
    key = known or uuid4().hex[:12]
    _agents[key] = agent
    return f"loopback://{key}"


class LoopbackTransport:
    """Opens links to the rooms of registered agents."""

    def open(
        self, details: ConnectionDetails, sink: Sink, wishes: LinkWishes = NO_WISHES
    ) -> LoopbackLink:
        """Return a link that is not connected yet."""
        agent = _agents.get(urlsplit(details.server_url).hostname or "")
        if agent is None:
            raise ConnectError(
                f"Nobody is registered under {details.server_url!r}: take the URL from "
                "TokenSource.loopback() in this very process.",
                kind="unreachable",
            )
        return LoopbackLink(agent, claims(details.participant_token), sink, wishes.encryption)


def transport() -> LoopbackTransport:
    """Return the transport for ``loopback``."""
    return LoopbackTransport()
