"""The part of the port that is about encryption."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from session_fsm.encryption.options import Key


NOT_CONFIGURED: Final = "The link was made without encryption."
NOT_NOW: Final = (
    "Encryption can only be turned on or off while the room is joined and the link is up: "
    "call set_encryption_enabled() again when session.connection_state is connected."
)
NO_KEY: Final = "The key provider has no key for {!r}: it raised, or did not answer in time."
NO_SUCH_KEY: Final = "There is no key with the index {}: add it first."
KEY_TIMEOUT: Final = 10.0
"""Seconds in which a key provider must answer."""


class EncryptionPort(Protocol):
    """The encryption of one link; every call may raise ``EncryptionError``."""

    async def set_enabled(self, enabled: bool) -> None:  # noqa: FBT001 - the fact itself
        """Encrypt what is sent, or no longer; what arrives encrypted is read in both cases.

        It may lose the link for a moment, and make it anew; tells ``EncryptionSwitched``.

        Raises:
            EncryptionError: It is as before; or the link is gone, and ``LinkGone`` was told.
        """
        ...

    def add_key(self, key: Key, index: int, identity: str | None) -> None:
        """Have another key at hand, for everybody or for a participant, and do not use it yet."""
        ...

    def use_key(self, index: int) -> None:
        """Encrypt with this one from now on."""
        ...
