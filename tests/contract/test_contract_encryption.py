"""Encrypted from end to end: with the right key, a wrong one, none, another one, and no longer."""

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest

from contract.calls import PATIENCE, converse, until, watched
from contract.sides import Side
from session_fsm import (
    Encryption,
    EncryptionError,
    EncryptionState,
    IncomingStream,
    Session,
    SessionState,
    SilenceInput,
    ToneInput,
)

KEY = "a passphrase of the room"
OTHER = "another passphrase"
RAW = bytes(range(32))
IS_IDLE = bool(os.environ.get("SESSION_FSM_RUNS"))
"""By hand, on a machine that is idle. On a busy one who has heard our encrypted track goes on to
decipher the plain one that takes its place (livekit 1.1.21 and 1.2.1): a defect of their SDK."""


class OneForEach:
    """A key of their own for everybody, as the agent has them."""

    def __init__(self, keys: dict[str, str]) -> None:
        self.keys = keys
        self.asked: list[str] = []

    async def key_of(self, identity: str) -> str:
        self.asked.append(identity)
        return self.keys.get(identity, self.keys["agent"])


async def heard(session: Session) -> None:
    """Speak for a moment, and wait until the agent has transcribed it and has nothing to say."""

    def transcribed() -> int:
        mine = [one for one in session.messages.value if one.sender == "user" and one.final]
        return sum(one.text.startswith("heard ") for one in mine)

    before = transcribed()
    await session.local.microphone.switch(ToneInput())
    await asyncio.sleep(0.7)
    await session.local.microphone.switch(SilenceInput())
    await session.wait_until(lambda _: transcribed() > before, PATIENCE)
    await quiet(session)


async def quiet(session: Session) -> None:
    """Wait until nothing has changed for a while."""
    seen = -1
    while seen != session.snapshot.seq:
        seen = session.snapshot.seq
        await asyncio.sleep(1.0)


@pytest.mark.parametrize(
    ("key", "behaviour"),
    [(KEY, {"key": KEY}), (RAW, {"hex": RAW.hex()})],
    ids=["passphrase", "bytes"],
)
async def test_everything_goes_through_with_the_same_key(
    side: Side, key: str | bytes, behaviour: dict[str, Any]
) -> None:
    session = Session(side.source(**behaviour), encryption=Encryption(key=key))
    assert session.encryption.value is EncryptionState.OFF
    async with asyncio.timeout(90), session:
        await session.start(microphone=SilenceInput())
        assert session.encryption.value is EncryptionState.ON
        await converse(session)
        await session.wait_until(lambda now: now.media.microphone.state == "live", PATIENCE)
        await heard(session)
        assert await session.call("echo", {"a": 1}) == {"a": 1}
        (agent,) = session.encryption_peers.value
        assert agent == session.agent.identity.value
        peer = session.encryption_peers.value[agent]
        assert (peer.is_encrypted, peer.failure, peer.is_proven) == (True, None, True)
        assert session.encryption.value is EncryptionState.ON
        assert session.snapshot.to_dict()["encryption"]["state"] == "on"
    assert session.encryption.value is EncryptionState.OFF
    assert session.failure.value is None


async def listening_for_ever(session: Session) -> None:
    await session.start()
    await session.wait_until(lambda _: False, PATIENCE)


@pytest.mark.parametrize("behaviour", [{"key": OTHER}, {}], ids=["another key", "no key"])
async def test_an_agent_without_the_key_is_noticed_within_five_seconds(
    side: Side, behaviour: dict[str, Any]
) -> None:
    session = Session(side.source(**behaviour), encryption=Encryption(key=KEY))
    async with asyncio.timeout(60), session:
        with watched(session) as seen, pytest.raises(EncryptionError) as raised:
            await listening_for_ever(session)
        assert raised.value.kind == ("key-mismatch" if behaviour else "peer-plain")
        assert session.failure.value is raised.value
        agent = next(one.agent.identity for one in seen if one.agent.identity)
        assert agent in str(raised.value)
        assert KEY not in str(raised.value) + repr(session.snapshot)
        assert session.state.value is SessionState.IDLE
        await side.nobody_left()


async def test_an_agent_that_does_not_encrypt_can_be_let_in(side: Side) -> None:
    session = Session(side.source(), encryption=Encryption(key=KEY, allow_plain=True))
    async with asyncio.timeout(60), session:
        await session.start()
        now = await session.wait_until(
            lambda now: any(one.is_encrypted is False for one in now.encryption.peers.values()),
            PATIENCE,
        )
        assert now.encryption.state is EncryptionState.ON
        await session.wait_until(lambda now: not now.agent.is_responsive, PATIENCE)
        assert session.state.value is SessionState.ACTIVE
        assert session.failure.value is None


