"""Who can read whom in a loopback room: whoever has the key that something was sent with."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from session_fsm.encryption.options import checked_key
from session_fsm.errors import EncryptionError
from session_fsm.events import EncryptionSwitched, PeerEncryptionTold
from session_fsm.transports.encryption import (
    KEY_TIMEOUT,
    NO_KEY,
    NO_SUCH_KEY,
    NOT_CONFIGURED,
    NOT_NOW,
)

if TYPE_CHECKING:
    from session_fsm.encryption.options import Encryption, Key
    from session_fsm.transports.loopback.link import LoopbackLink


class LoopbackEncryption:
    """The encryption of one link."""

    def __init__(self, link: LoopbackLink, encryption: Encryption | None) -> None:
        self._link = link
        self._encryption = encryption
        self._keys: dict[tuple[str | None, int], Key] = {}
        self._index = 0
        self._learning: dict[str, asyncio.Future[bool]] = {}
        self.is_enabled = encryption is not None
        """What is sent is encrypted."""
        if encryption is not None and encryption.key is not None:
            self._keys[None, 0] = encryption.key

    @property
    def cipher(self) -> Key | None:
        """What is sent is encrypted with this, or with nothing."""
        if not self.is_enabled:
            return None
        return self._keys.get((self._whose, self._index))

    @property
    def _whose(self) -> str | None:
        encryption = self._encryption
        return None if encryption is None or encryption.key is not None else self._link.identity

    def reads(self, cipher: Key | None) -> bool:
        """Say whether what is encrypted with this can be read."""
        return cipher is None or cipher in self._keys.values()

    async def joined(self) -> None:
        """Get this client's own key.

        Raises:
            EncryptionError: The key provider has none.
        """
        if self._encryption is not None and not await self.known(self._link.identity):
            raise EncryptionError(NO_KEY.format(self._link.identity), kind="no-key")

    async def known(self, identity: str) -> bool:
        """Wait until it is known whether there is a key for somebody; False: there is none."""
        if (identity, 0) in self._keys or self._whose is None:
            return True
        if identity not in self._learning:
            self._learning[identity] = asyncio.ensure_future(self._learn(identity))
        return await asyncio.shield(self._learning[identity])

    async def _learn(self, identity: str) -> bool:
        provider = None if self._encryption is None else self._encryption.key_provider
        if provider is None:
            return True
        try:
            async with asyncio.timeout(KEY_TIMEOUT):
                self._keys[identity, 0] = checked_key(await provider.key_of(identity))
        except Exception:  # noqa: BLE001 - the user's own code
            return False
        return True

    def forget(self, identity: str) -> None:
        """Ask for somebody's key again when it comes back."""
        self._keys.pop((identity, 0), None)
        learning = self._learning.pop(identity, None)
        if learning is not None:
            learning.cancel()

    def close(self) -> None:
        """Ask for no more keys."""
        for learning in self._learning.values():
            learning.cancel()

    async def look(self, identity: str) -> None:
        """Get somebody's key, and tell what is known of who publishes a track."""
        room = self._link.joined
        if self._encryption is None or room is None:
            return
        has_key = await self.known(identity)
        if identity not in room.publishers:
            return
        cipher = room.cipher(identity)
        problem = None
        if cipher is None:
            problem = None if self._encryption.allow_plain else "peer-plain"
        elif not self.reads(cipher):
            problem = "key-mismatch" if has_key else "no-key"
        self._link.tell(PeerEncryptionTold(identity, cipher is not None, problem))

    # The port -----------------------------------------------------------------------------------

    async def set_enabled(self, enabled: bool) -> None:  # noqa: FBT001 - the fact itself
        """Make the link anew, and encrypt what is sent or do not."""
        self._configured()
        if enabled is self.is_enabled:
            return
        room = self._link.joined
        if room is None or not self._link.is_up:
            raise EncryptionError(NOT_NOW, kind="not-possible")
        self._link.drop()
        self.is_enabled = enabled
        self._link.restore()
        self._link.tell(EncryptionSwitched(enabled))
        for one in room.roster:
            await self.look(one.identity)

    def add_key(self, key: Key, index: int, identity: str | None) -> None:
        """Have another key at hand."""
        self._configured()
        self._keys[identity, index] = key

    def use_key(self, index: int) -> None:
        """Encrypt with this one from now on."""
        self._configured()
        if (self._whose, index) not in self._keys:
            raise EncryptionError(NO_SUCH_KEY.format(index), kind="no-key")
        self._index = index

    def _configured(self) -> None:
        if self._encryption is None:
            raise EncryptionError(NOT_CONFIGURED, kind="not-configured")
