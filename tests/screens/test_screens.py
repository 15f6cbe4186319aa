"""Each screen in five states, as a picture: that it can be read is looked at by people."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from peers.examples import example
from peers.process import Process
from peers.server import free_port
from screens.stages import QUESTION, REACHED, play, staged
from session_fsm import SessionError, SessionThread

if TYPE_CHECKING:
    from peers.browser import Browser
    from session_fsm import Session
    from session_fsm.testing import ScriptedAgent

PATIENCE = 60.0
SMALLEST = 2_000
"""Bytes of a picture that shows something."""
SENTENCES = {
    "connecting": "Waiting for the agent.",
    "listening": "The agent listens.",
    "speaking": "The agent is speaking.",
    "failed": "The agent came, and did not get ready in time.",
    "finished": "The agent has ended the conversation.",
}

stages = pytest.mark.parametrize("stage", REACHED)


@stages
@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_the_terminal(stage: str, theme: str, folder: Path, browser: Browser) -> None:
    pytest.importorskip("textual")
    session, agent = staged(stage)
    app = example("textual_chat").Chat(session)
    async with asyncio.timeout(PATIENCE), app.run_test(size=(100, 28)) as pilot:
        app.theme = f"textual-{theme}"
        await pilot.press("f4")
        playing = asyncio.create_task(playing_on(stage, session, agent))
        await session.wait_until(REACHED[stage])
        while SENTENCES[stage] not in str(app.query_one("StatusLine").content):
            await pilot.pause(0.01)
        await pilot.pause(0.2)
        drawing = app.export_screenshot()
        playing.cancel()
    there = await browser.open()
    await there.page.set_content(f"<body style='margin:0'>{drawing}</body>")
    await there.page.locator("svg").first.screenshot(path=folder / f"terminal-{stage}-{theme}.png")
    assert QUESTION in drawing.replace("&#160;", " ") or stage in {"connecting", "failed"}


async def playing_on(stage: str, session: Session, agent: ScriptedAgent) -> None:
    with suppress(SessionError):
        await play(stage, session, agent)


@stages
async def test_tk(stage: str, folder: Path, display: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("tkinter")
    mss = pytest.importorskip("mss")
    monkeypatch.setenv("DISPLAY", display)
    session, agent = staged(stage)
    with SessionThread(session) as thread:
        window = example("tk_window").Window(thread)
        window.geometry("640x420+0+0")
        window.submit(window.controls.press("start"))
        playing = thread.submit(playing_on(stage, session, agent))
        async with asyncio.timeout(PATIENCE):
            while SENTENCES[stage] not in window.status.cget("text") or not REACHED[stage](
                session.snapshot
            ):
                window.update()
                await asyncio.sleep(0.01)
        for _ in range(20):
            window.update()
            await asyncio.sleep(0.01)
        with mss.MSS(display=display) as screen:
            shot = screen.grab({"left": 0, "top": 0, "width": 640, "height": 420})
            path = folder / f"tk-{stage}.png"
            mss.tools.to_png(shot.rgb, shot.size, output=str(path))
        playing.cancel()
        window.destroy()
    assert path.stat().st_size > SMALLEST


@stages
async def test_nicegui(stage: str, folder: Path, browser: Browser) -> None:
    pytest.importorskip("nicegui")
    port = free_port("tcp")
    environment: dict[str, Any] = {
        **os.environ,
        "PORT": str(port),
        "PYTHONPATH": str(Path(__file__).parents[1]),
    }
    environment.pop("PYTEST_CURRENT_TEST", None)
    process = Process("nicegui", [sys.executable, "-m", "screens.nicegui_page", stage], environment)
    try:
        await asyncio.to_thread(process.wait_until, lambda: "ready to go" in process.read_log(), 60)
        there = await browser.open()
        page = there.page
        page.set_default_timeout(PATIENCE * 1000)
        await page.set_viewport_size({"width": 900, "height": 600})
        for theme in ("light", "dark"):
            await page.emulate_media(color_scheme=theme)
            await page.goto(f"http://127.0.0.1:{port}")
            await page.get_by_role("button", name="Start").click()
            await page.get_by_text(SENTENCES[stage]).first.wait_for()
            path = folder / f"nicegui-{stage}-{theme}.png"
            await asyncio.sleep(0.5)  # the chart fades in
            await page.screenshot(path=path)
            assert path.stat().st_size > SMALLEST
        await page.close()
    finally:
        process.stop()
