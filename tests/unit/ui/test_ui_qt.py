"""The widgets of Qt, by the keys and the clicks of a user."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
import weakref
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("PySide6.QtWidgets", exc_type=ImportError)
pytest.importorskip("qasync")

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QGuiApplication, QImage, QPalette
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton, QWidget

from peers.contrast import contrast
from peers.qt_window import Ui, application, both_ways
from peers.quick_agent import agent
from session_fsm import Session, SessionState, SessionStateError, SilenceInput, TokenSource
from session_fsm.recording import Replay, record
from session_fsm.testing import ScriptedAgent, run_virtual
from session_fsm.thread import SessionThread
from session_fsm.ui import ControlBarModel, Severity
from session_fsm.ui.qt import (
    AgentSessionView,
    BarVisualizer,
    ChatTranscript,
    ControlBar,
    LiveDiagram,
    StateLane,
    StatusLine,
    colours,
)
from session_fsm.ui.qt.failure_line import FailureLine
from session_fsm.ui.qt.transition_list import TransitionList

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SIZES = [(900, 600), (640, 400), (320, 480), (320, 240)]


@pytest.fixture(autouse=True)
def nothing_raised_into_qt(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a slot or an override raises goes to the hook: here it fails the test."""
    raised: list[Any] = []
    monkeypatch.setattr(sys, "excepthook", lambda *what: raised.append(what[1]))
    monkeypatch.setattr(sys, "unraisablehook", lambda what: raised.append(what.exc_value))
    yield
    assert raised == []


def talking_to(who: ScriptedAgent | None = None, **options: Any) -> Session:
    return Session(TokenSource.loopback(who or agent()), **options)


def long_history(count: int = 200) -> list[dict[str, Any]]:
    return [
        {
            "id": str(number),
            "kind": "chat",
            "text": f"text {number} " + "and so on " * (number % 40),
            "sender": "agent",
            "timestamp": "2026-01-01T00:00:00+00:00",
            "final": True,
        }
        for number in range(count)
    ]


async def started(ui: Ui) -> None:
    ui.key(Qt.Key.Key_F4)
    await ui.until(lambda: ui.status.startswith("The agent listens"))


@pytest.mark.parametrize("size", SIZES)
@both_ways
async def test_a_conversation_by_the_keys(ui: Ui, size: tuple[int, int]) -> None:
    await ui.open(talking_to(), size)
    assert ui.status == "Nothing is running. Start"
    assert QApplication.focusWidget() is ui.input
    await started(ui)
    ui.type("two <b>")
    await ui.until(lambda: "Agent: echo: two <b>" in ui.rows)
    assert ui.rows[0].startswith("You: two <b>")
    assert ui.input.text() == ""
    await ui.until(lambda: ui.status == "The agent listens. Write")
    ui.key(Qt.Key.Key_F4)
    await ui.until(lambda: ui.status == "The session has ended. Start again")


@both_ways
async def test_a_conversation_by_the_mouse(ui: Ui) -> None:
    await ui.open(talking_to(), microphone=SilenceInput())
    assert ui.buttons == ["Start", "Mute"]
    ui.click(ui.button("start"))
    await ui.until(lambda: ui.buttons == ["Mute", "End"])
    microphone = ui.view.controls.microphone
    await ui.until(lambda: microphone.value.is_on)
    ui.click(ui.button("microphone"))
    await ui.until(lambda: ui.buttons == ["Unmute", "End"])
    ui.click(ui.button("microphone"))
    await ui.until(lambda: ui.buttons == ["Mute", "End"])
    ui.click(ui.input)
    QTest.keyClicks(ui.input, "hello")
    ui.click(next(one for one in ui.view.findChildren(QPushButton) if one.text() == "Se&nd"))
    await ui.until(lambda: "Agent: echo: hello" in ui.rows)
    ui.click(ui.button("end"))
    await ui.until(lambda: ui.buttons == ["Start", "Mute"])


