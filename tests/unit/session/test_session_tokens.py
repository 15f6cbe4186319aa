"""Which token a start uses, and what bad ones lead to."""

import asyncio
import logging

import pytest

from session_fsm import (
    ConnectError,
    ConnectionDetails,
    Session,
    SessionState,
    TokenError,
    TokenOptions,
    TokenSource,
)
from session_fsm.testing import ScriptedAgent


class Recording(TokenSource):
    """Hands out what another source makes, and remembers how it was asked."""

    def __init__(self, agent: ScriptedAgent) -> None:
        self._source = TokenSource.loopback(agent)
        self.asked: list[bool] = []
        self.options: list[TokenOptions | None] = []
        self.takes = 0.5

    async def fetch(
        self, options: TokenOptions | None = None, *, force: bool = False
    ) -> ConnectionDetails:
        self.asked.append(force)
        self.options.append(options)
        await asyncio.sleep(self.takes)
        return await self._source.fetch(options, force=force)


async def test_the_first_start_may_use_a_cache_and_later_ones_may_not() -> None:
    source = Recording(ScriptedAgent())
    async with Session(source) as session:
        for _ in range(3):
            await session.start()
            await session.end()
        assert source.asked == [False, True, True]


async def test_a_prepared_token_is_used_once() -> None:
    source = Recording(ScriptedAgent())
    async with Session(source) as session:
        await asyncio.gather(session.prepare(), session.prepare())
        await session.prepare()
        assert source.asked == [False]
        await session.start()
        assert source.asked == [False]
        await session.end()
        await session.prepare()
        assert source.asked == [False, True]
        await session.start()
        await session.end()
        await session.start()
        assert source.asked == [False, True, True]


async def test_a_start_joins_a_preparation_that_is_under_way() -> None:
    source = Recording(ScriptedAgent())
    async with Session(source) as session:
        prepare = asyncio.create_task(session.prepare())
        await asyncio.sleep(0.1)
        await session.start()
        await prepare
        assert source.asked == [False]


async def test_a_prepared_token_that_has_gone_bad_is_not_used() -> None:
    agent = ScriptedAgent()
    details = await TokenSource.loopback(agent).fetch()
    short = await TokenSource.loopback(agent).fetch()
    source = Recording(agent)
    async with Session(source) as session:
        await session.prepare()
        prepared = session._tokens._prepared  # type: ignore[union-attr]
        assert prepared is not None
        session._tokens._is_usable = lambda task: not task.done()  # type: ignore[method-assign]
        await session.start()
        assert source.asked == [False, False]
    assert details != short


async def test_a_failed_preparation_is_raised_and_the_start_asks_again() -> None:
    agent = ScriptedAgent()
    asked: list[None] = []

    async def sometimes() -> ConnectionDetails:
        asked.append(None)
        if len(asked) == 1:
            raise OSError("down")
        return await TokenSource.loopback(agent).fetch()

    async with Session(TokenSource.literal(sometimes)) as session:
        with pytest.raises(TokenError) as caught:
            await session.prepare()
        assert caught.value.kind == "source-raised"
        assert isinstance(caught.value.__cause__, OSError)
        assert session.state.value is SessionState.IDLE
        await session.start()


async def test_the_source_is_asked_for_the_agent() -> None:
    source = Recording(ScriptedAgent())
    options = TokenOptions(participant_name="Ann")
    async with Session(
        source, agent_name="guide", agent_metadata="{}", token_options=options
    ) as session:
        await session.start()
        assert session.agent.name.value == "guide"
    assert source.options == [
        TokenOptions(participant_name="Ann", agent_name="guide", agent_metadata="{}")
    ]


BAD_DETAILS = {
    "no JWT": ({"server_url": "ws://x", "participant_token": "hello"}, TokenError, "bad-token"),
    "nothing": ({}, TokenError, "bad-answer"),
    "a number": (7, TokenError, "bad-answer"),
    "no url": ({"participant_token": "a.b.c"}, TokenError, "bad-answer"),
}


