"""Refusals by a real server, and by what stands before it: typed, advised, and without secrets."""

import asyncio
import logging
import traceback
from datetime import timedelta

import pytest
from livekit import api

from contract.calls import converse
from peers.admin import API_KEY
from peers.fixtures import Stack
from session_fsm import (
    ConnectError,
    EndReason,
    Session,
    SessionError,
    SessionState,
    TokenError,
    TokenSource,
)

WRONG_SECRET = "another secret that is long enough for it"


def everything_about(error: BaseException) -> str:
    """All that could be read from it: causes, and contexts that are not printed."""
    parts = ["".join(traceback.format_exception(error))]
    waiting: list[BaseException | None] = [error]
    while waiting:
        seen = waiting.pop()
        if seen is not None:
            parts += [str(seen), repr(seen), repr(seen.args)]
            waiting += [seen.__cause__, seen.__context__]
    return "\n".join(parts)


async def refused(session: Session) -> SessionError:
    async with asyncio.timeout(60):
        with pytest.raises(SessionError) as caught:
            await session.start()
    assert session.failure.value is caught.value
    assert session.end_reason.value is EndReason.FAILED
    assert session.snapshot.state is SessionState.IDLE
    return caught.value


@pytest.fixture(autouse=True)
def logs(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG, "session_fsm")
    return caplog


def logged(logs: pytest.LogCaptureFixture) -> str:
    """What the library itself wrote; the SDK's own logger is not ours to filter."""
    ours = [record for record in logs.records if record.name.startswith("session_fsm")]
    assert ours
    return "\n".join(f"{one.getMessage()} {one.exc_text or ''}" for one in ours)


async def test_a_token_of_another_key(stack: Stack, logs: pytest.LogCaptureFixture) -> None:
    token = (
        api.AccessToken(API_KEY, WRONG_SECRET)
        .with_identity("user")
        .with_grants(api.VideoGrants(room_join=True, room=stack.room()))
        .to_jwt()
    )
    error = await refused(Session(TokenSource.literal(stack.url, token)))
    assert isinstance(error, ConnectError)
    assert error.kind == "unauthorized"
    assert "API key" in str(error)
    for secret in (token, token.rpartition(".")[0], token.rpartition(".")[2]):
        assert secret not in everything_about(error)
        assert secret not in logged(logs)


async def test_a_token_of_an_unknown_key(stack: Stack, logs: pytest.LogCaptureFixture) -> None:
    source = TokenSource.api_key(stack.url, "nobodys-key", WRONG_SECRET)
    error = await refused(Session(source))
    assert isinstance(error, ConnectError)
    assert error.kind == "unauthorized"
    for text in (everything_about(error), logged(logs), repr(source)):
        assert WRONG_SECRET not in text
        assert "eyJ" not in text


async def test_a_token_that_expired(stack: Stack, logs: pytest.LogCaptureFixture) -> None:
    token = stack.token(stack.room(), ttl=timedelta(seconds=-300))
    error = await refused(Session(TokenSource.literal(stack.url, token)))
    assert isinstance(error, TokenError)
    assert error.kind == "expired"
    assert token not in everything_about(error)
    assert token not in logged(logs)


@pytest.mark.parametrize("token", ["x", "not.a.jwt", "eyJhbGciOiJIUzI1NiJ9.e30.AAAA"])
async def test_what_is_no_token(stack: Stack, token: str) -> None:
    error = await refused(Session(TokenSource.literal(stack.url, token)))
    assert isinstance(error, TokenError)
    assert error.kind == "bad-token"
    assert "eyJ" not in everything_about(error)


async def test_nobody_listens_at_the_port(stack: Stack) -> None:
    token = stack.token(stack.room())
    error = await refused(Session(TokenSource.literal("ws://127.0.0.1:9", token)))
    assert isinstance(error, ConnectError)
    assert error.kind == "unreachable"
    assert "127.0.0.1:9" in str(error)
    assert token not in everything_about(error)


async def test_a_host_that_does_not_exist(stack: Stack) -> None:
    token = stack.token(stack.room())
    error = await refused(Session(TokenSource.literal("ws://nowhere.invalid", token)))
    assert isinstance(error, ConnectError)
    assert error.kind == "unreachable"


@pytest.mark.parametrize("url", ["ftp://127.0.0.1", "nonsense", "ws://", "wss:///path"])
async def test_a_url_that_is_none(stack: Stack, url: str) -> None:
    error = await refused(Session(TokenSource.literal(url, stack.token(stack.room()))))
    assert isinstance(error, ConnectError)
    assert error.kind == "bad-url"


async def test_a_port_that_is_no_number(stack: Stack) -> None:
    token = stack.token(stack.room())
    error = await refused(Session(TokenSource.literal("ws://127.0.0.1:port", token)))
    assert isinstance(error, ConnectError)
    assert error.kind == "bad-url"


async def test_http_urls_are_as_good(stack: Stack) -> None:
    room = stack.room()
    url = stack.url.replace("ws://", "http://")
    session = Session(TokenSource.literal(url, stack.token(room)))
    async with asyncio.timeout(60), session:
        await session.start()
        await converse(session)


async def test_a_run_that_works_shows_no_token(
    stack: Stack, logs: pytest.LogCaptureFixture
) -> None:
    token = stack.token(stack.room())
    session = Session(TokenSource.literal(stack.url, token))
    async with asyncio.timeout(60), session:
        await session.start()
        await converse(session)
        shown = f"{session!r} {session.snapshot!r} {session.snapshot.to_dict()} {session.agent!r}"
        assert token not in shown
        assert "eyJ" not in shown
    assert "eyJ" not in logged(logs)