@both_ways
async def test_every_control_is_reached_by_tab_and_by_its_letter(ui: Ui) -> None:
    await ui.open(talking_to(), microphone=SilenceInput())
    ui.key(Qt.Key.Key_Tab)
    ui.key(Qt.Key.Key_Tab)
    assert QApplication.focusWidget() is ui.button("start")
    ui.key(Qt.Key.Key_Space)
    assert QApplication.focusWidget() is ui.input, "what comes next is to write"
    await ui.until(lambda: ui.buttons == ["Mute", "End"])
    await ui.until(lambda: ui.status.startswith("The agent listens: you"))
    ui.key(Qt.Key.Key_Tab)
    ui.key(Qt.Key.Key_Tab)
    assert QApplication.focusWidget() is ui.button("microphone")
    for status in ("muted", "you can speak"):
        await ui.until(lambda: len(ui.buttons) == 2)
        ui.key(Qt.Key.Key_Space)
        await ui.until(lambda status=status: status in ui.status)  # type: ignore[misc]
        assert QApplication.focusWidget() is ui.button("microphone"), "the focus stays"
    for status in ("muted", "you can speak"):
        await ui.until(lambda: len(ui.buttons) == 2)
        ui.key(Qt.Key.Key_M, Qt.KeyboardModifier.AltModifier)
        await ui.until(lambda status=status: status in ui.status)  # type: ignore[misc]
    ui.key(Qt.Key.Key_Tab)
    ui.key(Qt.Key.Key_Tab)
    assert QApplication.focusWidget() is ui.transcript
    ui.key(Qt.Key.Key_E, Qt.KeyboardModifier.AltModifier)
    await ui.until(lambda: ui.buttons == ["Start", "Mute"])


@pytest.mark.parametrize("size", SIZES)
@both_ways
async def test_all_that_is_shown_is_inside_of_the_window(ui: Ui, size: tuple[int, int]) -> None:
    await ui.open(talking_to(), size, microphone=SilenceInput(), camera=False, screen_share=False)
    await started(ui)
    await ui.until(lambda: len(ui.buttons) == 4)
    assert (ui.view.width(), ui.view.height()) == size, "it is not wider than it may be"
    shown = [one for one in ui.view.findChildren(QWidget) if one.isVisible()]
    for one in shown:
        if one.window() is ui.view and not ui.transcript.isAncestorOf(one):
            corner = one.mapTo(ui.view, QPoint(0, 0))
            assert ui.view.rect().contains(one.rect().translated(corner)), one
            if isinstance(one, QPushButton):
                assert one.width() >= one.minimumSizeHint().width()
    assert ui.part(LiveDiagram).isVisible() is (size[0] >= 640)
    assert ui.part(BarVisualizer).isVisible() is (size[1] >= 320)


@both_ways
async def test_a_start_is_cancelled_by_the_same_key(ui: Ui) -> None:
    session = talking_to(agent(join_after=1e6))
    await ui.open(session)
    ui.key(Qt.Key.Key_F4)
    await ui.until(lambda: ui.status == "Waiting for the agent. Cancel")
    await ui.until(lambda: ui.buttons == ["Cancel"])
    ui.key(Qt.Key.Key_F4)
    await ui.until(lambda: ui.buttons == ["Start"])
    assert session.failure.value is None


@both_ways
async def test_what_fails_is_said_once_and_can_be_tried_again(ui: Ui) -> None:
    def no_token(_: object) -> None:
        raise OSError("no network")

    session = Session(TokenSource.custom(no_token))  # type: ignore[arg-type]
    await ui.open(session)
    ui.key(Qt.Key.Key_F4)
    await ui.until(lambda: ui.buttons == ["Try again"])
    await ui.until(lambda: ui.status == "No token could be had. Try again")
    assert "OSError" in ui.part(StatusLine).toolTip()
    assert not ui.part(FailureLine).isVisible()


@both_ways
async def test_a_text_for_nobody_is_not_lost(ui: Ui) -> None:
    await ui.open(talking_to())
    ui.type("hello")
    await ui.until(ui.part(FailureLine).isVisible)
    assert "Nothing is running." in ui.part(FailureLine).text()
    assert ui.input.text() == "hello"
    await started(ui)
    assert not ui.part(FailureLine).isVisible()
    ui.key(Qt.Key.Key_Return)
    await ui.until(lambda: "Agent: echo: hello" in ui.rows)


