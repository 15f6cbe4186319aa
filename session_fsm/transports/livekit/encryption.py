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
from session_fsm.transports.livekit.keys import LiveKitKeys

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from session_fsm.encryption.options import Encryption, Key
    from session_fsm.transports.base import Sink
    from session_fsm.transports.livekit.seat import Seat

FINE: Final = frozenset({rtc.EncryptionState.OK, rtc.EncryptionState.KEY_RATCHETED})
PROBLEMS: Final[Mapping[int, str]] = {
    rtc.EncryptionState.DECRYPTION_FAILED: "key-mismatch",
    rtc.EncryptionState.MISSING_KEY: "key-mismatch",
    rtc.EncryptionState.INTERNAL_ERROR: "key-mismatch",
}
"""What the SDK says of a participant's tracks -> kind of ``EncryptionError``."""
TRY_AGAIN: Final = 1.0
"""Seconds between two attempts with a key that did not fit."""
NOT_CONFIGURED: Final = "The link was made without encryption."


class LiveKitEncryption:
    """The encryption of one link, whatever Room it sits in."""

    def __init__(
        self,
        seat: Seat,
        tell: Sink,
        encryption: Encryption | None,
        hand_over: Callable[[], Awaitable[None]],
    ) -> None:
        self._seat = seat
        self._tell = tell
        self._keys = None if encryption is None else LiveKitKeys(seat, encryption)
        self._hand_over = hand_over
        self._problems: dict[str, str] = {}
        self._learning: set[asyncio.Task[None]] = set()
        self._trying: asyncio.Task[None] | None = None
        self.is_enabled = encryption is not None
        """What is sent is encrypted, or is to be in the Room that is about to be joined."""

    # The port -----------------------------------------------------------------------------------

    async def set_enabled(self, enabled: bool) -> None:  # noqa: FBT001 - the fact itself
        """Go over to a Room that encrypts what is sent, or does not."""
        self._configured()
        if enabled is self.is_enabled:
            return
        self.is_enabled = enabled
        self._problems.clear()
        try:
            await self._hand_over()
        except BaseException:
            self.is_enabled = not enabled
            raise

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

    def options(self, base: rtc.RoomOptions) -> rtc.RoomOptions:
        """Return what a Room is joined with."""
        return base if self._keys is None else self._keys.options(base, enabled=self.is_enabled)

    async def joined(self) -> None:
        """Set the keys of the Room that was joined."""
        if self._keys is not None:
            await self._keys.joined()

    def published(self) -> None:
        """Have a track that was just published encrypted with the present key."""
        if self._keys is not None and self.is_enabled:
            self._keys.published()

    def look(self) -> None:
        """Look at everybody in the Room; it was told that it is joined."""
        if self._keys is not None:
            for one in self._seat.room.remote_participants.values():
                self._joined(one)

    def close(self) -> None:
        """Ask for no more keys."""
        for task in self._learning:
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
        }

    # Others -------------------------------------------------------------------------------------

    def _joined(self, one: rtc.RemoteParticipant) -> None:
        self._judge(one)
        task = asyncio.get_running_loop().create_task(self._learn(one))
        self._learning.add(task)
        task.add_done_callback(self._learning.discard)

    async def _learn(self, one: rtc.RemoteParticipant) -> None:
        if not await self._configured().learn(one.identity):
            self._problems[one.identity] = "no-key"
            self._tell(PeerEncryptionTold(one.identity, is_encrypted=True, problem="no-key"))

    def _left(self, one: rtc.RemoteParticipant) -> None:
        self._problems.pop(one.identity, None)

    def _track_subscribed(
        self, _track: rtc.Track, _publication: object, one: rtc.RemoteParticipant
    ) -> None:
        self._judge(one)

    def _state_changed(self, one: rtc.Participant, state: int) -> None:
        if not isinstance(one, rtc.RemoteParticipant):
            return
        if state in FINE:
            self._problems.pop(one.identity, None)
        elif (problem := PROBLEMS.get(state)) is not None:
            self._problems[one.identity] = problem
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

    def _judge(self, one: rtc.RemoteParticipant) -> None:
        """Tell what is known of a participant, if it has a track."""
        kinds = [
            publication.encryption_type
            for publication in one.track_publications.values()
            if publication.track is not None
        ]
        if not kinds:
            return
        if rtc.EncryptionType.NONE in kinds:
            problem = None if self._configured().allows_plain else "peer-plain"
            self._tell(PeerEncryptionTold(one.identity, is_encrypted=False, problem=problem))
        else:
            problem = self._problems.get(one.identity)
            self._tell(PeerEncryptionTold(one.identity, is_encrypted=True, problem=problem))
