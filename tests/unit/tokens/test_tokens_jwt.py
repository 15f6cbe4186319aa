from __future__ import annotations

import base64
import json

import pytest

from session_fsm.errors import TokenError
from session_fsm.tokens.details import ConnectionDetails
from session_fsm.tokens.jwt import check, claims, dispatches_agent, is_valid

NOW = 1_000_000.0
GRANT = {"roomJoin": True, "room": "r"}


def part(value: object) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def token(payload: object = None, /, **fields: object) -> str:
    return f"{part({'alg': 'HS256'})}.{part(fields if payload is None else payload)}.c2ln"


def refused(text: str, now: float | None = NOW) -> TokenError:
    with pytest.raises(TokenError) as caught:
        check(ConnectionDetails("wss://a.test", text), now)
    assert text not in str(caught.value)
    return caught.value


NO_JWTS = {
    "one part": "abc",
    "two parts": "a.b",
    "four parts": token(a=1) + ".x",
    "header is no base64": "!." + part({}) + ".s",
    "header is no object": part([]) + "." + part({}) + ".s",
    "payload is no base64": part({}) + ".{}.s",
    "payload is no JSON": part({}) + "." + part(b"{") + ".s",
    "payload is no object": token(["exp"]),
    "payload is no text": part({}) + "." + part(b"\xff\xfe\xff") + ".s",
    "payload is empty": part({}) + "..s",
    "letters beyond ASCII": part({}) + ".äöü.s",
    "NaN": part({}) + "." + part(b'{"exp": NaN}') + ".s",
    "Infinity": part({}) + "." + part(b'{"exp": Infinity}') + ".s",
    "too deep": part({}) + "." + part(b"[" * 100_000) + ".s",
    "junk between the letters": part({}) + ".e30=!!!!.s",
}


class TestClaims:
    def test_are_the_payload_without_any_verification(self) -> None:
        assert claims(token(exp=1, video={"room": "ü"})) == {"exp": 1, "video": {"room": "ü"}}

    @pytest.mark.parametrize("length", range(8))
    def test_any_length_of_payload_is_read(self, length: int) -> None:
        assert claims(token(a="x" * length)) == {"a": "x" * length}

    def test_padding_is_accepted(self) -> None:
        padded = base64.urlsafe_b64encode(b'{"a": 1}').decode()
        assert padded.endswith("=")
        assert claims(f"{part({})}.{padded}.s") == {"a": 1}

    def test_the_url_alphabet_is_read(self) -> None:
        value = {"a": "ÿÿ?>~~~"}
        raw = json.dumps(value, ensure_ascii=False).encode()
        assert set("-_") & set(part(raw))
        assert claims(f"{part({})}.{part(raw)}.s") == value

    @pytest.mark.parametrize("text", NO_JWTS.values(), ids=NO_JWTS)
    def test_anything_else_is_a_bad_token_that_is_not_quoted(self, text: str) -> None:
        with pytest.raises(TokenError) as caught:
            claims(text)
        assert caught.value.kind == "bad-token"
        assert text not in str(caught.value)

    @pytest.mark.parametrize(
        ("text", "why"),
        [
            ("a.b", "it has 2 parts divided by dots, not 3"),
            ("!.e30.s", "its header is not a JSON object in base64url"),
            ("e30.!.s", "its payload is not a JSON object in base64url"),
        ],
    )
    def test_the_message_says_what_is_wrong_and_what_to_do(self, text: str, why: str) -> None:
        with pytest.raises(TokenError) as caught:
            claims(text)
        assert str(caught.value) == (
            f"The token is no LiveKit access token: {why}. Give the JWT that your token server "
            "makes, whole and unchanged."
        )


class TestDispatchesAgent:
    @pytest.mark.parametrize("key", ["roomConfig", "room_config"])
    def test_with_an_agent_in_either_spelling(self, key: str) -> None:
        assert dispatches_agent(token({key: {"agents": [{"agentName": "a"}]}})) is True

    def test_an_agent_without_a_name_counts(self) -> None:
        assert dispatches_agent(token(roomConfig={"agents": [{}]})) is True

    def test_the_camel_case_claim_wins(self) -> None:
        both = token(roomConfig={"agents": []}, room_config={"agents": [{}]})
        assert dispatches_agent(both) is False

    @pytest.mark.parametrize(
        "payload",
        [
            {},
            {"roomConfig": {}},
            {"roomConfig": {"agents": []}},
            {"roomConfig": None},
            {"roomConfig": "agents"},
            {"agents": [{}]},
        ],
    )
    def test_not_without_agents(self, payload: dict[str, object]) -> None:
        assert dispatches_agent(token(payload)) is False

    def test_not_when_it_cannot_be_read(self) -> None:
        assert dispatches_agent("no token") is False


