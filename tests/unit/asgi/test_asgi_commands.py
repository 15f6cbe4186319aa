"""Commands over HTTP: what is done, what is refused, and with which words."""

import asyncio
import json
from typing import Any

import pytest

from session_fsm import ConnectError, Session, TokenSource, ToneInput
from session_fsm.asgi import SessionApp, WebLimits
from session_fsm.testing import ScriptedAgent
from unit.asgi.pages import Browser

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1c2VyIn0.c2lnbmF0dXJl"


def make(agent: ScriptedAgent | None = None, **options: Any) -> tuple[Session, Browser]:
    session = Session(TokenSource.loopback(agent or ScriptedAgent()), agent_timeout=5.0)
    return session, Browser(SessionApp(session, **options))


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        (b"", 400, "bad-json"),
        (b"{", 400, "bad-json"),
        (b"\xff\xfe", 400, "bad-json"),
        (b"[" * 50_000, 400, "bad-json"),
        (b'{"command": "send", "text": "\\ud800"}', 400, "bad-json"),
        (b"9" * 5000, 400, "bad-json"),
        (b"[]", 422, "bad-request"),
        (b"null", 422, "bad-request"),
        (b"{}", 422, "bad-request"),
        (b'{"command": 1}', 422, "bad-request"),
        (b'{"command": ["start"]}', 422, "bad-request"),
        (b'{"command": "close"}', 422, "bad-request"),
        (b'{"command": "__init__"}', 422, "bad-request"),
        (b'{"command": "start", "microphone": true}', 422, "bad-request"),
        (b'{"command": "send"}', 422, "bad-request"),
        (b'{"command": "send", "text": ""}', 422, "bad-request"),
        (b'{"command": "send", "text": 5}', 422, "bad-request"),
        (b'{"command": "send", "text": "a", "attachments": ["/etc/passwd"]}', 422, "bad-request"),
        (b'{"command": "mute", "source": "__class__"}', 422, "bad-request"),
        (b'{"command": "mute", "source": ["camera"]}', 422, "bad-request"),
        (b" " * 70_000, 413, "too-large"),
    ],
)
async def test_what_is_no_command_is_refused(body: bytes, status: int, kind: str) -> None:
    session, page = make()
    answer = await page.request("POST", "/commands", body, content_type="application/json")
    assert answer.error == (status, "Refused", kind)
    assert answer.headers["content-type"] == "application/json"
    assert session.snapshot.state == "idle"


async def test_a_refusal_says_what_would_be_right() -> None:
    _, page = make()
    said = (await page.command("dance")).json["error"]["message"]
    assert said == "command must be one of start, send, end, mute, unmute."
    said = (await page.command("send", words="x")).json["error"]["message"]
    assert said == "send takes text, not 'words'."
    said = (await page.command("mute", source="loudspeaker")).json["error"]["message"]
    assert said == "source must be one of microphone, camera, screen_share."


@pytest.mark.parametrize("kind", [None, "text/plain", "application/x-www-form-urlencoded"])
async def test_only_json_is_read(kind: str | None) -> None:
    _, page = make()
    headers = {} if kind is None else {"content_type": kind}
    answer = await page.request("POST", "/commands", b'{"command":"start"}', **headers)
    assert answer.error == (415, "Refused", "not-json")


async def test_json_may_say_its_charset() -> None:
    session, page = make()
    kind = "Application/JSON; charset=utf-8"
    answer = await page.request("POST", "/commands", b'{"command":"end"}', content_type=kind)
    assert answer.status == 200
    await session.close()


async def test_a_large_body_is_refused_before_it_is_there() -> None:
    _, page = make(limits=WebLimits(request_size=100))
    exchange = page.begin(
        "POST", "/commands", content_type="application/json", content_length="101"
    )
    await exchange.task
    assert exchange.response().error == (413, "Refused", "too-large")
    assert exchange.inbox.qsize() == 1, "nothing of it was read"


@pytest.mark.parametrize(
    ("method", "path", "status", "kind"),
    [
        ("GET", "/", 404, "not-found"),
        ("GET", "/event", 404, "not-found"),
        ("GET", "/events/", 404, "not-found"),
        ("GET", "/ws", 404, "not-found"),
        ("POST", "/events", 405, "wrong-method"),
        ("GET", "/commands", 405, "wrong-method"),
        ("DELETE", "/commands", 405, "wrong-method"),
    ],
)
async def test_other_places_and_methods(method: str, path: str, status: int, kind: str) -> None:
    _, page = make()
    answer = await page.request(method, path)
    assert answer.error == (status, "Refused", kind)
    assert ("allow" in answer.headers) is (status == 405)


