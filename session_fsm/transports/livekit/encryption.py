"""The encryption of a link: what others do, and how it is turned on and off.

What is seen of a participant comes from its tracks: whether they say that they are encrypted, and
whether they can be deciphered. ``participant_encryption_status_changed`` says less: it is False for
somebody who has just taken back the last track, and for a browser that sends its metrics, which
livekit-client never encrypts.

A key with which too much could not be deciphered is not tried again by the SDK, whatever arrives,
until it is set once more.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from livekit import rtc

from session_fsm.errors import EncryptionError
from session_fsm.events import PeerEncryptionTold
from session_fsm.tokens.jwt import claims
from session_fsm.transports.encryption import NOT_CONFIGURED
from session_fsm.transports.livekit.keys import LiveKitKeys

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from session_fsm.encryption.options import Encryption, Key
    from session_fsm.transports.base import Sink
    from session_fsm.transports.livekit.seat import Seat

FINE: Final = frozenset({rtc.EncryptionState.OK, rtc.EncryptionState.KEY_RATCHETED})
UNREADABLE: Final = frozenset(
    {
        rtc.EncryptionState.DECRYPTION_FAILED,
        rtc.EncryptionState.MISSING_KEY,
        rtc.EncryptionState.INTERNAL_ERROR,
    }
)
"""What the SDK says of tracks that cannot be deciphered."""
TRY_AGAIN: Final = 1.0
"""Seconds between two attempts with a key that did not fit."""


class LiveKitEncryption:
    """The encryption of one link, whatever Room it sits in."""

    def __init__(
        self,
        seat: Seat,
        tell: Sink,
        encryption: Encryption | None,
        hand_over: Callable[[bool], Awaitable[None]],
    ) -> None:
        self._seat = seat
        self._tell = tell
        self._keys = None if encryption is None else LiveKitKeys(seat, encryption)
        self._hand_over = hand_over
        self._problems: dict[str, str] = {}
        self._plain: set[str] = set()
        self._learning: dict[str, asyncio.Task[None]] = {}
        self._trying: asyncio.Task[None] | None = None
        self._closed = False
        self.is_enabled = encryption is not None
        """What is sent is encrypted, or is to be in the first Room."""

    # The port -----------------------------------------------------------------------------------

    async def set_enabled(self, enabled: bool) -> None:  # noqa: FBT001 - the fact itself
        """Go over to a Room that encrypts what is sent, or does not."""
        self._configured()
        await self._hand_over(enabled)

    def add_key(self, key: Key, index: int, identity: str | None) -> None:
        """Have another key at hand."""
        self._configured().add(key, index, identity)

    def use_key(self, index: int) -> None:
        """Encrypt with this one from now on."""
        self._configured().use(index)

    def _configured(self) -> LiveKitKeys:
        if self._keys is None:
            raise EncryptionError(NOT_CONFIGURED, kind="not-configured")
        return self._keys

    # What the link tells ------------------------------------------------------------------------

    async def prepare(self, token: str) -> None:
        """Get this client's own key, before the room is joined.

        Raises:
            EncryptionError: The key provider has none.
        """
        if self._keys is not None:
            identity = str(claims(token).get("sub", ""))
            asking = asyncio.get_running_loop().create_task(self._keys.own(identity))
            self._learning[identity] = asking
            await asking

    def options(self, base: rtc.RoomOptions, *, enabled: bool) -> rtc.RoomOptions:
        """Return what a Room is joined with."""
        return base if self._keys is None else self._keys.options(base, enabled=enabled)

    def joined(self, *, enabled: bool) -> None:
        """Set the keys of the Room that was joined."""
        self.is_enabled = enabled
        self._problems.clear()
        self._plain.clear()
        if self._keys is not None:
            self._keys.renew()

    def published(self) -> None:
        """Have a track that was just published encrypted with the present key."""
        if self._keys is not None and self.is_enabled:
            self._keys.published()

    def look(self) -> None:
        """Look at everybody in the Room; it was told that it is joined."""
        if self._keys is not None:
            for one in self._seat.room.remote_participants.values():
                self._joined(one)

    async def known(self, identity: str) -> None:
        """Wait until it is known whether there is a key for this participant."""
        learning = self._learning.get(identity)
        if learning is not None:
            await asyncio.wait({learning})

    def refuses(self, identity: str) -> bool:
        """Say whether what this participant sends is not taken: it is known to be in clear."""
        is_strict = self._keys is not None and not self._keys.allows_plain
        return is_strict and self.is_enabled and identity in self._plain

    def close(self) -> None:
        """Ask for no more keys, and try none again."""
        self._closed = True
        self._problems.clear()
        for task in self._learning.values():
            task.cancel()
        if self._trying is not None:
            self._trying.cancel()

    def handlers(self) -> dict[Any, Callable[..., None]]:
        """Return what is to be heard of the Room."""
        if self._keys is None:
            return {}
        return {
            "participant_connected": self._joined,
            "participant_disconnected": self._left,
            "track_subscribed": self._track_subscribed,
            "e2ee_state_changed": self._state_changed,
            # The SDK has made the link anew, and encrypts with the first key.
            "local_track_republished": self.published,
        }

    # Others -------------------------------------------------------------------------------------

    def _joined(self, one: rtc.RemoteParticipant) -> None:
        if self._closed:
            return
        self._judge(one)
        if one.identity not in self._learning:
            task = asyncio.get_running_loop().create_task(self._learn(one))
            self._learning[one.identity] = task

    async def _learn(self, one: rtc.RemoteParticipant) -> None:
        if await self._configured().learn(one.identity):
            self._judge(one)
            return
        self._problems[one.identity] = "no-key"
        if not self._judge(one):
            self._tell(PeerEncryptionTold(one.identity, is_encrypted=True, problem="no-key"))

    def _left(self, one: rtc.RemoteParticipant) -> None:
        self._problems.pop(one.identity, None)
        self._plain.discard(one.identity)
        learning = self._learning.pop(one.identity, None)
        if learning is not None:
            learning.cancel()
        self._configured().forget(one.identity)

    def _track_subscribed(
        self, _track: rtc.Track, _publication: object, one: rtc.RemoteParticipant
    ) -> None:
        self._judge(one)

    def _state_changed(self, one: rtc.Participant, state: int) -> None:
        if not isinstance(one, rtc.RemoteParticipant) or self._closed:
            return
        if state in FINE:
            self._problems.pop(one.identity, None)
        elif state in UNREADABLE:
            self._problems[one.identity] = "key-mismatch"
            self._try_again()
        self._judge(one)

    def _try_again(self) -> None:
        if self._trying is None or self._trying.done():
            self._trying = asyncio.get_running_loop().create_task(self._renew())

    async def _renew(self) -> None:
        """Have the SDK try its keys again while somebody cannot be understood."""
        while "key-mismatch" in self._problems.values():
            await asyncio.sleep(TRY_AGAIN)
            if self._seat.room.isconnected():
                self._configured().renew()

    def _judge(self, one: rtc.RemoteParticipant) -> bool:
        """Tell what is known of a participant; False while nothing is."""
        kinds = [
            publication.encryption_type
            for publication in one.track_publications.values()
            if publication.track is not None
        ]
        if not kinds:
            return False
        if rtc.EncryptionType.NONE in kinds:
            self._plain.add(one.identity)
            problem = None if self._configured().allows_plain else "peer-plain"
            self._tell(PeerEncryptionTold(one.identity, is_encrypted=False, problem=problem))
            return True
        self._plain.discard(one.identity)
        learning = self._learning.get(one.identity)
        is_asked = learning is not None and not learning.done() and not self._is_learning(one)
        problem = None if is_asked else self._problems.get(one.identity)
        self._tell(PeerEncryptionTold(one.identity, is_encrypted=True, problem=problem))
        return True

    def _is_learning(self, one: rtc.RemoteParticipant) -> bool:
        """Say whether it is this very task that asks for the key."""
        return self._learning.get(one.identity) is asyncio.current_task()
