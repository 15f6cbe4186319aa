import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from session_fsm.testing import ScriptedAgent

pytest.importorskip("textual")

from textual.pilot import Pilot
from textual.widgets import Input

from session_fsm.cli import script
from session_fsm.cli.live import LiveDemo
from session_fsm.ui.textual import AgentSessionView, ChatTranscript, LiveDiagram, StateLane
from unit.cli.conftest import noted, texts

SIZES = [(80, 24), (120, 30)]


@pytest.fixture(autouse=True)
def no_opening(monkeypatch: pytest.MonkeyPatch) -> None:
    """The user speaks first."""
    monkeypatch.setattr("session_fsm.cli.script.CONVERSATION", ())


def agent() -> ScriptedAgent:
    return ScriptedAgent(
        join_after=0.01,
        initialize_for=0.01,
        track_after=0.0,
        think_for=0.01,
        word_every=0.03,
        greeting="hi there",
    )


def lit(app: LiveDemo) -> list[str]:
    """The states that stand out: of the session, the connection and the agent."""
    lanes: list[Any] = [lane.content for lane in app.query(StateLane)]
    return [
        lane.plain[span.start : span.end].strip()
        for lane in lanes
        for span in lane.spans
        if " on " in str(span.style)
    ]


async def until(pilot: Pilot[int], reached: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not reached():
            await pilot.pause(0.01)


async def typed(pilot: Pilot[int], text: str) -> None:
    keys = ["space" if key == " " else key for key in text]
    await pilot.press(*keys, "enter")


@pytest.mark.parametrize("size", SIZES)
async def test_a_typed_text_is_answered_word_by_word(size: tuple[int, int]) -> None:
    app = LiveDemo(agent=agent())
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: "hi there" in texts(app))
        assert isinstance(app.focused, Input)
        shown: list[str] = []
        app.session.messages.subscribe(lambda all_of_them: shown.append(all_of_them[-1].text))
        await typed(pilot, "two [b]")
        await until(pilot, lambda: texts(app)[-1] == "echo: two [b]")
        assert [text.strip() for text in shown if text.startswith("echo: ")][:2] == [
            "echo: two",
            "echo: two [b]",
        ]
        assert "two [b]" in texts(app)
        await until(pilot, lambda: lit(app) == ["active", "connected", "listening"])
        assert isinstance(app.focused, Input)
        await pilot.press("ctrl+q")
    assert app.return_value == 0
    assert app.session.snapshot.state.value == "idle"


@pytest.mark.parametrize("size", SIZES)
async def test_everything_is_on_the_screen(size: tuple[int, int]) -> None:
    app = LiveDemo(agent=agent())
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: "hi there" in texts(app))
        assert app.query_one(Input).region.bottom <= size[1]
        assert app.query_one(ChatTranscript).region.height >= 10
        assert app.query_one(LiveDiagram).is_on_screen is (size[0] >= 100)
        shown = app.export_screenshot()
        for key in ("f2", "f3", "f4", "^q"):
            assert key in shown
        await pilot.press("ctrl+q")


async def test_a_text_waits_while_the_network_is_cut() -> None:
    app = LiveDemo(agent=agent())
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "hi there" in texts(app) and "Your turn" in noted(app))
        await pilot.press("f2")
        await until(pilot, lambda: "reconnecting" in lit(app))
        assert "cut the network" in noted(app)
        await typed(pilot, "offline")
        await until(pilot, lambda: texts(app)[-1] == "offline sending")
        await pilot.press("f2")
        await until(pilot, lambda: texts(app)[-1] == "echo: offline")
        await pilot.press("ctrl+q")


async def test_an_agent_that_crashes_comes_back() -> None:
    app = LiveDemo(agent=agent())
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "hi there" in texts(app))
        await pilot.press("f3")
        await until(pilot, lambda: lit(app) == ["dispatching", "connected", "connecting"])
        await until(pilot, lambda: lit(app)[0] == "active")
        await pilot.press("ctrl+q")


async def test_the_session_ends_and_starts_again_with_an_empty_transcript() -> None:
    app = LiveDemo(agent=agent())
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "hi there" in texts(app))
        await pilot.press("f4")
        await until(pilot, lambda: lit(app) == ["idle", "disconnected", "disconnected"])
        await typed(pilot, "too late")
        controls = app.query_one(AgentSessionView).controls
        await until(pilot, lambda: "call start() before send()" in str(controls.failure.value))
        await pilot.press("f4")
        await until(pilot, lambda: texts(app) == ["hi there"])
        await pilot.press("ctrl+c")
    assert app.return_value == 130


async def test_who_types_takes_over_from_the_script(monkeypatch: pytest.MonkeyPatch) -> None:
    scenes = (script.Pause(0.1), script.Say("scripted"), script.Pause(9.0), script.Say("never"))
    monkeypatch.setattr("session_fsm.cli.script.CONVERSATION", scenes)
    app = LiveDemo(agent=agent())
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "echo: scripted" in texts(app))
        assert app._opening is not None
        assert not app._opening.done()
        await typed(pilot, "me")
        await until(pilot, lambda: texts(app)[-1] == "echo: me")
        assert app._opening.cancelled()
        await pilot.press("ctrl+q")


async def test_it_ends_after_the_seconds_that_were_asked_for() -> None:
    app = LiveDemo(0.2, agent())
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.return_value is not None)
    assert app.return_value == 0
    assert app.session.snapshot.state.value == "idle"