@both_ways
async def test_scrolling_away_stays_there_and_counts_what_comes(ui: Ui) -> None:
    who = agent()
    await ui.open(talking_to(who, history=long_history()))
    await started(ui)
    await ui.until(lambda: ui.seen[-1].startswith("Agent: text 199"))
    below = ui.part(QPushButton, "below")
    ui.transcript.setFocus()
    ui.key(Qt.Key.Key_PageUp)
    ui.key(Qt.Key.Key_PageUp)
    await ui.until(lambda: not ui.seen[-1].startswith("Agent: text 199"))
    before = ui.seen
    await ui.do(said_by(who, "something new"))
    await ui.until(lambda: below.isVisible() and below.text() == "1 new below ↓")
    assert ui.seen == before
    ui.click(below)
    await ui.until(lambda: ui.seen[-1] == "Agent: something new")
    await ui.until(lambda: not below.isVisible())
    ui.key(Qt.Key.Key_Home)
    await ui.until(lambda: ui.seen[0].startswith("Agent: text 0"))
    await ui.do(said_by(who, "something else"))
    await ui.until(below.isVisible)
    ui.key(Qt.Key.Key_End)
    await ui.until(lambda: ui.seen[-1] == "Agent: something else")
    await ui.until(lambda: not below.isVisible())
    ui.key(Qt.Key.Key_Home)
    ui.input.setFocus()
    ui.type("more")
    await ui.until(lambda: ui.seen[-1] == "Agent: echo: more")


async def said_by(who: ScriptedAgent, text: str) -> None:
    who.chat(text)


@both_ways
async def test_a_page_up_and_down_leads_back_to_the_same_texts(ui: Ui) -> None:
    await ui.open(talking_to(history=long_history()), (400, 500))
    await started(ui)
    await ui.until(lambda: ui.seen[-1].startswith("Agent: text 199"))
    ui.transcript.setFocus()
    ui.key(Qt.Key.Key_PageUp)
    passed = ui.seen
    bar = ui.transcript.verticalScrollBar()
    while bar.value() > 0:
        here = ui.seen
        ui.key(Qt.Key.Key_PageUp)
        if bar.value() > 0:
            ui.key(Qt.Key.Key_PageDown)
            assert ui.seen == here, "no text jumps, though its height was an estimate before"
            ui.key(Qt.Key.Key_PageUp)
        passed += ui.seen
    await ui.until(lambda: ui.seen[0].startswith("Agent: text 0"))
    passed += ui.seen
    left_out = {str(number) for number in range(195)} - {row.split()[2] for row in passed}
    assert not left_out


@both_ways
async def test_a_growing_text_is_wrapped_and_stays_in_view(ui: Ui) -> None:
    text = " ".join(f"word{number}" for number in range(300))
    await ui.open(talking_to(agent(greeting=text, word_every=0.001)), (400, 500))
    ui.key(Qt.Key.Key_F4)
    await ui.until(lambda: ui.rows == [f"Agent: {text}"])
    bar = ui.transcript.verticalScrollBar()
    await ui.until(lambda: bar.maximum() > 0 and bar.value() == bar.maximum())
    ui.view.resize(320, 500)
    await ui.until(lambda: ui.view.width() == 320 and bar.value() == bar.maximum())
    ui.transcript.setFocus()
    ui.key(Qt.Key.Key_Up)
    assert ui.transcript.currentIndex().row() == 0


