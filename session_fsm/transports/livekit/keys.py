"""Keys and options of an encrypted `livekit.rtc.Room`.

Measured with livekit 1.2.1 against itself, livekit-agents 1.8.9 and a plain Room:

- ``encryption=`` encrypts media and data. ``e2ee=`` with the encryption type NONE sends both in
  clear, with the right label on the tracks, and still reads what is encrypted, media and data; with
  the type GCM its tracks are labelled as encrypted, and nobody who has a key hears them. The SDK's
  own ``set_enabled(False)`` leaves data encrypted and the labels as they were.
- Data goes out under the index that was set last, a track under index 0 until it is told another
  one. So a key that is only to be read with is set, and then the present one once more.
- Ratcheting one side's key leaves its data unreadable for the other: there is none of it here.
- A participant without tracks tells nothing of its encryption, whatever it sends.
"""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import warnings
from typing import TYPE_CHECKING, Final

from livekit import rtc

from session_fsm.encryption.options import RING, checked_key
from session_fsm.errors import EncryptionError
from session_fsm.transports.encryption import KEY_TIMEOUT, NO_KEY, NO_SUCH_KEY

if TYPE_CHECKING:
    from session_fsm.encryption.options import Encryption, Key
    from session_fsm.transports.livekit.seat import Seat

FAILURES: Final = 10
"""Frames in a row that may be undecipherable before the SDK says so; as in LiveKit's browser SDK.
Its own default, -1, never says so."""

logger = logging.getLogger("session_fsm")

# The SDK calls e2ee= deprecated, and has nothing else that sends in clear and reads both.
warnings.filterwarnings(
    "ignore", message=r"options\.e2ee is deprecated", category=DeprecationWarning
)


class LiveKitKeys:
    """The keys of one link, whatever Room it sits in."""

    def __init__(self, seat: Seat, encryption: Encryption) -> None:
        self._seat = seat
        self._encryption = encryption
        self._shared: dict[int, Key] = {}
        self._own: dict[tuple[str, int], Key] = {}
        self._identity = ""
        self._index = 0
        self.allows_plain: Final = encryption.allow_plain
        if encryption.key is not None:
            self._shared[0] = encryption.key

    def options(self, base: rtc.RoomOptions, *, enabled: bool) -> rtc.RoomOptions:
        """Return what the Room is joined with."""
        key = self._shared.get(0)
        first = key or self._own.get((self._identity, 0))
        derivation = rtc.KeyDerivationFunction
        wanted = rtc.E2EEOptions(
            key_provider_options=rtc.KeyProviderOptions(
                shared_key=None if key is None else _bytes(key),
                failure_tolerance=FAILURES,
                key_ring_size=RING,
                key_derivation_function=derivation.HKDF
                if isinstance(first, bytes)
                else derivation.PBKDF2,
            )
        )
        if enabled:
            return dataclasses.replace(base, encryption=wanted, e2ee=None)
        wanted.encryption_type = rtc.EncryptionType.NONE
        return dataclasses.replace(base, encryption=None, e2ee=wanted)

    async def own(self, identity: str) -> None:
        """Get this client's own key, if there is a key provider.

        Raises:
            EncryptionError: The key provider has none.
        """
        self._identity = identity
        if not await self._asked(identity):
            raise EncryptionError(NO_KEY.format(identity), kind="no-key")

    async def learn(self, identity: str) -> bool:
        """Get a participant's own key, if there is a key provider; False where it has none."""
        if not await self._asked(identity):
            return False
        self._set(0, identity)
        self._set_present()
        return True

    def forget(self, identity: str) -> None:
        """Ask for this participant's key again when it comes back."""
        self._own.pop((identity, 0), None)

    async def _asked(self, identity: str) -> bool:
        provider = self._encryption.key_provider
        if provider is None or (identity, 0) in self._own:
            return True
        try:
            async with asyncio.timeout(KEY_TIMEOUT):
                self._own[identity, 0] = checked_key(await provider.key_of(identity))
        except Exception as error:  # noqa: BLE001 - the user's own code
            # No more of it: it may quote a key.
            logger.warning("the key provider failed for %r: %s", identity, type(error).__name__)
            return False
        return True

    def renew(self) -> None:
        """Set every key that is known, the present one last."""
        for index in self._shared:
            self._set(index, None)
        for identity, index in self._own:
            self._set(index, identity)
        self._set_present()

    def add(self, key: Key, index: int, identity: str | None) -> None:
        """Have a key at hand without using it."""
        if identity is None:
            self._shared[index] = key
        else:
            self._own[identity, index] = key
        self._set(index, identity)
        self._set_present()

    def use(self, index: int) -> None:
        """Encrypt with this one from now on."""
        known = self._shared or {i for who, i in self._own if who == self._identity}
        if index not in known:
            raise EncryptionError(NO_SUCH_KEY.format(index), kind="no-key")
        self._index = index
        self._set_present()
        self.published()

    def published(self) -> None:
        """Have every track of our own encrypted with the present key: a new one begins with 0."""
        for cryptor in self._seat.room.e2ee_manager.frame_cryptors():
            if cryptor.participant_identity == self._identity and cryptor.key_index != self._index:
                cryptor.set_key_index(self._index)

    def _set_present(self) -> None:
        """Set what is encrypted with, once more: data goes out under what was set last."""
        self._set(self._index, None if self._shared else self._identity)

    def _set(self, index: int, identity: str | None) -> None:
        provider = self._seat.room.e2ee_manager.key_provider
        if provider is None:
            raise AssertionError("a Room that was joined with keys has a key provider")
        if identity is None:
            provider.set_shared_key(_bytes(self._shared[index]), index)
        elif (key := self._own.get((identity, index))) is not None:
            provider.set_key(identity, _bytes(key), index)


def _bytes(key: Key) -> bytes:
    return key.encode() if isinstance(key, str) else key
