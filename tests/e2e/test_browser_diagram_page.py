"""The page of ``session-fsm diagram --serve`` in a real browser; needs no server of LiveKit's.

Pictures of it go to the folder that SESSION_FSM_SCREENSHOTS names, if it is set.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from peers.contrast import contrast
from peers.recordings import record_call
from session_fsm import Session, TokenSource
from session_fsm.cli.page import Player, Scene, served
from session_fsm.recording import Replay
from session_fsm.testing import ScriptedAgent

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from playwright.async_api import Browser, Page

    from peers.chromium import Chromium

PATIENCE = 60_000
"""Milliseconds for what takes a fraction of a second."""
WINDOWS = {"light": (1280, 900), "dark": (1280, 900), "narrow": (360, 740)}
BLUE = (31, 111, 235)

pytestmark = pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")


@pytest.fixture
async def remote(chromium: Chromium) -> AsyncIterator[Browser]:
    from playwright.async_api import async_playwright  # noqa: PLC0415 - it may be missing

    async with async_playwright() as playwright:
        yield await playwright.chromium.connect_over_cdp(chromium.devtools)


@asynccontextmanager
async def opened(remote: Browser, address: str, window: str) -> AsyncIterator[Page]:
    width, height = WINDOWS[window]
    context = await remote.new_context(
        color_scheme="dark" if window == "dark" else "light",
        viewport={"width": width, "height": height},
        reduced_motion="reduce",
    )
    context.set_default_timeout(PATIENCE)
    said: list[str] = []
    page = await context.new_page()
    devtools = await context.new_cdp_session(page)
    await devtools.send("Emulation.setScrollbarsHidden", {"hidden": True})
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: said.extend(strangers(request.url, address)))
    try:
        await page.goto(address)
        await page.wait_for_selector(".current")
        yield page
        assert said == []
    finally:
        await context.close()


def strangers(url: str, address: str) -> list[str]:
    return [] if url.startswith((address, "data:")) else [url]


async def lit(page: Page) -> dict[str, str]:
    return await page.evaluate(
        """() => Object.fromEntries(["current", "previous", "last"].flatMap(mark =>
            [...document.querySelectorAll(`main .${mark}`)].map(one => [one.id, mark])))"""
    )


async def color(page: Page, selector: str, name: str) -> tuple[int, ...]:
    """Red, green and blue, which CSS writes as ``rgb(1, 2, 3)``."""
    found: str = await page.locator(selector).first.evaluate(
        "(one, name) => getComputedStyle(one)[name]", name
    )
    return tuple(map(int, found.removeprefix("rgb(").removesuffix(")").split(", ")))


async def picture(page: Page, name: str) -> None:
    folder = os.environ.get("SESSION_FSM_SCREENSHOTS")
    if folder:
        await page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


@pytest.mark.parametrize("window", WINDOWS)
async def test_the_page_lights_up_what_a_session_does(remote: Browser, window: str) -> None:
    agent = ScriptedAgent(greeting="Hello.", word_every=0.01, join_after=0.05)
    async with (
        asyncio.timeout(180),
        Session(TokenSource.loopback(agent)) as session,
        served(Scene(session, "A session"), 0) as address,
        opened(remote, address, window) as page,
    ):
        assert (await lit(page))["session_idle"] == "current"
        await session.start()
        await session.wait_until(lambda now: now.messages and now.messages[-1].final)
        await session.wait_until(lambda now: now.agent.state == "listening")
        await page.wait_for_selector("#session_active.current")
        await page.wait_for_selector("#agent_listening.current")
        now = await lit(page)
        assert now["session_dispatching"] == "previous"
        assert now["session__dispatching____active"] == "last"
        assert "session_idle" not in now
        assert await page.inner_text("[data-chart=session] output") == "active"
        assert await page.locator("#moves tr").count() > 5
        await picture(page, f"diagram-{window}")
        # Readable: the lit state has a colour of its own, and words that stand out on theirs.
        assert await color(page, "#session_active > path", "fill") == BLUE
        back = await color(page, "#session_idle > path", "fill")
        words = await color(page, "#session_idle > text", "fill")
        assert contrast(back, words) > 7
        assert contrast(BLUE, await color(page, "#session_active > text", "fill")) > 4.5
        paper = await color(page, ".chart", "backgroundColor")
        assert contrast(paper, await color(page, ".last > text", "fill")) > 4.5
        # Nothing is wider than the window, and a lit state of a wide chart is in sight.
        wide = "[document.documentElement.scrollWidth, innerWidth]"
        width, there_is = await page.evaluate(wide)
        assert width <= there_is
        box = await page.locator("#agent_listening").bounding_box()
        assert box is not None
        assert 0 <= box["x"] <= there_is - box["width"]
        await session.end()
        await page.wait_for_selector("#session_idle.current")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return record_call(tmp_path / "call.jsonl")


@pytest.mark.parametrize("window", WINDOWS)
async def test_the_page_plays_a_recording_by_keys_and_buttons(
    remote: Browser, path: Path, window: str
) -> None:
    with Replay(path, speed=1) as replay:  # so long that a busy browser sees it pass, too
        async with (
            asyncio.timeout(180),
            served(Scene(replay, "A recording", Player(replay)), 0) as address,
            opened(remote, address, window) as page,
        ):
            await page.keyboard.press("ArrowRight")
            await page.wait_for_selector("#session_fetching_token.current")
            await page.keyboard.press("ArrowLeft")
            await page.wait_for_selector("#session_idle.current")
            await page.get_by_role("button", name="Step").click()
            await page.wait_for_selector("#session_fetching_token.current")
            await page.keyboard.press("Home")
            await page.wait_for_selector("#session_idle.current")
            await page.get_by_role("button", name="Play").focus()
            await page.keyboard.press("Space")
            await page.wait_for_selector("#session_active.current", state="attached")
            await at_end(page, replay)
            position = page.get_by_role("slider", name="Position")
            await position.focus()
            await page.keyboard.press("Home")
            await page.wait_for_selector("#session_idle.current")
            await position.evaluate(
                "(one) => { one.value = 1.2; one.dispatchEvent(new Event('input')); }"
            )
            await page.wait_for_selector("#session_active.current")
            await picture(page, f"diagram-replay-{window}")
            box = await page.locator("#player").bounding_box()
            assert box is not None
            assert box["x"] + box["width"] <= WINDOWS[window][0]


async def at_end(page: Page, replay: Replay) -> None:
    await page.wait_for_function(
        """(words) => document.getElementById("time").textContent.startsWith(words)
            && document.querySelector("[data-do=play]").textContent === "Play\"""",
        arg=f"{replay.duration.value:.1f} /",
    )
