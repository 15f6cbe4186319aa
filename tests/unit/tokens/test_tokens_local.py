"""Sources that ask nobody: API keys, loopback, literals."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import sys
import types
from datetime import timedelta
from typing import Any

import pytest
from livekit import api

from session_fsm.tokens import ApiKeyTokenSource, ConnectionDetails, TokenOptions, TokenSource
from session_fsm.tokens.jwt import check, claims, dispatches_agent, is_valid

SECRET = "a-secret-of-more-than-thirty-two-bytes"
URL = "wss://server.test"


def lifetime(details: ConnectionDetails) -> float:
    payload = claims(details.participant_token)
    return float(payload["exp"] - payload["nbf"])


class TestApiKey:
    async def test_makes_tokens_that_the_server_verifies(self) -> None:
        source = TokenSource.api_key(URL, "key", SECRET)
        details = await source.fetch(
            TokenOptions(
                room_name="r",
                participant_name="n",
                participant_identity="i",
                participant_metadata="m",
                participant_attributes={"a": "1"},
                agent_name="an",
                agent_metadata="am",
                agent_deployment="ad",
            )
        )
        assert (details.server_url, details.room_name, details.participant_name) == (URL, "r", "n")
        verified = api.TokenVerifier("key", SECRET).verify(details.participant_token)
        assert (verified.identity, verified.name, verified.metadata) == ("i", "n", "m")
        assert verified.attributes == {"a": "1"}
        assert verified.video is not None
        assert (verified.video.room_join, verified.video.room) == (True, "r")
        assert verified.room_config is not None
        (agent,) = verified.room_config.agents
        assert (agent.agent_name, agent.metadata, agent.deployment) == ("an", "am", "ad")
        check(details)

    async def test_without_options_it_grants_a_room_and_dispatches_nobody(self) -> None:
        details = await TokenSource.api_key(URL, "key", SECRET).fetch()
        verified = api.TokenVerifier("key", SECRET).verify(details.participant_token)
        assert verified.video is not None
        assert verified.video.room == details.room_name
        assert verified.video.can_update_own_metadata, "session.local can be changed"
        assert details.participant_name is None
        payload = claims(details.participant_token)
        assert not {"roomConfig", "name", "metadata", "attributes"} & set(payload)
        assert not dispatches_agent(details.participant_token)

    @pytest.mark.parametrize(
        ("options", "agent"),
        [
            (TokenOptions(agent_name="a"), {"agentName": "a"}),
            (TokenOptions(agent_metadata="m"), {"metadata": "m"}),
            (TokenOptions(agent_deployment="d"), {"deployment": "d"}),
        ],
    )
    async def test_any_wish_about_the_agent_dispatches_one(
        self, options: TokenOptions, agent: dict[str, str]
    ) -> None:
        details = await TokenSource.api_key(URL, "key", SECRET).fetch(options)
        assert claims(details.participant_token)["roomConfig"]["agents"] == [agent]

    async def test_room_and_identity_are_new_each_time(self) -> None:
        source = TokenSource.api_key(URL, "key", SECRET)
        one, two = await source.fetch(), await source.fetch(force=True)
        assert one.room_name != two.room_name
        first, second = (claims(details.participant_token) for details in (one, two))
        assert first["sub"] != second["sub"]
        assert (first["sub"][:5], str(one.room_name)[:5]) == ("user-", "room-")

    @pytest.mark.parametrize(("ttl", "seconds"), [(60, 60), (90.0, 90), (timedelta(hours=2), 7200)])
    async def test_the_lifetime(self, ttl: float | timedelta, seconds: float) -> None:
        details = await TokenSource.api_key(URL, "key", SECRET, ttl=ttl).fetch()
        assert abs(lifetime(details) - seconds) <= 1

    async def test_they_live_a_quarter_of_an_hour(self) -> None:
        assert abs(lifetime(await TokenSource.api_key(URL, "key", SECRET).fetch()) - 900) <= 1

    async def test_the_short_secret_of_a_server_in_dev_mode_does_not_warn(self) -> None:
        assert await TokenSource.api_key("ws://127.0.0.1:7880", "devkey", "secret").fetch()

    async def test_a_cached_one_is_reused(self) -> None:
        cached = TokenSource.api_key(URL, "key", SECRET).cached()
        assert await cached.fetch() is await cached.fetch()
        assert await cached.fetch() is not await cached.fetch(force=True)

    def test_the_repr_hides_the_secret(self) -> None:
        source = TokenSource.api_key("wss://u:p@a.test?k=v", "key", SECRET)
        assert repr(source) == "TokenSource.api_key('wss://a.test?«redacted»', 'key', «redacted»)"

    @pytest.mark.parametrize(
        ("arguments", "error", "text"),
        [
            (("", "k", "s"), ValueError, "url must not be empty."),
            (("a.test", "k", "s"), ValueError, "url must be a URL like wss://example.com"),
            (("ftp://a.test", "k", "s"), ValueError, "url must be a URL like wss://example.com"),
            ((URL, "", "s"), ValueError, "api_key must not be empty."),
            ((URL, None, "s"), TypeError, "api_key must be a str, not NoneType."),
            ((URL, "k", " "), ValueError, "api_secret must not be empty."),
            ((URL, "k", b"s3cret"), TypeError, "api_secret must be a str, not bytes."),
        ],
    )
    def test_arguments(self, arguments: Any, error: type[Exception], text: str) -> None:
        with pytest.raises(error) as caught:
            TokenSource.api_key(*arguments)
        assert text in str(caught.value)

    @pytest.mark.parametrize("scheme", ["ws", "wss", "http", "https"])
    def test_any_scheme_of_a_server_will_do(self, scheme: str) -> None:
        assert TokenSource.api_key(f"{scheme}://a.test", "k", "s")

    @pytest.mark.parametrize(
        ("ttl", "error"),
        [(0, ValueError), (-1.0, ValueError), (timedelta(0), ValueError), ("1", TypeError),
         (True, TypeError), (None, TypeError)],
    )  # fmt: skip
    def test_the_lifetime_must_be_above_zero(self, ttl: Any, error: type[Exception]) -> None:
        with pytest.raises(error, match="ttl must be a number of seconds"):
            TokenSource.api_key(URL, "k", "s", ttl=ttl)


class TestFromEnv:
    @pytest.fixture(autouse=True)
    def environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("LIVEKIT_URL", f" {URL}")
        monkeypatch.setenv("LIVEKIT_API_KEY", "env-key")
        monkeypatch.setenv("LIVEKIT_API_SECRET", f"{SECRET}\n")

    @pytest.mark.parametrize(
        "make",
        [TokenSource.from_env, TokenSource.api_key.from_env, ApiKeyTokenSource.from_env],
    )
    async def test_reads_the_three_variables(self, make: Any) -> None:
        details = await make(ttl=60).fetch()
        assert details.server_url == URL
        assert api.TokenVerifier("env-key", SECRET).verify(details.participant_token)
        assert abs(lifetime(details) - 60) <= 1
        assert abs(lifetime(await make().fetch()) - 900) <= 1

    def test_names_what_is_missing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("LIVEKIT_URL")
        monkeypatch.setenv("LIVEKIT_API_SECRET", " ")
        with pytest.raises(ValueError, match="LIVEKIT") as caught:
            TokenSource.from_env()
        assert str(caught.value) == (
            "Not set in the environment: LIVEKIT_URL, LIVEKIT_API_SECRET. Set it, or use "
            "TokenSource.api_key(url, api_key, api_secret)."
        )


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """A transport that only registers agents."""
    agents: list[object] = []
    module = types.ModuleType("session_fsm.transports.loopback")

    def register(agent: object | None) -> str:
        agents.append(agent)
        return f"loopback://{len(agents)}"

    module.register = register  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return agents


class Named:
    def __init__(self, name: object) -> None:
        self.name = name


@pytest.mark.usefixtures("registered")
class TestLoopback:
    async def test_registers_the_agent_once(self, registered: list[object]) -> None:
        agent = object()
        source = TokenSource.loopback(agent)
        assert registered == [agent]
        details = await source.fetch()
        assert details.server_url == "loopback://1"
        assert (await source.fetch()).server_url == "loopback://1"
        assert registered == [agent]
        assert repr(source) == "TokenSource.loopback() at 'loopback://1'"

    async def test_the_built_in_agent_is_none(self, registered: list[object]) -> None:
        TokenSource.loopback()
        assert registered == [None]

    async def test_the_claims_are_those_of_livekit(self) -> None:
        details = await TokenSource.loopback().fetch(
            TokenOptions(
                room_name="r",
                participant_name="n",
                participant_identity="i",
                participant_metadata="m",
                participant_attributes={"ä": "ö"},
                agent_name="an",
                agent_metadata="am",
                agent_deployment="ad",
            )
        )
        payload = claims(details.participant_token)
        times = payload.pop("exp"), payload.pop("nbf")
        assert times[0] - times[1] == 900
        assert payload == {
            "iss": "loopback",
            "sub": "i",
            "name": "n",
            "metadata": "m",
            "attributes": {"ä": "ö"},
            "video": {"roomJoin": True, "room": "r"},
            "roomConfig": {"agents": [{"agentName": "an", "metadata": "am", "deployment": "ad"}]},
        }
        assert (details.room_name, details.participant_name) == ("r", "n")

    async def test_the_token_is_a_jwt_that_is_valid_now(self) -> None:
        details = await TokenSource.loopback().fetch()
        check(details)
        assert is_valid(details.participant_token, claims(details.participant_token)["nbf"])
        body, _, signature = details.participant_token.rpartition(".")
        digest = hmac.new(b"loopback tokens protect nothing!", body.encode(), hashlib.sha256)
        assert base64.urlsafe_b64decode(signature + "=") == digest.digest()
        assert json.loads(base64.urlsafe_b64decode(body.split(".")[0] + "==")) == {
            "alg": "HS256",
            "typ": "JWT",
        }

    async def test_livekit_reads_it(self) -> None:
        details = await TokenSource.loopback(Named("helper")).fetch()
        verifier = api.TokenVerifier("loopback", "loopback tokens protect nothing!")
        verified = verifier.verify(details.participant_token)
        assert verified.room_config is not None
        assert [agent.agent_name for agent in verified.room_config.agents] == ["helper"]

    @pytest.mark.parametrize(
        ("agent", "options", "name"),
        [
            (None, None, ""),
            (Named("own"), None, "own"),
            (Named(7), None, ""),
            (Named("own"), TokenOptions(agent_name="asked"), "asked"),
        ],
    )
    async def test_the_agent_is_always_dispatched(
        self, agent: object, options: TokenOptions | None, name: str
    ) -> None:
        details = await TokenSource.loopback(agent).fetch(options)
        assert dispatches_agent(details.participant_token)
        assert claims(details.participant_token)["roomConfig"] == {
            "agents": [{"agentName": name, "metadata": ""}]
        }

    async def test_unless_it_is_not_wanted(self) -> None:
        source = TokenSource.loopback(dispatch=False)
        details = await source.fetch(TokenOptions(agent_name="a"))
        assert "roomConfig" not in claims(details.participant_token)
        check(details)

    async def test_room_and_identity_are_new_each_time(self) -> None:
        source = TokenSource.loopback()
        one, two = await source.fetch(), await source.fetch(force=True)
        assert one.room_name != two.room_name
        payloads = [claims(details.participant_token) for details in (one, two)]
        assert payloads[0]["sub"] != payloads[1]["sub"]
        assert payloads[0]["video"]["room"] == one.room_name
        assert payloads[0]["name"] == payloads[0]["metadata"] == ""

    def test_dispatch_is_a_flag(self) -> None:
        dispatch: Any = "no"
        with pytest.raises(TypeError, match="dispatch must be a bool, not str"):
            TokenSource.loopback(dispatch=dispatch)


class TestLiteral:
    async def test_gives_what_it_was_given(self) -> None:
        source = TokenSource.literal(URL, "t")
        assert await source.fetch() == ConnectionDetails(URL, "t")
        assert await source.fetch(TokenOptions(room_name="r"), force=True) == await source.fetch()

    async def test_takes_details_whole(self) -> None:
        details = ConnectionDetails(URL, "t", "r", "p")
        assert await TokenSource.literal(details).fetch() is details

    def test_the_repr_hides_the_token(self) -> None:
        source = TokenSource.literal(URL, "s3cret")
        assert repr(source) == (
            "TokenSource.literal(ConnectionDetails(server_url='wss://server.test', room_name=None, "
            "participant_name=None))"
        )

    @pytest.mark.parametrize(
        ("arguments", "error", "text"),
        [
            ((URL,), TypeError, "or a callable; it got a str alone."),
            ((None,), TypeError, "it got a NoneType alone."),
            (("", "t"), ValueError, "server_url must not be empty."),
            ((URL, ""), ValueError, "participant_token must not be empty."),
            ((lambda: None, "t"), TypeError, "server_url must be a str, not function."),
            ((URL, 1), TypeError, "participant_token must be a str, not int."),
        ],
    )  # fmt: skip
    def test_arguments(self, arguments: Any, error: type[Exception], text: str) -> None:
        with pytest.raises(error) as caught:
            TokenSource.literal(*arguments)
        assert text in str(caught.value)
