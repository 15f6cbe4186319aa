"""A window of Qt, and somebody who types and clicks, with a real agent on a real server."""

from __future__ import annotations

import pytest

pytest.importorskip("PySide6.QtWidgets", exc_type=ImportError)
pytest.importorskip("qasync")

import asyncio
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web
from aiohttp.test_utils import TestServer
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from peers.qt_window import Ui, both_ways
from session_fsm import Session, SilenceInput

if TYPE_CHECKING:
    from contract.sides import LiveKitSide
    from peers.fixtures import Stack

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.server


@both_ways
async def test_a_conversation_twice(ui: Ui, side: LiveKitSide) -> None:
    await ui.open(Session(side.source()), microphone=SilenceInput())
    for text in ("hello", "once more"):
        ui.click(ui.button("start"))
        await ui.until(lambda: ui.buttons == ["Mute", "End"])
        await ui.until(lambda: ui.status.startswith("The agent listens: you can speak."))
        ui.click(ui.button("microphone"))
        await ui.until(lambda: ui.buttons == ["Unmute", "End"])
        assert "your microphone is muted" in ui.status
        ui.key(Qt.Key.Key_F5)
        await ui.until(lambda: "you can speak" in ui.status)
        ui.click(ui.input)
        QTest.keyClicks(ui.input, text)
        ui.key(Qt.Key.Key_Return)
        await ui.until(lambda: f"Agent: echo: {text}" in ui.rows)  # noqa: B023
        assert f"You: {text}" in ui.rows
        assert side.heard(side.rooms[-1]) == [text]
        ui.key(Qt.Key.Key_F4)
        await ui.until(lambda: ui.status == "The session has ended. Start again")
    await ui.do(side.nobody_left())


@both_ways
async def test_an_agent_that_does_not_come(ui: Ui, side: LiveKitSide) -> None:
    session = Session(side.source(absent=True), agent_timeout=side.deadline)
    await ui.open(session)
    ui.key(Qt.Key.Key_F4)
    await ui.until(lambda: ui.status == "No agent came. Try again")
    await ui.until(lambda: ui.buttons == ["Try again"])
    await ui.do(side.nobody_left())


@pytest.mark.parametrize("how", [[], ["--thread"]], ids=["qasync", "thread"])
async def test_the_example_with_a_token_endpoint(stack: Stack, how: list[str]) -> None:
    async def token(_: web.Request) -> web.Response:
        details = {"server_url": stack.url, "participant_token": stack.token(stack.room())}
        return web.json_response(details)

    app = web.Application()
    app.router.add_post("/token", token)
    program = [ROOT / "tests" / "peers" / "qt_person.py", ROOT / "examples" / "qt_window.py"]
    async with TestServer(app) as server, asyncio.timeout(120):
        running = await asyncio.create_subprocess_exec(
            sys.executable,
            *program,
            str(server.make_url("/token")),
            *how,
            env={**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(ROOT)},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            said, complained = await running.communicate()
        finally:
            if running.returncode is None:
                running.kill()
    assert said.decode().splitlines() == ["You: hello", "Agent: echo: hello"], complained.decode()
    assert running.returncode == 0, complained.decode()
