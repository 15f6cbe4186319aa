import asyncio
import io
import json
import time

import jwt
import pytest

from session_fsm import TokenSource
from session_fsm.cli import main

SECRET = "secretsecretsecretsecretsecretsecret"


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIVEKIT_API_KEY", "devkey")
    monkeypatch.setenv("LIVEKIT_API_SECRET", SECRET)


def signed(**claims: object) -> str:
    return jwt.encode(claims, SECRET, algorithm="HS256")


def test_mint_prints_a_token_that_says_what_was_asked(
    key: None, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = [
        *("--room", "r", "--identity", "i", "--name", "n", "--metadata", "m"),
        *("--attribute", "a=b=c", "--agent", "echo", "--agent-metadata", "x", "--ttl", "2h"),
    ]
    assert main(["token", "mint", *asked]) == 0
    out, err = capsys.readouterr()
    claims = jwt.decode(out.strip(), SECRET, algorithms=["HS256"])
    assert (claims["sub"], claims["name"], claims["metadata"]) == ("i", "n", "m")
    assert claims["attributes"] == {"a": "b=c"}
    assert claims["video"]["room"] == "r"
    assert claims["roomConfig"]["agents"] == [{"agentName": "echo", "metadata": "x"}]
    assert claims["exp"] - claims["nbf"] == 7200
    assert SECRET not in out + err


def test_mint_as_json_is_what_a_token_server_answers(
    key: None, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIVEKIT_URL", "wss://example.com")
    assert main(["token", "mint", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    details = asyncio.run(TokenSource.literal(lambda: answer).fetch())
    assert details.server_url == "wss://example.com"
    assert details.room_name == answer["room_name"]


def test_the_command_line_goes_before_the_environment(
    key: None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["token", "mint", "--api-key", "other"]) == 0
    claims = jwt.decode(capsys.readouterr().out.strip(), SECRET, algorithms=["HS256"])
    assert claims["iss"] == "other"


def test_inspect_says_what_is_in_it_and_that_it_verifies_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    token = signed(sub="i", exp=int(time.time()) + 60, video={"roomJoin": True, "room": "r"})
    assert main(["token", "inspect", token[:-4] + "AAAA"]) == 0
    out, err = capsys.readouterr()
    report = json.loads(out)
    assert report["valid"] is True
    assert report["problem"] is None
    assert report["claims"]["sub"] == "i"
    assert report["expires_at"].startswith("20")
    assert "not verified" in err


@pytest.mark.parametrize(
    ("claims", "problem"),
    [
        ({"exp": 1, "video": {"roomJoin": True, "room": "r"}}, "expired"),
        ({"exp": 1e300, "video": {"roomJoin": True, "room": "r"}}, "no number"),
        ({"nbf": 4e9, "video": {"roomJoin": True, "room": "r"}}, "not valid before"),
        ({"sub": "x"}, "no room"),
    ],
)
def test_inspect_of_a_token_that_is_not_valid_is_3_and_still_shows_it(
    claims: dict[str, object], problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["token", "inspect", signed(**claims)]) == 3
    out, err = capsys.readouterr()
    assert json.loads(out)["valid"] is False
    assert json.loads(out)["claims"] == claims
    assert problem in json.loads(out)["problem"]
    assert problem in err


@pytest.mark.parametrize("token", ["x", "a.b.c", "eyJhbGciOiJIUzI1NiJ9.bm8.c2ln"])
def test_inspect_of_what_is_no_token_is_3_and_does_not_quote_it(
    token: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["token", "inspect", token]) == 3
    out, err = capsys.readouterr()
    assert out == ""
    assert "no LiveKit access token" in err
    assert token not in err.split()


def test_inspect_reads_stdin_and_the_environment(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    token = signed(sub="piped", video={"roomJoin": True, "room": "r"})
    monkeypatch.setattr("sys.stdin", io.StringIO(f"  {token}\n"))
    assert main(["token", "inspect", "-"]) == 0
    monkeypatch.setenv("LIVEKIT_TOKEN", token)
    assert main(["token", "inspect"]) == 0
    assert capsys.readouterr().out.count('"sub": "piped"') == 2
