"""The part of the reducer that is about encryption."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import attrs

from session_fsm.encryption.seen import EncryptionSnapshot
from session_fsm.errors import EncryptionError
from session_fsm.events import EncryptionSwitched, PeerEncryptionTold
from session_fsm.states import IN_THE_ROOM

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from session_fsm.draft import Draft
    from session_fsm.events import Fact

PROBLEMS: Final[Mapping[str, str]] = {
    "key-mismatch": "{!r} cannot be understood, or cannot understand this client: its key is "
    "another one, or it has none. Give both the same key.",
    "peer-plain": "{!r} does not encrypt what it sends. Give it the key, or let it take part with "
    "Encryption(allow_plain=True).",
    "no-key": "There is no key for {!r}: key_of() raised, or did not answer in time.",
}
"""Kind of ``EncryptionError`` -> what is said of a participant."""


def problem(identity: str, kind: str) -> EncryptionError:
    """Return what is reported of a participant."""
    return EncryptionError(PROBLEMS[kind].format(identity), kind=kind)


def _told(draft: Draft, fact: PeerEncryptionTold) -> None:
    if draft.session_state not in IN_THE_ROOM or not draft.encryption.is_enabled:
        return
    before = draft.encryption.peer(fact.identity)
    known = None if before.failure is None else before.failure.kind
    failure = before.failure
    if fact.problem != known:
        failure = None if fact.problem is None else problem(fact.identity, fact.problem)
    peer = attrs.evolve(before, is_encrypted=fact.is_encrypted, failure=failure)
    draft.encryption = draft.encryption.knowing(fact.identity, peer)


def _switched(draft: Draft, fact: EncryptionSwitched) -> None:
    is_news = fact.is_enabled is not draft.encryption.is_enabled
    if draft.session_state in IN_THE_ROOM and is_news:
        draft.encryption = EncryptionSnapshot(fact.is_enabled)


def probe_failed(draft: Draft, identity: str) -> bool:
    """End the run where the agent does not understand what is encrypted; say whether it did."""
    peer = draft.encryption.peer(identity)
    tolerated = peer.is_encrypted is False and peer.failure is None
    if not draft.encryption.is_enabled or peer.is_proven or tolerated:
        return False
    draft.fail(problem(identity, "key-mismatch"))
    return True


def probe_answered(draft: Draft, identity: str) -> None:
    """Remember that this participant has had the key."""
    if draft.encryption.is_enabled:
        peer = attrs.evolve(draft.encryption.peer(identity), is_proven=True)
        draft.encryption = draft.encryption.knowing(identity, peer)


ENCRYPTION_STEPS: Final[Mapping[type[Fact], Callable[[Draft, Any], None]]] = {
    PeerEncryptionTold: _told,
    EncryptionSwitched: _switched,
}
"""Fact -> what it makes of the draft."""