@pytest.mark.parametrize("root", ["/talk", "/a/b"])
async def test_it_can_be_mounted(root: str) -> None:
    session, page = make()
    page.root = root
    assert (await page.command("end")).status == 200
    page.spec = {"path": "/commands"}  # as older frameworks have it
    assert (await page.command("end")).status == 200
    await session.close()


async def test_a_command_at_the_wrong_time() -> None:
    session, page = make()
    answer = await page.command("send", text="hello")
    assert answer.error == (409, "SessionStateError", "not-running")
    await session.close()


async def test_an_agent_that_does_not_come() -> None:
    session, page = make(ScriptedAgent(join_after=None))
    answer = await page.command("start")
    assert answer.error == (504, "AgentTimeout", "not-joined")
    assert answer.json["error"]["message"] == "Agent did not join the room."
    await session.close()


async def test_a_token_source_that_fails_tells_no_secret() -> None:
    def source(_: object) -> dict[str, str]:
        raise OSError(f"cannot use {TOKEN}")

    session = Session(TokenSource.custom(source))
    page = Browser(SessionApp(session))
    async with page.events() as events:
        answer = await page.command("start")
        assert answer.error == (502, "TokenError", "source-raised")
        view = await events.until(lambda view: view.snapshot.get("failure"))
        assert view.snapshot["failure"]["kind"] == "source-raised"
        seen = answer.body + events.exchange.body()
    assert TOKEN.encode() not in seen
    await session.close()


async def test_a_start_of_ones_own_that_raises_is_logged_and_not_quoted(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def start(_: Session) -> None:
        raise LookupError("of the disk at /home/ada")

    _, page = make(start=start)
    answer = await page.command("start")
    assert answer.error == (500, "Refused", "broken")
    assert b"ada" not in answer.body
    assert "/home/ada" in caplog.text


async def test_a_start_of_ones_own_that_tells_a_token_is_redacted() -> None:
    async def start(_: Session) -> None:
        raise ConnectError(f"It refused {TOKEN}.", kind="refused")

    _, page = make(start=start)
    answer = await page.command("start")
    assert answer.error == (502, "ConnectError", "refused")
    assert TOKEN.encode() not in answer.body


async def test_a_page_that_goes_away_has_its_command_carried_out() -> None:
    session, page = make()
    body = json.dumps({"command": "start"}).encode()
    exchange = page.begin("POST", "/commands", body, content_type="application/json")
    await asyncio.sleep(0.1)
    exchange.go_away()
    await exchange.task
    assert exchange.sent == []
    await session.wait_until(lambda now: now.state == "active", 10)
    await session.close()


async def test_a_page_that_goes_away_within_its_body_orders_nothing() -> None:
    session, page = make()
    exchange = page.begin("POST", "/commands", content_type="application/json")
    exchange.inbox.get_nowait()
    exchange.inbox.put_nowait(
        {"type": "http.request", "body": b'{"command": "start"}', "more_body": True}
    )
    exchange.go_away()
    await exchange.task
    assert (exchange.sent, session.snapshot.epoch) == ([], 0)


async def test_commands_that_are_under_way_are_counted() -> None:
    session, page = make(limits=WebLimits(commands=2))
    starts = [asyncio.create_task(page.command("start")) for _ in range(3)]
    await asyncio.sleep(0.1)
    assert [one.done() for one in starts].count(True) == 1
    statuses = sorted([(await one).status for one in starts])
    assert statuses == [200, 200, 429]
    await session.close()


async def test_what_the_program_sends_can_be_muted() -> None:
    session, page = make(start=lambda session: session.start(microphone=ToneInput(440)))
    assert (await page.command("mute")).error == (409, "SessionStateError", "not-running")
    await page.command("start")
    await session.wait_until(lambda now: now.media.microphone.state == "live", 10)
    async with page.events() as events:
        assert (await page.command("mute")).json == {"result": None}
        await events.until(lambda view: view.snapshot["local"]["microphone"]["state"] == "muted")
        assert (await page.command("unmute", source="microphone")).status == 200
        await events.until(lambda view: view.snapshot["local"]["microphone"]["state"] == "live")
        assert (await page.command("unmute", source="camera")).status == 200
        assert session.local.camera.state.value == "off", "what the program did not turn on"
    await session.close()


async def test_an_end_wakes_who_starts() -> None:
    session, page = make(ScriptedAgent(join_after=None))
    start = asyncio.create_task(page.command("start"))
    await asyncio.sleep(1)
    assert (await page.command("end")).status == 200
    assert (await start).error == (409, "SessionEnded", "ended")
    await session.close()
