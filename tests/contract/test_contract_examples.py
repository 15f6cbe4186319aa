"""The examples hold a conversation: by keys and clicks, as a person would."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from contract.calls import PATIENCE, until
from contract.sides import LiveKitSide, Side
from contract.sound import tone_file
from peers.browser import Browser
from peers.examples import FOLDER, example
from peers.fixtures import Stack
from peers.process import Process
from peers.server import free_port
from peers.web_server import served
from session_fsm import Session, SessionThread, TokenSource
from session_fsm.asgi import TokenApp


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda path: path.name)
def test_an_example_fits_on_a_screen(path: Path) -> None:
    lines = path.read_text().splitlines()
    assert sum(bool(line.strip()) for line in lines) < 60


async def test_a_chat_in_the_terminal(side: Side) -> None:
    pytest.importorskip("textual")
    chat = example("textual_chat").Chat(Session(side.source()))
    async with asyncio.timeout(PATIENCE + 60), chat.run_test(size=(80, 24)) as pilot:
        transcript = chat.query_one("ChatTranscript")

        def said() -> str:
            height = transcript.scrollable_content_region.height
            return "\n".join(transcript.render_line(y).text for y in range(height))

        await pilot.press("f4")
        await until(lambda: chat.session.agent.is_connected.value, PATIENCE)
        await pilot.press(*"hello", "space", *"there", "enter")
        while "echo: hello there" not in said():
            await pilot.pause(0.05)
        await pilot.press("f4")
        await until(lambda: "has ended" in str(chat.query_one("StatusLine").content), PATIENCE)


class Person:
    """Somebody in front of a window of Tk."""

    def __init__(self, window: Any) -> None:
        self.window = window

    async def sees(self, text: str) -> None:
        """Wait until it can be read somewhere."""
        async with asyncio.timeout(PATIENCE):
            while text not in self.read():
                self.window.update()
                await asyncio.sleep(0.01)

    def read(self) -> str:
        window = self.window
        buttons = [one.cget("text") for one in self.buttons() if str(one.cget("state")) == "normal"]
        return "\n".join([window.status.cget("text"), window.rows.get("1.0", "end"), *buttons])

    def buttons(self) -> list[Any]:
        return [one for one in self.window.winfo_children() if one.winfo_class() == "TButton"]

    def click(self, text: str) -> None:
        (button,) = (one for one in self.buttons() if one.cget("text") == text)
        for event in ("<Enter>", "<ButtonPress-1>", "<ButtonRelease-1>"):
            button.event_generate(event, x=5, y=5)

    def type(self, text: str) -> None:
        self.window.line.focus_force()
        self.window.update()
        for key in text:
            self.window.line.event_generate("<Key>", keysym={" ": "space"}.get(key, key))
        self.window.line.event_generate("<Return>")


async def test_a_window_by_tk(side: Side, display: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("tkinter")
    monkeypatch.setenv("DISPLAY", display)
    with SessionThread(Session(side.source())) as thread:
        window = example("tk_window").Window(thread)
        person = Person(window)
        await person.sees("Nothing is running.")
        person.click("Start")
        await person.sees("The agent listens.")
        person.type("hello there")
        await person.sees("You: hello there")
        await person.sees("Agent: echo: hello there")
        person.click("End")
        await person.sees("The session has ended.")
        window.destroy()
    await side.nobody_left()


async def test_a_window_by_tk_says_what_failed(
    display: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("tkinter")
    monkeypatch.setenv("DISPLAY", display)

    def no_token(_: object) -> None:
        raise OSError("no network")

    with SessionThread(Session(TokenSource.custom(no_token))) as thread:  # type: ignore[arg-type]
        window = example("tk_window").Window(thread)
        person = Person(window)
        await person.sees("Start")
        person.click("Start")
        await person.sees("Try again")
        window.destroy()


async def test_a_robot_hears_and_acts(
    side: Side, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = tone_file(tmp_path / "said.wav", seconds=1.5)
    heard = tmp_path / "heard.wav"
    async with asyncio.timeout(PATIENCE + 60):
        await example("robot").main(str(said), str(heard), side.source())
    printed = capsys.readouterr().out
    assert "eyes: open" in printed
    assert "heard: echo: heard 1." in printed
    assert heard.exists()


@asynccontextmanager
async def page_by_nicegui(*arguments: str) -> AsyncIterator[str]:
    """The example as a user starts it; gives its address."""
    pytest.importorskip("nicegui")
    port = free_port("tcp")
    environment = {**os.environ, "PORT": str(port)}
    environment.pop("PYTEST_CURRENT_TEST", None)  # NiceGUI takes itself for its own test then
    command = [sys.executable, str(FOLDER / "nicegui_page.py"), *arguments]
    process = Process("nicegui", command, environment)
    try:
        await asyncio.to_thread(process.wait_until, lambda: "ready to go" in process.read_log(), 60)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.stop()


async def talk_on_page(browser: Browser, address: str) -> None:
    there = await browser.open()
    page = there.page
    page.set_default_timeout(60_000)
    await page.goto(address)
    await page.get_by_text("Nothing is running.").wait_for()
    await page.get_by_role("button", name="Start").click()
    await page.get_by_text("The agent listens.").wait_for()
    await page.get_by_label("Write to the agent").fill("hello there")
    await page.keyboard.press("Enter")
    await page.get_by_text("Agent: echo: hello there").wait_for()
    await page.locator("svg .current").get_by_text("listening").first.wait_for()
    await page.get_by_role("button", name="End").click()
    await page.get_by_text("The session has ended.").wait_for()
    await page.close()


async def test_a_page_by_nicegui_without_a_server(browser: Browser) -> None:
    async with asyncio.timeout(240), page_by_nicegui() as address:
        await talk_on_page(browser, address)


@pytest.mark.server
async def test_a_page_by_nicegui(stack: Stack, browser: Browser) -> None:
    side = LiveKitSide(stack)
    tokens = TokenApp(side.source())
    async with (
        asyncio.timeout(240),
        served(tokens) as endpoint,
        page_by_nicegui(endpoint) as address,
    ):
        await talk_on_page(browser, address)
        await side.nobody_left()


def test_the_tests_of_an_interface_pass() -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(  # noqa: S603 - our own file
        [*command, str(FOLDER / "test_my_interface.py")],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert "2 passed" in done.stdout, done.stdout + done.stderr