class TestIsValid:
    @pytest.mark.parametrize(
        ("payload", "valid"),
        [
            ({"exp": NOW + 60}, False),
            ({"exp": NOW + 60.5}, True),
            ({"exp": NOW + 61}, True),
            ({"exp": NOW + 59}, False),
            ({"exp": NOW + 61, "nbf": NOW}, True),
            ({"exp": NOW + 61, "nbf": NOW + 0.5}, False),
            ({"exp": NOW + 61, "nbf": NOW - 1}, True),
            ({"nbf": NOW - 1}, False),
            ({}, False),
            ({"exp": None}, False),
            ({"exp": "9999999999"}, False),
            ({"exp": True}, False),
            ({"exp": NOW + 61, "nbf": "0"}, False),
            ({"exp": NOW + 61, "nbf": None}, False),
            ({"exp": NOW + 61, "nbf": False}, False),
            ({"exp": 10**400}, False),
            ({"exp": 10**15}, False),
            ({"exp": 10**15 - 1}, True),
            ({"exp": NOW + 61, "nbf": -(10**400)}, False),
        ],
    )
    def test_at_the_edges(self, payload: dict[str, object], *, valid: bool) -> None:
        assert is_valid(token(payload), NOW) is valid

    def test_without_nbf_at_the_beginning_of_time(self) -> None:
        assert is_valid(token(exp=61), 0.0) is True

    @pytest.mark.parametrize("text", NO_JWTS.values(), ids=NO_JWTS)
    def test_not_when_it_cannot_be_read(self, text: str) -> None:
        assert is_valid(text, NOW) is False


class TestCheck:
    def test_a_good_token_passes(self) -> None:
        good = token(exp=NOW + 1, nbf=NOW, video=GRANT)
        check(ConnectionDetails("wss://a.test", good), NOW)

    def test_exp_and_nbf_may_be_missing(self) -> None:
        check(ConnectionDetails("wss://a.test", token(video=GRANT)), NOW)
        check(ConnectionDetails("wss://a.test", token(video=GRANT)), 0.0)

    @pytest.mark.parametrize(("ago", "text"), [(0, "0"), (1, "1"), (90.4, "90")])
    def test_an_expired_one_is_refused(self, ago: float, text: str) -> None:
        error = refused(token(exp=NOW - ago, video=GRANT))
        assert error.kind == "expired"
        assert str(error) == (
            f"The token expired {text} s ago. Fetch a new one for every start, and check this "
            "machine's clock."
        )

    def test_the_clock_of_the_other_may_be_a_minute_ahead(self) -> None:
        check(ConnectionDetails("wss://a.test", token(nbf=NOW + 60, video=GRANT)), NOW)

    def test_one_for_later_is_refused(self) -> None:
        error = refused(token(nbf=NOW + 61, video=GRANT))
        assert error.kind == "expired"
        assert str(error) == (
            "The token is not valid before 61 s from now. Check the clocks of this machine and of "
            "the one that made it."
        )

    @pytest.mark.parametrize("field", ["exp", "nbf"])
    @pytest.mark.parametrize("value", ["1", None, True, 10**400, -(10**400)])
    def test_times_that_are_no_numbers_are_refused(self, field: str, value: object) -> None:
        error = refused(token({field: value, "video": GRANT}))
        assert error.kind == "bad-token"
        assert "access token: its exp or nbf is no number. Give" in str(error)

    @pytest.mark.parametrize(
        "video",
        [
            None,
            "r",
            {},
            {"room": "r"},
            {"roomJoin": True},
            {"roomJoin": True, "room": ""},
            {"roomJoin": False, "room": "r"},
            {"roomJoin": "true", "room": "r"},
        ],
    )
    def test_one_without_a_room_to_join_is_refused(self, video: object) -> None:
        error = refused(token(exp=NOW + 9, video=video))
        assert error.kind == "bad-token"
        assert str(error) == (
            "The token grants no room to join. Make it with room_join=True and a room."
        )

    def test_no_jwt_is_refused(self) -> None:
        assert refused("not.a-token").kind == "bad-token"

    def test_reads_the_clock_by_itself(self) -> None:
        assert refused(token(exp=1, video=GRANT), now=None).kind == "expired"
        check(ConnectionDetails("wss://a.test", token(exp=10**11, video=GRANT)))
        check(ConnectionDetails("wss://a.test", token(exp=1, video=GRANT)), 0.0)
