"""Whose pages may use an application: every entry, with every kind of origin and name."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from session_fsm import Session, TokenSource
from session_fsm.asgi import SessionApp, TokenApp
from session_fsm.testing import ScriptedAgent
from unit.asgi.pages import HOST, Browser, Response

ENTRIES = ["events", "commands", "ws", "token"]


def application(entry: str, **options: Any) -> SessionApp | TokenApp:
    source = TokenSource.loopback(ScriptedAgent())
    if entry == "token":
        return TokenApp(source, **options)
    return SessionApp(lambda: Session(source), **options)


async def enter(
    entry: str,
    *,
    origin: str | None,
    host: str | None = HOST,
    headers: Mapping[str, str] | None = None,
    scope: Mapping[str, Any] | None = None,
    **options: Any,
) -> Response | None:
    """What comes back from one of the entries; None where a WebSocket was opened."""
    page = Browser(application(entry, **options), origin, host, spec=scope or {})
    more = dict(headers or {})
    try:
        match entry:
            case "events":
                async with page.events(**more) as events:
                    return events.response
            case "ws":
                async with page.socket(**more) as socket:
                    accepted = socket.exchange.sent[0]["type"] == "websocket.accept"
                    return None if accepted else socket.exchange.response()
            case _:
                path = "/commands" if entry == "commands" else ""
                body = json.dumps({"command": "end"} if entry == "commands" else {}).encode()
                more["content_type"] = "application/json"
                return await page.request("POST", path, body, **more)
    finally:
        await page.app.close()


def let_in(entry: str, answer: Response | None) -> bool:
    if answer is not None and answer.status in {403, 421}:
        assert answer.json["error"]["type"] == "Refused"
        return False
    if entry == "commands":
        assert answer is not None
        assert answer.error == (409, "Refused", "no-session"), "nobody has a session yet"
    elif answer is not None:
        assert answer.status in {200, 201}
    return True


@pytest.mark.parametrize("entry", ENTRIES)
@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.test",
        "https://evil.test:8000",
        "http://localhost",
        "http://localhost:8001",
        "http://localhost:80000",
        "http://127.0.0.1:8000",
        "http://localhost:8000.evil.test",
        "http://evil.test/localhost:8000",
        "ftp://localhost:8000",
        "localhost:8000",
        "null",
        "",
        "*",
    ],
)
async def test_pages_of_foreign_origins_are_refused(entry: str, origin: str) -> None:
    answer = await enter(entry, origin=origin)
    assert not let_in(entry, answer)
    assert answer is not None
    assert answer.error == (403, "Refused", "foreign-origin")
    assert "access-control-allow-origin" not in answer.headers
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("entry", ENTRIES)
@pytest.mark.parametrize("origin", ["http://localhost:8000", "HTTP://LocalHost:8000", None])
async def test_own_pages_and_programs_are_let_in(entry: str, origin: str | None) -> None:
    assert let_in(entry, await enter(entry, origin=origin))


@pytest.mark.parametrize("entry", ENTRIES)
async def test_two_origins_are_none(entry: str) -> None:
    scope = {
        "headers": [
            (b"host", HOST.encode()),
            (b"origin", b"http://localhost:8000"),
            (b"origin", b"http://evil.test"),
            (b"content-type", b"application/json"),
        ]
    }
    answer = await enter(entry, origin=None, scope=scope)
    assert answer is not None
    assert answer.error == (403, "Refused", "foreign-origin")


@pytest.mark.parametrize("entry", ENTRIES)
@pytest.mark.parametrize("host", ["evil.test", "evil.test:8000", "localhost.evil.test", "", None])
async def test_a_foreign_name_for_this_machine_is_refused(entry: str, host: str | None) -> None:
    """DNS rebinding: the page's origin is that of its Host, and both are the attacker's."""
    origin = None if host is None else f"http://{host}"
    answer = await enter(entry, origin=origin, host=host)
    assert answer is not None
    assert answer.error == (421, "Refused", "foreign-host")


@pytest.mark.parametrize("entry", ENTRIES)
@pytest.mark.parametrize(
    ("host", "hosts"),
    [
        ("127.0.0.1", []),
        ("[::1]:8000", []),
        ("LOCALHOST:9", []),
        ("localhost.:8000", []),
        ("talk.example.com", ["talk.example.com"]),
        ("talk.example.com:8443", ["Talk.Example.com"]),
        ("[fe80::1]", ["fe80::1"]),
    ],
)
async def test_names_that_are_known(entry: str, host: str, hosts: list[str]) -> None:
    assert let_in(entry, await enter(entry, origin=f"http://{host}", host=host, hosts=hosts))


@pytest.mark.parametrize("entry", ENTRIES)
@pytest.mark.parametrize(
    ("site", "allowed"),
    [("cross-site", False), ("same-site", False), ("same-origin", True), ("none", True)],
)
async def test_without_an_origin_the_browser_says_who_asks(
    entry: str,
    site: str,
    *,
    allowed: bool,
) -> None:
    answer = await enter(entry, origin=None, headers={"sec_fetch_site": site})
    assert let_in(entry, answer) is allowed


@pytest.mark.parametrize("entry", ENTRIES)
async def test_an_encrypted_application_trusts_no_plain_page(entry: str) -> None:
    scope = {"scheme": "wss" if entry == "ws" else "https"}
    assert not let_in(entry, await enter(entry, origin="http://localhost:8000", scope=scope))
    assert let_in(entry, await enter(entry, origin="https://localhost:8000", scope=scope))
    assert let_in(entry, await enter(entry, origin="https://localhost:8000")), "behind a proxy"


@pytest.mark.parametrize("entry", ["events", "commands", "token"])
async def test_pages_of_origins_that_are_named_can_read_the_answer(entry: str) -> None:
    there = "http://localhost:3000"
    answer = await enter(entry, origin=there, origins=[there])
    assert let_in(entry, answer)
    assert answer is not None
    assert answer.headers["access-control-allow-origin"] == there
    assert answer.headers["vary"] == "Origin"
    with_cookies = answer.headers.get("access-control-allow-credentials")
    assert with_cookies == (None if entry == "token" else "true")
    assert not let_in(entry, await enter(entry, origin="http://localhost:3001", origins=[there]))


@pytest.mark.parametrize("entry", ["events", "commands", "token"])
async def test_a_preflight(entry: str) -> None:
    there = "https://app.example.com"
    page = Browser(application(entry, origins=[there + "/"]), there)
    path = "" if entry == "token" else f"/{entry}"
    asked = {"access_control_request_method": "POST"}
    answer = await page.request("OPTIONS", path, **asked)
    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers["access-control-allow-origin"] == there
    method = "GET" if entry == "events" else "POST"
    assert answer.headers["access-control-allow-methods"] == method
    assert "content-type" in answer.headers["access-control-allow-headers"]
    page.origin = "https://evil.test"
    refused = await page.request("OPTIONS", path, **asked)
    assert refused.error == (403, "Refused", "foreign-origin")
    assert not any(name.startswith("access-control") for name in refused.headers)


async def test_a_websocket_is_refused_where_the_server_cannot_say_why() -> None:
    page = Browser(application("ws"), "http://evil.test", spec={"extensions": {}})
    async with page.socket() as socket:
        assert socket.exchange.sent == [{"type": "websocket.close", "code": 1008}]


@pytest.mark.parametrize(
    "options",
    [
        {"origins": "http://localhost:3000"},
        {"origins": [5]},
        {"hosts": "example.com"},
        {"hosts": [b"example.com"]},
    ],
)
def test_lists_of_text_are_asked_for(options: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match=r"origins|hosts"):
        application("events", **options)


@pytest.mark.parametrize(
    "options",
    [
        {"origins": ["*"]},
        {"origins": ["null"]},
        {"origins": ["localhost:3000"]},
        {"origins": ["ws://localhost:3000"]},
        {"origins": ["http://localhost:3000/page"]},
        {"origins": ["http://user@localhost:3000"]},
        {"origins": ["http://"]},
        {"hosts": ["*"]},
        {"hosts": ["https://example.com"]},
        {"hosts": ["example.com:8000"]},
        {"hosts": [""]},
    ],
)
def test_what_is_no_origin_or_name_is_told(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"origins|hosts"):
        application("token", **options)
