"""What type checkers are told about token sources; the checkers are the test."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, assert_type

from session_fsm.tokens import (
    ApiKeyTokenSource,
    CachedTokenSource,
    ConnectionDetails,
    CustomTokenSource,
    DevelopmentTokenSource,
    EndpointTokenSource,
    LiteralTokenSource,
    LoopbackTokenSource,
    MemoryStore,
    StoredToken,
    TokenOptions,
    TokenSource,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

DETAILS = ConnectionDetails("wss://a.test", "t")


def sync_details(options: TokenOptions) -> ConnectionDetails:
    del options
    return DETAILS


async def async_dict(options: TokenOptions) -> dict[str, str]:
    del options
    return {}


async def no_options() -> ConnectionDetails:
    return DETAILS


class AsyncStore:
    async def get(self) -> StoredToken | None:
        return None

    async def set(self, token: StoredToken, /) -> None: ...

    async def clear(self) -> None: ...


class Own(TokenSource):
    async def fetch(
        self, options: TokenOptions | None = None, *, force: bool = False
    ) -> ConnectionDetails:
        del options, force
        return DETAILS


async def accept(_details: ConnectionDetails, _options: TokenOptions) -> bool:
    return True


def sources() -> None:
    assert_type(TokenSource.literal("wss://a.test", "t"), LiteralTokenSource)
    assert_type(TokenSource.literal(DETAILS), LiteralTokenSource)
    assert_type(TokenSource.literal(no_options), LiteralTokenSource)
    assert_type(TokenSource.literal(lambda: {"server_url": "u"}), LiteralTokenSource)
    assert_type(TokenSource.custom(sync_details), CustomTokenSource)
    assert_type(TokenSource.custom(async_dict), CustomTokenSource)
    assert_type(
        TokenSource.endpoint("http://a.test", method="GET", headers={"a": "b"}, timeout=1),
        EndpointTokenSource,
    )
    assert_type(TokenSource.development("id", base_url="http://a.test"), DevelopmentTokenSource)
    assert_type(TokenSource.sandbox("id"), DevelopmentTokenSource)
    assert_type(TokenSource.api_key("u", "k", "s", ttl=timedelta(hours=1)), ApiKeyTokenSource)
    assert_type(TokenSource.api_key.from_env(ttl=60), ApiKeyTokenSource)
    assert_type(TokenSource.from_env(), ApiKeyTokenSource)
    assert_type(TokenSource.loopback(object(), dispatch=False), LoopbackTokenSource)
    assert_type(Own().cached(), CachedTokenSource)
    assert_type(Own().cached(AsyncStore(), accept), CachedTokenSource)
    assert_type(Own().cached(MemoryStore(), lambda _d, _o: True), CachedTokenSource)
    TokenSource.literal("wss://a.test")  # type: ignore[call-overload] # pyright: ignore[reportArgumentType, reportCallIssue]
    TokenSource.custom("x")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    TokenSource.endpoint("x", "GET")  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]


async def answers() -> None:
    details = await Own().fetch(TokenOptions(room_name="r"), force=True)
    assert_type(details, ConnectionDetails)
    assert_type(details.server_url, str)
    assert_type(details.room_name, str | None)


def options() -> None:
    given = TokenOptions(participant_attributes={"a": "b"}, agent_name=None)
    attributes: Mapping[str, str] = given.participant_attributes
    assert_type(given.agent_name, str | None)
    del attributes
    TokenOptions("r")  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]
    TokenOptions(room_name=1)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