async def test_it_is_turned_off_and_on_in_the_middle_of_a_conversation(side: Side) -> None:
    session = Session(side.source(key=KEY), encryption=Encryption(key=KEY))
    async with asyncio.timeout(120), session:
        await session.start(microphone=SilenceInput())
        await converse(session, "encrypted")
        agent = session.agent.identity.value
        with watched(session) as seen:
            await session.set_encryption_enabled(False)
            assert session.encryption.value is EncryptionState.OFF
            assert session.connection_state.value == "connected"
            await quiet(session)  # a new track begins with noise where it is deciphered too late
            await converse(session, "in clear")
            if side.name == "loopback" or IS_IDLE:
                await heard(session)
            assert await session.call("echo", "x") == "x"
            sending = asyncio.create_task(session.send("meanwhile"))
            await session.set_encryption_enabled(True)
            await session.set_encryption_enabled(True)
            assert session.encryption.value is EncryptionState.ON
            await sending
            await quiet(session)
            room = session.room_name.value
            assert room is not None
            assert side.heard(room).count("meanwhile") == 1
            await converse(session, "encrypted again")
            await heard(session)
        assert {one.agent.identity for one in seen} == {agent}
        assert {one.media.microphone.state for one in seen} == {"live"}
        assert not any(one.failure for one in seen)
        assert session.encryption.value is EncryptionState.ON


async def test_it_cannot_be_turned_on_or_off_where_there_is_none(side: Side) -> None:
    session = Session(side.source())
    async with asyncio.timeout(60), session:
        for enabled in (True, False):
            with pytest.raises(EncryptionError, match="made without encryption") as raised:
                await session.set_encryption_enabled(enabled)
            assert raised.value.kind == "not-configured"
        with pytest.raises(EncryptionError, match="made without encryption"):
            session.keys.add("x", 1)


async def test_a_new_key_loses_nothing_when_everybody_has_it_before_it_is_used(side: Side) -> None:
    session = Session(side.source(key=KEY), encryption=Encryption(key=KEY))
    async with asyncio.timeout(90), session:
        await session.start(microphone=SilenceInput())
        await converse(session, "the first key")
        session.keys.add(OTHER, 1)
        await session.call("key", {"add": OTHER, "index": 1})
        await converse(session, "both have both")
        session.keys.use(1)
        await converse(session, "mine is new")
        await heard(session)
        await session.call("key", {"use": 1})
        await converse(session, "both are new")
        await heard(session)
        assert session.encryption.value is EncryptionState.ON
        with pytest.raises(EncryptionError, match="no key with the index 7"):
            session.keys.use(7)
        with pytest.raises(TypeError, match="must be a str"):
            session.keys.add(b"bytes", 2)


async def test_everybody_has_a_key_of_their_own(side: Side) -> None:
    keys = {"user": "the key of the user", "agent": "the key of the agent"}
    provider = OneForEach(keys)
    session = Session(side.source(keys=keys), encryption=Encryption(key_provider=provider))
    async with asyncio.timeout(60), session:
        await session.start(microphone=SilenceInput())
        await converse(session)
        await heard(session)
        assert provider.asked == ["user", session.agent.identity.value]
        await session.set_encryption_enabled(False)
        await converse(session, "in clear")


async def test_a_provider_that_fails_ends_the_run(side: Side) -> None:
    class Broken:
        async def key_of(self, identity: str) -> str:
            raise LookupError(f"no key for {identity}, but here is {KEY}")

    session = Session(side.source(key=KEY), encryption=Encryption(key_provider=Broken()))
    async with asyncio.timeout(60), session:
        with pytest.raises(EncryptionError, match="no key for 'user'") as raised:
            await session.start()
        assert raised.value.kind == "no-key"
        assert KEY not in str(raised.value)
        await side.nobody_left()


async def test_files_and_streams_are_encrypted_too(side: Side, tmp_path: Path) -> None:
    content = bytes(range(256)) * 100
    (tmp_path / "file.bin").write_bytes(content)
    session = Session(side.source(key=KEY), encryption=Encryption(key=KEY))
    came: list[IncomingStream] = []
    async with asyncio.timeout(60), session:
        session.byte_streams("files").subscribe(came.append)
        await session.start()
        await session.agent.wait_until_connected()
        await session.send_file(tmp_path / "file.bin", "files")
        await until(lambda: came)
        assert await came[0].read_all() == content
