"""A person at a real browser: pages of our own server, and LiveKit's client with our tokens."""

import asyncio
from typing import Any
from urllib.parse import urlsplit

import pytest

from contract.sides import LiveKitSide
from peers.admin import API_KEY, API_SECRET
from peers.browser import Browser
from peers.examples import example
from peers.fixtures import Stack
from peers.web_server import served
from session_fsm import Session, TokenSource
from session_fsm.asgi import SessionApp, TokenApp

pytestmark = pytest.mark.server

PATIENCE = 60_000.0
"""Milliseconds."""


def backend(monkeypatch: pytest.MonkeyPatch, stack: Stack) -> Any:
    """The module, as it is when it is started with these variables."""
    monkeypatch.setenv("LIVEKIT_URL", stack.url)
    monkeypatch.setenv("LIVEKIT_API_KEY", API_KEY)
    monkeypatch.setenv("LIVEKIT_API_SECRET", API_SECRET)
    monkeypatch.setenv("AGENT_NAME", stack.worker.agent_name)
    return example("fastapi_backend")


async def test_a_person_types_and_clicks_on_the_page_of_the_example(
    browser: Browser, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with asyncio.timeout(240), served(backend(monkeypatch, stack).app) as address:
        there = await browser.open()
        page = there.page
        page.set_default_timeout(PATIENCE)
        await page.goto(address)
        agent, messages = page.locator("#agent"), page.locator("#messages li")
        await agent.get_by_text("disconnected", exact=True).wait_for()
        await page.get_by_role("button", name="Start").click()
        await agent.get_by_text("listening", exact=True).wait_for()
        await page.get_by_label("Text").fill("hello")
        await page.get_by_role("button", name="Send").click()
        await messages.get_by_text("agent: echo: hello", exact=True).wait_for()
        assert await messages.all_inner_texts() == ["user: hello", "agent: echo: hello"]
        # A page that is loaded again is in the same conversation; scripts cannot read why.
        await page.reload()
        await messages.get_by_text("agent: echo: hello", exact=True).wait_for()
        assert await page.evaluate("document.cookie") == ""
        await page.get_by_label("Text").fill("and again")
        await page.keyboard.press("Enter")
        await messages.get_by_text("agent: echo: and again", exact=True).wait_for()
        await page.get_by_role("button", name="End", exact=True).click()
        await agent.get_by_text("disconnected", exact=True).wait_for()
        assert all("404" in one for one in there.console), "but for its icon"
        await page.close()


async def test_a_stream_that_breaks_off_is_continued_by_the_browser_itself(
    browser: Browser, side: LiveKitSide
) -> None:
    session = Session(side.source())
    app = SessionApp(session)
    drop = asyncio.Event()
    asked: list[bytes | None] = []

    async def dropping(scope: Any, receive: Any, send: Any) -> None:
        """The application behind a network that can break."""
        if scope["type"] != "http" or scope["path"] != "/events":
            await app(scope, receive, send)
            return
        asked.append(dict(scope["headers"]).get(b"last-event-id"))
        serving = asyncio.ensure_future(app(scope, receive, send))
        dropped = asyncio.create_task(drop.wait())
        await asyncio.wait({serving, dropped}, return_when=asyncio.FIRST_COMPLETED)
        dropped.cancel()
        if not serving.done():
            serving.cancel()
            await asyncio.wait({serving})
            await send({"type": "http.response.body", "body": b""})

    async with asyncio.timeout(240), session, served(dropping) as address:
        there = await browser.open()
        page = there.page
        await page.goto(f"{address}/nothing")  # any document of this origin
        await page.evaluate(
            """() => {
              window.told = []
              window.stream = new EventSource("/events")
              stream.onmessage = event => told.push(JSON.parse(event.data))
            }"""
        )
        await page.wait_for_function("told.length > 0", timeout=PATIENCE)
        await session.start()
        await page.wait_for_function(
            "told.some(one => one.snapshot?.state === 'active' || one.changes?.state === 'active')",
            timeout=PATIENCE,
        )
        drop.set()
        await page.wait_for_function("stream.readyState === 0", timeout=PATIENCE)
        count = await page.evaluate("told.length")
        drop.clear()
        await session.send("hello")
        await page.wait_for_function(
            "told.some(one => one.added?.some(one => one.text === 'hello'))", timeout=PATIENCE
        )
        assert await page.evaluate(f"told[{count}].type") == "update"
        assert asked[0] is None
        assert asked[-1], "where it had been"
        await page.evaluate("stream.close()")


async def test_livekits_client_takes_its_token_from_us(browser: Browser, stack: Stack) -> None:
    there = await browser.open()
    parts = urlsplit(there.page.url)
    app = TokenApp(
        TokenSource.api_key(stack.url, API_KEY, API_SECRET),
        origins=[f"{parts.scheme}://{parts.netloc}"],
    )
    async with asyncio.timeout(240), served(app) as address:
        details = await there.page.evaluate(
            """url => LivekitClient.TokenSource.endpoint(url).fetch(
                 {agentName: "echo", participantIdentity: "web", participantName: "Ada"})""",
            address,
        )
        assert details["serverUrl"] == stack.url
        await there.join(details["serverUrl"], details["participantToken"])
        await there.wait_for(there.participants)
        (agent,) = await there.participants()
        assert agent.startswith("agent-")
        await there.leave()


async def test_our_own_client_takes_its_token_from_us(stack: Stack) -> None:
    app = TokenApp(TokenSource.api_key(stack.url, API_KEY, API_SECRET))
    async with asyncio.timeout(120), served(app) as address:
        source = TokenSource.endpoint(f"{address}/api/token")
        async with Session(source, agent_name=stack.worker.agent_name) as session:
            await session.start()
            assert (await session.send("hello")).status == "sent"


async def test_pages_of_other_origins_get_nothing(browser: Browser, side: LiveKitSide) -> None:
    made: list[Session] = []

    def new() -> Session:
        made.append(Session(side.source()))
        return made[-1]

    there = await browser.open()
    parts = urlsplit(there.page.url)
    tries = """async address => {
      const failed = async (what) => { try { await what(); return "ok" } catch { return "failed" } }
      const opened = (one) => new Promise((good, bad) => { one.onopen = good; one.onerror = bad })
      const json = {"Content-Type": "application/json"}
      return Promise.all([
        failed(() => opened(new EventSource(address + "/events", {withCredentials: true}))),
        failed(() => opened(new WebSocket(address.replace("http", "ws") + "/ws"))),
        failed(() => fetch(address + "/commands", {method: "POST", headers: json, body: "{}"})),
        fetch(address + "/events", {mode: "no-cors"}).then(() => "opaque"),
      ])
    }"""
    async with asyncio.timeout(120), served(SessionApp(new)) as address:
        assert await there.page.evaluate(tries, address) == ["failed"] * 3 + ["opaque"]
        assert made == [], "an image or a link of a foreign page opens no session, either"
    own = SessionApp(new, origins=[f"{parts.scheme}://{parts.netloc}"])
    async with asyncio.timeout(120), served(own) as address:
        results = await there.page.evaluate(tries, address)
        assert results[:3] == ["ok"] * 3
        await there.page.goto("about:blank")
