"""``session.keys``: keys that are changed in the middle of a conversation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from session_fsm.encryption.options import RING, checked_key
from session_fsm.errors import EncryptionError

if TYPE_CHECKING:
    from collections.abc import Callable

    from session_fsm.encryption.options import Encryption, Key
    from session_fsm.transports.encryption import EncryptionPort

NOT_CONFIGURED: Final = (
    "The session was made without encryption: make it with Session(encryption=Encryption(key=…))."
)


class Keys:
    """The keys of a session, sixteen at once, each under an index.

    To change the key without losing a word, everybody adds the new one first, and only then does
    anybody use it: what is encrypted with a key that somebody does not have yet is lost to them.
    Tell the agent by a call, and wait for its answer, before you use what you have added. Keys that
    were added last until the run ends; the next one begins with the key of ``Encryption``.
    """

    def __init__(
        self, encryption: Encryption | None, port: Callable[[str], EncryptionPort]
    ) -> None:
        self._encryption = encryption
        self._port = port

    def add(self, key: Key, index: int, *, identity: str | None = None) -> None:
        """Have a key at hand: what others encrypt with it can be read from now on.

        Args:
            key: Of the same kind as the first one, a passphrase or bytes.
            index: 0 to 15; what is there is replaced. The first key is 0.
            identity: Whose key it is, with a key provider; this client's own is named, too. None
                with a key for everybody.

        Raises:
            EncryptionError: The session was made without encryption.
            SessionStateError: The session is idle or ending.
            TypeError: The key is of another kind, or there is an identity where there must be none.
            ValueError: The key is empty, or the index out of range.
        """
        encryption = self._configured()
        first = encryption.key
        if first is not None and isinstance(checked_key(key), str) is not isinstance(first, str):
            raise TypeError(f"the key must be a {type(first).__name__}, as the first one was.")
        if (identity is None) is not (first is not None):
            raise TypeError("identity= goes with a key provider, and with nothing else.")
        self._port("keys.add").add_key(checked_key(key), _checked(index), identity)

    def use(self, index: int) -> None:
        """Encrypt with this key from now on, after everybody else has it.

        Raises:
            EncryptionError: The session was made without encryption, or there is no such key.
            SessionStateError: The session is idle or ending.
            ValueError: The index is out of range.
        """
        self._configured()
        self._port("keys.use").use_key(_checked(index))

    def _configured(self) -> Encryption:
        if self._encryption is None:
            raise not_configured()
        return self._encryption


def not_configured() -> EncryptionError:
    """Return what is raised where there is no encryption to change."""
    return EncryptionError(NOT_CONFIGURED, kind="not-configured")


def _checked(index: int) -> int:
    if not 0 <= index < RING:
        raise ValueError(f"a key's index is 0 to {RING - 1}, not {index}.")
    return index
