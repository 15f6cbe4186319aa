"""The token endpoint: LiveKit's standard format, from the server's side."""

import asyncio
import json
from typing import Any

import pytest

from session_fsm import ConnectionDetails, TokenError, TokenOptions, TokenSource
from session_fsm.asgi import TokenApp, WebLimits
from session_fsm.testing import ScriptedAgent
from session_fsm.tokens.request import request_body
from unit.asgi.pages import Browser, Response

ALL = TokenOptions(
    room_name="kitchen",
    participant_name="Ada",
    participant_identity="ada",
    participant_metadata="{}",
    participant_attributes={"a": "b"},
    agent_name="cook",
    agent_metadata="hungry",
    agent_deployment="staging",
)


class Asked:
    """An application, and what its source was asked for."""

    def __init__(self, answer: Any = None) -> None:
        self.options: list[TokenOptions] = []
        self.answer = answer or ConnectionDetails("wss://example.test", "a.b.c", "kitchen")
        self.page = Browser(TokenApp(TokenSource.custom(self.give)))

    async def give(self, options: TokenOptions) -> Any:
        self.options.append(options)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    async def post(self, body: object, path: str = "/") -> Response:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return await self.page.request("POST", path, raw, content_type="application/json")


@pytest.mark.parametrize("path", ["", "/", "/api/token"])
async def test_it_answers_as_livekits_own_do(path: str) -> None:
    answer = await Asked().post({}, path)
    assert answer.status == 201
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json == {
        "server_url": "wss://example.test",
        "participant_token": "a.b.c",
        "room_name": "kitchen",
    }


@pytest.mark.parametrize(
    "options", [TokenOptions(), ALL, TokenOptions(agent_name="cook"), TokenOptions(room_name="x")]
)
async def test_it_reads_what_our_clients_write(options: TokenOptions) -> None:
    asked = Asked()
    assert (await asked.post(request_body(options))).status == 201
    assert asked.options == [options]


async def test_it_reads_camel_case() -> None:
    asked = Asked()
    agent = {"agentName": "cook", "metadata": "hungry", "deployment": "staging"}
    body = {
        "roomName": "kitchen",
        "participantName": "Ada",
        "participantIdentity": "ada",
        "participantMetadata": "{}",
        "participantAttributes": {"a": "b"},
        "roomConfig": {"agents": [agent]},
    }
    assert (await asked.post(body)).status == 201
    assert asked.options == [ALL]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"room_config": {}},
        {"room_config": None, "room_name": None},
        {"room_config": {"agents": []}},
        {"room_config": {"agents": [{}], "egress": {"room": {"room_name": "x"}}}},
        {"room_name": "", "participant_attributes": {}, "participant_metadata": ""},
        {"something": "new"},
    ],
)
async def test_what_is_empty_or_unknown_is_no_wish(body: object) -> None:
    asked = Asked()
    assert (await asked.post(body)).status == 201
    assert asked.options == [TokenOptions()]


@pytest.mark.parametrize(
    ("body", "status", "kind", "says"),
    [
        (b"", 400, "bad-json", "That is no JSON"),
        (b"{", 400, "bad-json", "That is no JSON"),
        ([], 422, "bad-request", "The body must be a JSON object."),
        ({"room_name": 5}, 422, "bad-request", "room_name must be a text."),
        ({"roomName": ["x"]}, 422, "bad-request", "room_name must be a text."),
        ({"room_config": []}, 422, "bad-request", "room_config must be a JSON object."),
        ({"room_config": {"agents": {}}}, 422, "bad-request", "room_config.agents must be a list."),
        ({"room_config": {"agents": [1]}}, 422, "bad-request", "room_config.agents[0] must be"),
        ({"room_config": {"agents": [{}, {}]}}, 422, "bad-request", "one agent at most"),
        ({"participant_attributes": {"a": 1}}, 422, "bad-request", "participant_attributes must"),
        ({"participant_attributes": "a"}, 422, "bad-request", "participant_attributes must"),
        (b'{"room_name": "' + b"x" * 70_000 + b'"}', 413, "too-large", "WebLimits.request_size"),
    ],
)
async def test_what_is_no_request_is_refused(
    body: object, status: int, kind: str, says: str
) -> None:
    asked = Asked()
    answer = await asked.post(body)
    assert answer.error == (status, "Refused", kind)
    assert says in answer.json["error"]["message"]
    assert asked.options == []


async def test_other_methods_and_kinds_are_refused() -> None:
    page = Asked().page
    assert (await page.request("GET", "/")).error == (405, "Refused", "wrong-method")
    answer = await page.request("POST", "/", b"{}", content_type="text/plain")
    assert answer.error == (415, "Refused", "not-json")
    async with page.socket() as socket:
        assert socket.exchange.response().error == (404, "Refused", "not-found")


async def test_the_source_can_refuse() -> None:
    answer = await Asked(PermissionError("room 7 is of ada@example.test")).post({})
    assert answer.error == (403, "Refused", "not-granted")
    assert b"ada" not in answer.body


@pytest.mark.parametrize(
    ("failure", "status", "kind"),
    [
        (TokenError("It is late.", kind="timeout"), 504, "timeout"),
        (OSError("secret"), 502, "source-raised"),
        ({"server_url": "wss://x"}, 502, "bad-answer"),
    ],
)
async def test_a_source_that_fails(failure: object, status: int, kind: str) -> None:
    answer = await Asked(failure).post({})
    assert answer.error == (status, "TokenError", kind)
    assert b"secret" not in answer.body


async def test_a_source_that_does_not_answer_is_not_waited_for_for_ever() -> None:
    async def never(_: TokenOptions) -> Any:
        await asyncio.Event().wait()

    page = Browser(TokenApp(TokenSource.custom(never), limits=WebLimits(commands=2)))
    asked = [
        asyncio.create_task(page.request("POST", "/", b"{}", content_type="application/json"))
        for _ in range(3)
    ]
    await asyncio.sleep(1)
    assert [one.done() for one in asked] == [False, False, True]
    answer = await asked[2]
    assert answer.error == (429, "Refused", "too-many")
    assert answer.headers["retry-after"]
    assert (await asked[0]).error == (504, "TokenError", "timeout")
    assert (await asked[1]).status == 504
    again = await page.request("POST", "/", b"{", content_type="application/json")
    assert again.status == 400, "there is room again"


async def test_nobody_is_given_the_token_of_another() -> None:
    source = TokenSource.loopback(ScriptedAgent()).cached()
    page = Browser(TokenApp(source))
    tokens = set[str]()
    for _ in range(3):
        answer = await page.request("POST", "/", b"{}", content_type="application/json")
        tokens.add(answer.json["participant_token"])
    assert len(tokens) == 3


@pytest.mark.parametrize("wrong", [None, "wss://example.test", lambda: None])
def test_something_else_than_a_source(wrong: Any) -> None:
    with pytest.raises(TypeError, match="source must be a TokenSource"):
        TokenApp(wrong)


@pytest.mark.parametrize(
    ("limits", "error"),
    [
        ({"sessions": 0}, ValueError),
        ({"idle_seconds": -1}, ValueError),
        ({"commands": 1.5}, TypeError),
    ],
)
def test_limits_are_numbers_above_zero(limits: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error, match=next(iter(limits))):
        WebLimits(**limits)


def test_limits_are_limits() -> None:
    with pytest.raises(TypeError, match="limits must be a WebLimits"):
        TokenApp(TokenSource.loopback(), limits=5)  # type: ignore[arg-type]