@pytest.mark.parametrize("name", BAD_DETAILS)
async def test_bad_details(name: str) -> None:
    details, error, kind = BAD_DETAILS[name]
    source = TokenSource.custom(lambda _: details)  # type: ignore[arg-type,return-value]
    async with Session(source) as session:
        for _ in range(2):
            with pytest.raises(error) as caught:
                await session.start()
            assert caught.value.kind == kind
            assert session.state.value is SessionState.IDLE
            assert session.failure.value is caught.value


@pytest.mark.parametrize("url", ["", "nonsense", "ftp://example.com", "ws://", "loopback://nobody"])
async def test_bad_urls(url: str) -> None:
    good = await TokenSource.loopback().fetch()
    details = {"server_url": url, "participant_token": good.participant_token}
    async with Session(TokenSource.custom(lambda _: details)) as session:  # type: ignore[arg-type,return-value]
        with pytest.raises((ConnectError, TokenError)) as caught:
            await session.start()
        assert caught.value.kind in {"bad-url", "unreachable", "bad-answer"}
        assert session.state.value is SessionState.IDLE


async def test_a_token_never_shows(caplog: pytest.LogCaptureFixture) -> None:
    agent = ScriptedAgent()
    details = await TokenSource.loopback(agent).fetch()
    secret = details.participant_token

    async def leaky() -> ConnectionDetails:
        raise RuntimeError(f"could not use {secret}")

    with caplog.at_level(logging.DEBUG):
        async with Session(TokenSource.literal(leaky)) as session:
            with pytest.raises(TokenError) as caught:
                await session.start()
            shown = [repr(session), repr(caught.value), repr(caught.value.__cause__), repr(details)]
            shown += [str(session.snapshot), str(session.snapshot.to_dict())]
        async with Session(TokenSource.literal(details.server_url, secret)) as session:
            await session.start()
            shown += [repr(session), str(session.snapshot), repr(session.agent)]
    assert secret not in "".join(shown)
    assert secret not in caplog.text


BAD_ARGUMENTS: list[tuple[dict[str, object], type[Exception], str]] = [
    ({"token_source": "wss://example.com"}, TypeError, "make one with TokenSource.literal"),
    ({"token_source": None}, TypeError, "token_source must be a TokenSource, not NoneType"),
    ({"agent_name": ""}, ValueError, "agent_name must not be empty"),
    ({"agent_name": 7}, TypeError, "agent_name must be a str, not int"),
    ({"agent_metadata": {}}, TypeError, "agent_metadata must be a str, not dict"),
    ({"token_options": {}}, TypeError, "TokenOptions"),
    ({"agent_timeout": 0}, ValueError, "agent_timeout must be a number of seconds above 0"),
    ({"agent_timeout": "20"}, TypeError, "agent_timeout must be a number of seconds, not str"),
    ({"agent_timeout": True}, TypeError, "agent_timeout must be a number of seconds, not bool"),
    ({"agent_return_timeout": -1}, ValueError, "agent_return_timeout must be"),
    ({"token_timeout": None}, TypeError, "token_timeout must be a number of seconds"),
    (
        {"agent_name": "a", "token_options": TokenOptions(agent_name="b")},
        ValueError,
        "give it once",
    ),
]


@pytest.mark.parametrize(("arguments", "error", "says"), BAD_ARGUMENTS)
def test_bad_arguments(arguments: dict[str, object], error: type[Exception], says: str) -> None:
    given = {"token_source": TokenSource.loopback(), **arguments}
    with pytest.raises(error, match=says):
        Session(**given)  # type: ignore[arg-type]


def test_the_agent_may_be_named_twice_if_it_is_the_same() -> None:
    Session(
        TokenSource.loopback(),
        agent_name="a",
        agent_metadata="m",
        token_options=TokenOptions(agent_name="a", agent_metadata="m"),
    )
