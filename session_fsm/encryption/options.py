"""What is asked for: ``Session(encryption=Encryption(key=…))``."""

from __future__ import annotations

from typing import Final, Protocol, TypeAlias, runtime_checkable

import attrs

Key: TypeAlias = str | bytes
"""A passphrase, or 16 or more random bytes."""

RING: Final = 16
"""How many keys are held at once, by their index; LiveKit's default."""


@runtime_checkable
class KeyProvider(Protocol):
    """Where everybody's own key comes from."""

    async def key_of(self, identity: str) -> Key:
        """Return what this participant encrypts with.

        It is asked for this client itself before the room is joined, and for everybody else as they
        join; at most ten seconds. All keys must be of one kind, and are derived as
        ``Encryption.key`` is. When it raises, an ``EncryptionError`` of the kind ``no-key`` is
        reported; for the agent, or for this client itself, that ends the run.
        """
        ...


@attrs.frozen
class Encryption:
    """How sound, pictures, texts, files and calls are encrypted from end to end.

    Attributes:
        key: What everybody in the room encrypts with. A passphrase is derived by PBKDF2, and equals
            the browser's ``ExternalE2EEKeyProvider.setKey("…")``; bytes are derived by HKDF, as the
            browser does with an ``ArrayBuffer``.
        key_provider: Instead of it, a key of their own for everybody.
        allow_plain: Let others take part who do not encrypt. They are heard, and hear nothing.
    """

    key: Key | None = attrs.field(default=None, repr=False, kw_only=True)
    key_provider: KeyProvider | None = attrs.field(default=None, repr=False, kw_only=True)
    allow_plain: bool = attrs.field(default=False, kw_only=True)

    def __attrs_post_init__(self) -> None:
        if (self.key is None) == (self.key_provider is None):
            raise ValueError("encryption needs either a key or a key_provider.")
        if self.key is not None:
            checked_key(self.key)
        elif not isinstance(self.key_provider, KeyProvider):
            raise TypeError("key_provider must have an async key_of(identity).")

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError("an Encryption cannot be pickled or copied: it holds a key.")


def checked_key(key: object) -> Key:
    """Return it if it can be a key.

    Raises:
        TypeError: It is neither str nor bytes; the message does not quote it.
        ValueError: It is empty.
    """
    if not isinstance(key, str | bytes):
        raise TypeError(f"a key must be a str or bytes, not {type(key).__name__}.")
    if not key:
        raise ValueError("a key must not be empty.")
    return key
