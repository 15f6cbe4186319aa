from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from typing import Any

import attrs
import pytest

from session_fsm import tokens
from session_fsm.tokens import ConnectionDetails, TokenOptions, TokenSource

NAMES = ["room_name", "participant_name", "participant_identity", "agent_name", "agent_deployment"]
TEXTS = ["participant_metadata", "agent_metadata"]


class TestConnectionDetails:
    def test_shows_no_secret(self) -> None:
        details = ConnectionDetails("wss://u:p@a.test/x?access_token=abc", "s3cret", "r")
        assert repr(details) == (
            "ConnectionDetails(server_url='wss://a.test/x?«redacted»', room_name='r', "
            "participant_name=None)"
        )

    def test_is_a_value(self) -> None:
        details = ConnectionDetails("wss://a.test", "t", room_name="r", participant_name="p")
        assert details == ConnectionDetails("wss://a.test", "t", "r", "p")
        assert details != ConnectionDetails("wss://a.test", "other", "r", "p")
        assert pickle.loads(pickle.dumps(details)) == details  # noqa: S301 - our own
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            details.room_name = "x"  # type: ignore[misc]

    @pytest.mark.parametrize(
        ("arguments", "error", "text"),
        [
            ((1, "t"), TypeError, "server_url must be a str, not int."),
            ((" ", "t"), ValueError, "server_url must not be empty."),
            (("u", None), TypeError, "participant_token must be a str, not NoneType."),
            (("u", ""), ValueError, "participant_token must not be empty."),
            (("u", "t", 1), TypeError, "room_name must be a str, not int."),
            (("u", "t", None, b""), TypeError, "participant_name must be a str, not bytes."),
        ],
    )
    def test_arguments(self, arguments: Any, error: type[Exception], text: str) -> None:
        with pytest.raises(error) as caught:
            ConnectionDetails(*arguments)
        assert str(caught.value) == text


class TestTokenOptions:
    def test_all_of_it_is_optional(self) -> None:
        assert attrs.asdict(TokenOptions(), recurse=False) == {
            **dict.fromkeys([*NAMES, *TEXTS]),
            "participant_attributes": {},
        }

    def test_only_by_name(self) -> None:
        make: Any = TokenOptions
        with pytest.raises(TypeError):
            make("r")

    def test_is_a_value(self) -> None:
        given = {"a": "1", "b": "2"}
        options = TokenOptions(room_name="r", participant_attributes=given)
        given["c"] = "3"
        same = TokenOptions(room_name="r", participant_attributes={"b": "2", "a": "1"})
        assert options == same
        assert hash(options) == hash(same)
        assert options.participant_attributes == {"a": "1", "b": "2"}
        assert options != TokenOptions(room_name="r")
        assert attrs.evolve(options, room_name="q").participant_attributes["a"] == "1"
        for other in (pickle.loads(pickle.dumps(options)), copy.deepcopy(options)):  # noqa: S301
            assert other == options

    def test_no_attributes_and_none_are_the_same(self) -> None:
        assert TokenOptions(participant_attributes={}) == TokenOptions(participant_attributes=None)

    def test_cannot_be_changed(self) -> None:
        options: Any = TokenOptions(participant_attributes={"a": "1"})
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            options.room_name = "x"
        with pytest.raises(TypeError):
            options.participant_attributes["a"] = "2"

    def test_the_repr_reads_well(self) -> None:
        options = TokenOptions(room_name="r", participant_attributes={"a": "1"})
        assert "room_name='r'" in repr(options)
        assert "participant_attributes={'a': '1'}" in repr(options)

    @pytest.mark.parametrize("name", NAMES)
    def test_a_name_is_a_text_with_something_in_it(self, name: str) -> None:
        assert getattr(TokenOptions(**{name: "x"}), name) == "x"  # type: ignore[arg-type]
        for value, error, text in (
            (1, TypeError, f"{name} must be a str, not int."),
            ("", ValueError, f"{name} must not be empty."),
            (" ", ValueError, f"{name} must not be empty."),
        ):
            arguments: Any = {name: value}
            with pytest.raises(error) as caught:
                TokenOptions(**arguments)
            assert str(caught.value) == text

    @pytest.mark.parametrize("name", TEXTS)
    def test_a_text_may_be_empty(self, name: str) -> None:
        arguments: Any = {name: ""}
        assert getattr(TokenOptions(**arguments), name) == ""
        arguments = {name: {}}
        with pytest.raises(TypeError) as caught:
            TokenOptions(**arguments)
        assert str(caught.value) == f"{name} must be a str, not dict."

    @pytest.mark.parametrize(
        ("attributes", "text"),
        [
            ([("a", "1")], "participant_attributes must be a mapping of str to str, not list."),
            ({"a": 1}, "must map str to str; 'a' is a str with a int. Convert it, e.g. with str()"),
            ({1: "a"}, "must map str to str; 1 is a int with a str."),
        ],
    )
    def test_attributes_are_texts_by_name(self, attributes: Any, text: str) -> None:
        with pytest.raises(TypeError) as caught:
            TokenOptions(participant_attributes=attributes)
        assert text in str(caught.value)


def test_everything_public_is_there() -> None:
    for name in tokens.__all__:
        assert hasattr(tokens, name)
    for kind in ("literal", "custom", "endpoint", "development", "sandbox", "api_key", "loopback"):
        assert callable(getattr(TokenSource, kind))


def test_a_source_must_fetch() -> None:
    source: Any = TokenSource
    with pytest.raises(TypeError, match="abstract"):
        source()


def test_importing_is_cheap() -> None:
    code = (
        "import sys, session_fsm.tokens as tokens; "
        "tokens.TokenSource.endpoint('http://a.test'); "
        "tokens.TokenSource.api_key('ws://a.test', 'k', 's'); "
        "dear = {'aiohttp', 'livekit', 'jwt', 'numpy', 'importlib.metadata', 'google.protobuf'}; "
        "sys.exit(str(dear & set(sys.modules)) if dear & set(sys.modules) else 0)"
    )
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
