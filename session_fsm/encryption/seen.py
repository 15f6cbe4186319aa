"""What can be seen of the encryption of a session."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import attrs

from session_fsm.states import EncryptionState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from session_fsm.errors import EncryptionError


@attrs.frozen
class PeerEncryption:
    """What is known of one other participant's encryption.

    Attributes:
        is_encrypted: What it sends is encrypted; None: nothing is known yet.
        failure: What is wrong, or None: it does not encrypt, or it cannot be read.
        is_proven: It has answered something encrypted, so that it has had the key.
    """

    is_encrypted: bool | None = None
    failure: EncryptionError | None = None
    is_proven: bool = False


UNKNOWN: Final = PeerEncryption()
NO_PEERS: Final[Mapping[str, PeerEncryption]] = MappingProxyType({})


@attrs.frozen
class EncryptionSnapshot:
    """What can be seen of the encryption.

    Attributes:
        is_enabled: What this client sends is encrypted.
        peers: Identity -> what is known of the others, while something is.
    """

    is_enabled: bool = False
    peers: Mapping[str, PeerEncryption] = attrs.field(default=NO_PEERS, hash=False)

    @property
    def state(self) -> EncryptionState:
        """See `EncryptionState`."""
        if not self.is_enabled:
            return EncryptionState.OFF
        if any(peer.failure is not None for peer in self.peers.values()):
            return EncryptionState.DEGRADED
        return EncryptionState.ON

    def peer(self, identity: str | None) -> PeerEncryption:
        """Return what is known of this participant."""
        return UNKNOWN if identity is None else self.peers.get(identity, UNKNOWN)

    def knowing(self, identity: str, peer: PeerEncryption | None) -> EncryptionSnapshot:
        """Return it with this known of a participant; None: it is gone."""
        if self.peers.get(identity) == peer:
            return self
        others = {one: known for one, known in self.peers.items() if one != identity}
        if peer is not None:
            others[identity] = peer
        return attrs.evolve(self, peers=MappingProxyType(others))

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as JSON-able data."""
        return {
            "state": self.state.value,
            "peers": {
                identity: {
                    "is_encrypted": peer.is_encrypted,
                    "is_proven": peer.is_proven,
                    "failure": peer.failure
                    and {"kind": peer.failure.kind, "message": str(peer.failure)},
                }
                for identity, peer in self.peers.items()
            },
        }


NOT_ENCRYPTED: Final = EncryptionSnapshot()
