import asyncio
from collections.abc import Callable

import pytest

from session_fsm.testing import ScriptedAgent

pytest.importorskip("textual")

from textual.pilot import Pilot
from textual.widgets import Input

from session_fsm.cli import script
from session_fsm.cli.live import LiveDemo
from session_fsm.cli.live.panels import Log, Row, Transcript

SIZES = [(80, 24), (100, 30)]


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


def rows(app: LiveDemo) -> list[str]:
    return [str(row._text.content) for row in app.query_one(Transcript).query(Row)]


def now(app: LiveDemo, kind: str) -> list[str]:
    return [str(cell.id) for cell in app.query(f".{kind}.now")]


async def until(pilot: Pilot[int], reached: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not reached():
            await pilot.pause(0.01)


async def typed(pilot: Pilot[int], text: str) -> None:
    keys = ["space" if key == " " else key for key in text]
    await pilot.press(*keys, "enter")


@pytest.mark.parametrize("size", SIZES)
async def test_a_typed_text_is_answered_word_by_word(
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []
    show = Row.show
    monkeypatch.setattr(Row, "show", lambda row, text: (shown.append(str(text)), show(row, text)))
    app = LiveDemo(agent=agent())
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: "hi there" in rows(app))
        assert isinstance(app.focused, Input)
        await typed(pilot, "two [b]")
        await until(pilot, lambda: rows(app)[-1] == "echo: two [b]")
        words = ["echo: two ▌", "echo: two [b] ▌", "echo: two [b]"]
        assert [text for text in shown if text.startswith("echo")] == words
        assert "two [b] ✓" in rows(app)
        assert now(app, "session") == ["session-active"]
        assert now(app, "connection") == ["connection-connected"]
        assert {"can_listen", "is_connected"} == set(now(app, "flag"))
        assert isinstance(app.focused, Input)
        await pilot.press("ctrl+q")
    assert app.return_value == 0
    assert app.session.snapshot.state.value == "idle"


@pytest.mark.parametrize("size", SIZES)
async def test_everything_is_on_the_screen(size: tuple[int, int]) -> None:
    app = LiveDemo(agent=agent())
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: "hi there" in rows(app))
        for cell in app.query(".cell"):
            assert cell.region.right <= size[0], cell
            assert cell.region.width == len(str(cell.render())) + 2, f"{cell} is cut"
        assert app.query_one(Input).region.bottom <= size[1]
        assert app.query_one(Transcript).region.height >= 10
        assert app.query_one(Log).region.width >= 34
        shown = app.export_screenshot()
        for key in ("f2", "f3", "f4", "^q"):
            assert key in shown
        await pilot.press("ctrl+q")


async def test_a_text_waits_while_the_network_is_cut() -> None:
    app = LiveDemo(agent=agent())
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "hi there" in rows(app))
        await pilot.press("f2")
        await until(pilot, lambda: now(app, "connection") == ["connection-reconnecting"])
        assert "is_reconnecting" in now(app, "flag")
        await typed(pilot, "offline")
        await until(pilot, lambda: rows(app)[-1] == "offline …")
        await pilot.press("f2")
        await until(pilot, lambda: rows(app)[-1] == "echo: offline")
        await pilot.press("ctrl+q")


async def test_an_agent_that_crashes_comes_back() -> None:
    app = LiveDemo(agent=agent())
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "hi there" in rows(app))
        await pilot.press("f3")
        await until(pilot, lambda: now(app, "session") == ["session-dispatching"])
        assert now(app, "agent") == ["agent-connecting"]
        await until(pilot, lambda: now(app, "session") == ["session-active"])
        await pilot.press("ctrl+q")


async def test_the_session_ends_and_starts_again_with_an_empty_transcript() -> None:
    app = LiveDemo(agent=agent())
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "hi there" in rows(app))
        await pilot.press("f4")
        await until(pilot, lambda: now(app, "session") == ["session-idle"])
        assert now(app, "flag") == ["is_finished"]
        await typed(pilot, "too late")
        await until(pilot, lambda: "call start() before send()" in rows(app)[-1])
        await pilot.press("f4")
        await until(pilot, lambda: rows(app) == ["hi there"])
        await pilot.press("ctrl+c")
    assert app.return_value == 130


async def test_who_types_takes_over_from_the_script(monkeypatch: pytest.MonkeyPatch) -> None:
    scenes = (script.Pause(0.1), script.Say("scripted"), script.Pause(9.0), script.Say("never"))
    monkeypatch.setattr("session_fsm.cli.script.CONVERSATION", scenes)
    app = LiveDemo(agent=agent())
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "echo: scripted" in rows(app))
        assert app._opening is not None
        assert not app._opening.done()
        await typed(pilot, "me")
        await until(pilot, lambda: rows(app)[-1] == "echo: me")
        assert app._opening.cancelled()
        await pilot.press("ctrl+q")


async def test_it_ends_after_the_seconds_that_were_asked_for() -> None:
    app = LiveDemo(0.2, agent())
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.return_value is not None)
    assert app.return_value == 0
    assert app.session.snapshot.state.value == "idle"