@both_ways
async def test_messages_are_chosen_by_arrows_and_copied(ui: Ui) -> None:
    await ui.open(talking_to(history=long_history(40)), (900, 300))
    await started(ui)
    await ui.until(lambda: ui.seen[-1].startswith("Agent: text 39"))
    ui.transcript.setFocus()
    for _ in range(7):
        ui.key(Qt.Key.Key_Up)
    ui.key(Qt.Key.Key_Up, Qt.KeyboardModifier.ShiftModifier)
    assert any(one.startswith("Agent: text 31 ") for one in ui.seen), "it is scrolled into view"
    ui.key(Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    copied = QGuiApplication.clipboard().text().splitlines()
    assert [" ".join(line.split()[:3]) for line in copied] == ["Agent: text 31", "Agent: text 32"]
    first = ui.transcript.visualRect(ui.transcript.model().index(31, 0)).center()
    viewport = ui.transcript.viewport()
    QTest.mouseClick(viewport, Qt.MouseButton.LeftButton, pos=first)
    ui.key(Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text().startswith("Agent: text 31 ")


@both_ways
async def test_the_charts_show_where_they_stand_and_how_they_got_there(ui: Ui) -> None:
    await ui.open(talking_to())
    await started(ui)
    lanes = ui.view.findChildren(StateLane)
    lit = ["session: active", "connection: connected", "agent: listening"]
    await ui.until(lambda: [one.accessibleName() for one in lanes] == lit)
    highlight = ui.view.palette().color(QPalette.ColorRole.Highlight)
    for lane in lanes:
        assert pixels(lane.grab().toImage(), highlight) > 100
    shown, newest = ui.part(TransitionList), ["agent_ready", "reported_listening"]
    await ui.until(lambda: [edge.trigger for edge in shown.edges[:2]] == newest)


@both_ways
async def test_the_bars_move_while_the_agent_speaks(ui: Ui) -> None:
    await ui.open(talking_to(agent(word_every=0.2, greeting="a few words to be heard " * 20)))
    bars = ui.part(BarVisualizer)
    highlight = ui.view.palette().color(QPalette.ColorRole.Highlight)
    assert pixels(bars.grab().toImage(), highlight) == 0
    ui.key(Qt.Key.Key_F4)
    await ui.until(lambda: len(bars.frame.highlighted) == 5)
    assert pixels(bars.grab().toImage(), highlight) > 100


def pixels(image: QImage, colour: QColor) -> int:
    """How many have that colour."""
    wanted = colour.rgb()
    places = ((x, y) for x in range(image.width()) for y in range(image.height()))
    return sum(image.pixel(x, y) == wanted for x, y in places)


@both_ways
async def test_the_session_goes_on_when_the_view_goes(ui: Ui) -> None:
    session = talking_to()
    await ui.open(session)
    await started(ui)
    ui.drop()
    await ui.do(session.send("still here"))
    assert session.state.value is SessionState.ACTIVE
    await ui.until(lambda: not session.transitions.is_observed)
    await ui.open_again()
    await ui.until(lambda: "Agent: echo: still here" in ui.rows)


@both_ways
async def test_a_closed_session_can_still_be_read(ui: Ui) -> None:
    await ui.open(talking_to(history=long_history()))
    await started(ui)
    await ui.close()
    await ui.until(lambda: ui.buttons == [])
    ui.transcript.setFocus()
    ui.key(Qt.Key.Key_Home)
    await ui.until(lambda: ui.seen[0].startswith("Agent: text 0"))
    ui.input.setFocus()
    ui.type("hello")
    assert ui.input.text() == "hello"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_colours_can_be_read_in_both_themes(theme: str) -> None:
    palette = palette_of(dark=theme == "dark")
    for role in (QPalette.ColorRole.Window, QPalette.ColorRole.Base):
        background = palette.color(role)
        for severity in Severity:
            words = colours.of(colours.SEVERITIES[severity], palette)
            assert contrast(rgb(words), rgb(background)) > 4.5
        for side in colours.SIDES.values():
            assert contrast(rgb(colours.of(side, palette)), rgb(background)) > 4.5


def test_another_theme_is_taken_on_at_once() -> None:
    application()
    view = AgentSessionView(talking_to())
    status = view.findChild(StatusLine)
    assert status is not None
    view.setPalette(palette_of(dark=False))
    light = status.text()
    view.setPalette(palette_of(dark=True))
    assert status.text() != light
    view.deleteLater()


def palette_of(*, dark: bool) -> QPalette:
    window, text, base = ("#323232", "#f0f0f0", "#242424") if dark else ("#efefef", "#000", "#fff")
    palette = QPalette(QColor(window))
    roles = QPalette.ColorRole
    for role, colour in {
        roles.Window: window,
        roles.Base: base,
        roles.WindowText: text,
        roles.Text: text,
    }.items():
        palette.setColor(role, QColor(colour))
    return palette


def rgb(colour: QColor) -> tuple[int, int, int]:
    return colour.red(), colour.green(), colour.blue()


def test_a_view_that_nobody_keeps_is_gone_at_once() -> None:
    """Without the garbage collector, which would destroy widgets on whatever thread it runs."""
    application()
    session = talking_to()
    gc.disable()
    try:
        view = AgentSessionView(session)
        view.show()
        assert session.transitions.is_observed
        gone = weakref.ref(view)
        del view
        assert gone() is None
        assert not session.transitions.is_observed
    finally:
        gc.enable()


def test_a_replay_is_shown_and_has_nothing_to_press(tmp_path: Path) -> None:
    application()

    async def recorded() -> None:
        async with talking_to() as session:
            with record(session, tmp_path / "talk.jsonl"):
                await session.start()
                await session.send("hello")

    run_virtual(recorded())
    with Replay(tmp_path / "talk.jsonl") as replay:
        view = AgentSessionView(replay)
        view.show()
        replay.seek(seconds=replay.duration.value)
        rows = view.findChild(ChatTranscript).model()
        assert rows.index(0, 0).data().startswith("You: hello")
        assert not view.findChild(QLineEdit).isVisible()
        buttons = view.findChildren(QPushButton)
        assert not any(one.isEnabled() for one in buttons if one.isVisible())


@both_ways
async def test_a_window_that_grows_until_all_is_in_it_follows_again(ui: Ui) -> None:
    who = agent()
    await ui.open(talking_to(who, history=long_history(12)), (900, 300))
    await started(ui)
    await ui.until(lambda: ui.seen[-1].startswith("Agent: text 11"))
    ui.transcript.setFocus()
    ui.key(Qt.Key.Key_Home)
    await ui.until(lambda: not ui.seen[-1].startswith("Agent: text 11"))
    ui.view.resize(900, 900)
    await ui.until(lambda: ui.transcript.verticalScrollBar().maximum() == 0)
    await ui.do(said_by(who, "something new"))
    await ui.until(lambda: ui.seen[-1] == "Agent: something new")
    assert not ui.part(QPushButton, "below").isVisible()


def test_models_of_a_thread_are_made_and_written_on_it() -> None:
    application()
    with SessionThread(talking_to()) as thread:
        where: list[str] = []
        view = AgentSessionView(thread)
        view.controls.chat.subscribe(lambda _: where.append(threading.current_thread().name))
        where.clear()
        thread.run(view.controls.press("chat"))
        view.deleteLater()
    with pytest.raises(SessionStateError, match="closed"):
        AgentSessionView(thread)


def test_without_any_loop_a_press_says_what_is_missing(capfd: pytest.CaptureFixture[str]) -> None:
    application()
    with ControlBarModel(talking_to()) as model:
        bar = ControlBar(model)
        with pytest.raises(RuntimeError, match="qasync"):
            bar.press("start")


MISSING = """
import sys
sys.modules["PySide6"] = None
try:
    import session_fsm.ui.qt
except ImportError as error:
    print(error)
"""
NONE_LOADED = """
import sys
import session_fsm, stores, session_fsm.ui
session_fsm.ui.TranscriptModel
print([name for name in sys.modules if name.split(".")[0] in {"PySide6", "shiboken6", "qasync"}])
"""


@pytest.mark.parametrize(
    ("program", "said"),
    [
        (MISSING, "session_fsm.ui.qt needs PySide6: pip install 'session-fsm[qt]'"),
        (NONE_LOADED, "[]"),
    ],
    ids=["missing", "not loaded"],
)
def test_pyside_is_loaded_only_where_it_is_asked_for(program: str, said: str) -> None:
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == said
