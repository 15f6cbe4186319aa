"""What can be asked for, and that no key is ever shown."""

import copy
import pickle
from typing import Any

import pytest

from session_fsm import Encryption, EncryptionError, Session, SessionStateError, TokenSource
from session_fsm.testing import ScriptedAgent
from session_fsm.transports.base import LinkWishes

SECRET = "the passphrase that nobody may see"


class Provider:
    async def key_of(self, identity: str) -> str:
        return identity


@pytest.mark.parametrize(
    ("given", "error", "says"),
    [
        ({}, ValueError, "either a key or a key_provider"),
        ({"key": "x", "key_provider": Provider()}, ValueError, "either a key or a key_provider"),
        ({"key": ""}, ValueError, "must not be empty"),
        ({"key": b""}, ValueError, "must not be empty"),
        ({"key": 17}, TypeError, "a str or bytes, not int"),
        ({"key_provider": object()}, TypeError, "async key_of"),
    ],
)
def test_bad_wishes_are_refused(given: dict[str, Any], error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        Encryption(**given)


@pytest.mark.parametrize("given", ["a passphrase", b"0123456789abcdef", True])
def test_a_session_takes_an_encryption_and_no_bare_key(given: object) -> None:
    with pytest.raises(TypeError, match="must be an Encryption") as raised:
        Session(TokenSource.loopback(), encryption=given)  # type: ignore[arg-type]
    assert str(given) not in str(raised.value) or given is True


def test_a_room_must_be_made_anew_for_each_start() -> None:
    with pytest.raises(TypeError, match="must be a callable that makes a Room"):
        Session(TokenSource.loopback(), room=object())  # type: ignore[arg-type]


@pytest.mark.parametrize("key", [SECRET, SECRET.encode()])
def test_a_key_is_never_shown(key: str | bytes) -> None:
    encryption = Encryption(key=key)
    session = Session(TokenSource.loopback(), encryption=encryption)
    shown = [repr(one) for one in (encryption, LinkWishes(encryption), session, session.keys)]
    shown += [repr(ScriptedAgent(keys=(key,)))]
    assert not [one for one in shown if SECRET in one]
    for take in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="it holds a key") as raised:
            take(encryption)
        assert SECRET not in str(raised.value)


async def test_keys_are_changed_only_in_a_running_session() -> None:
    session = Session(
        TokenSource.loopback(ScriptedAgent(keys=("x",))), encryption=Encryption(key="x")
    )
    async with session:
        with pytest.raises(SessionStateError, match=r"before keys\.add"):
            session.keys.add("y", 1)
        with pytest.raises(SessionStateError, match="before set_encryption_enabled"):
            await session.set_encryption_enabled(False)
        await session.start()
        for index in (-1, 16):
            with pytest.raises(ValueError, match="0 to 15"):
                session.keys.add("y", index)
            with pytest.raises(ValueError, match="0 to 15"):
                session.keys.use(index)
        with pytest.raises(TypeError, match="goes with a key provider"):
            session.keys.add("y", 1, identity="somebody")
        with pytest.raises(EncryptionError, match="no key with the index 1"):
            session.keys.use(1)


async def test_encryption_is_not_changed_while_the_link_is_down() -> None:
    agent = ScriptedAgent(keys=("x",))
    session = Session(TokenSource.loopback(agent), encryption=Encryption(key="x"))
    async with session:
        await session.start()
        agent.network.drop()
        with pytest.raises(EncryptionError, match="while the room is joined") as raised:
            await session.set_encryption_enabled(False)
        assert raised.value.kind == "not-possible"
        assert session.encryption.value == "on"
        agent.network.restore()
        await session.set_encryption_enabled(False)
        assert session.encryption.value == "off"
        assert session.encryption_peers.value == {}
