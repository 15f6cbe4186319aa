"""The widgets of Textual, by the keys and the clicks of a user."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("textual")

from textual.app import App
from textual.geometry import Region
from textual.widgets import Button, Footer, Input

from peers.contrast import contrast
from peers.quick_agent import agent
from session_fsm import (
    AgentState,
    MediaState,
    Session,
    SessionState,
    SilenceInput,
    TokenSource,
)
from session_fsm.ui.textual import (
    AgentSessionView,
    BarVisualizer,
    ChatTranscript,
    ControlBar,
    LiveDiagram,
    StateLane,
    StatusLine,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from textual.app import ComposeResult
    from textual.pilot import Pilot

    from session_fsm.testing import ScriptedAgent

SIZES = [(120, 30), (80, 24), (40, 16)]


class Talk(App[None]):
    def __init__(self, session: Session, **options: Any) -> None:
        super().__init__()
        self._session, self._options = session, options

    def compose(self) -> ComposeResult:
        yield AgentSessionView(self._session, **self._options)
        yield Footer()


@asynccontextmanager
async def talking(
    who: ScriptedAgent | None = None, size: tuple[int, int] = (80, 24), **options: Any
) -> AsyncIterator[tuple[Pilot[None], Session]]:
    session = Session(TokenSource.loopback(who or agent()))
    async with session, Talk(session, **options).run_test(size=size) as pilot:
        yield pilot, session


async def until(pilot: Pilot[None], reached: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not reached():
            await pilot.pause(0.01)


async def typed(pilot: Pilot[None], text: str) -> None:
    await pilot.press(*["space" if key == " " else key for key in text], "enter")


def lines(pilot: Pilot[None]) -> list[str]:
    """What can be read in the transcript."""
    shown = pilot.app.query_one(ChatTranscript)
    height = shown.scrollable_content_region.height
    return [shown.render_line(y).text.rstrip() for y in range(height)]


def said(pilot: Pilot[None]) -> str:
    return "\n".join(lines(pilot)).strip()


def status(pilot: Pilot[None]) -> str:
    return str(pilot.app.query_one(StatusLine).content)


def buttons(pilot: Pilot[None]) -> list[str]:
    shown = pilot.app.query_one(ControlBar).query(Button)
    return [str(one.label).strip() for one in shown if one.display and not one.disabled]


@pytest.mark.parametrize("size", SIZES)
async def test_a_conversation_by_the_keys(size: tuple[int, int]) -> None:
    async with talking(size=size) as (pilot, session):
        assert status(pilot) == "Nothing is running.  Start"
        assert isinstance(pilot.app.focused, Input)
        await pilot.press("f4")
        await until(pilot, lambda: session.state.value is SessionState.ACTIVE)
        await typed(pilot, "two [b]")
        await until(pilot, lambda: "echo: two [b]" in said(pilot).replace("\n       ", " "))
        assert "You    two [b]" in said(pilot)
        await until(pilot, lambda: status(pilot) == "The agent listens.  Write")
        await pilot.press("f4")
        await until(pilot, lambda: status(pilot) == "The session has ended.  Start again")


@pytest.mark.parametrize("size", SIZES)
async def test_all_that_is_shown_is_inside_of_the_screen(size: tuple[int, int]) -> None:
    async with talking(size=size, microphone=SilenceInput()) as (pilot, session):
        await pilot.press("f4")
        await until(pilot, lambda: session.state.value is SessionState.ACTIVE)
        await pilot.pause()
        screen = pilot.app.screen.region
        shown = [one for one in pilot.app.query("AgentSessionView *") if one.is_on_screen]
        for one in shown:
            assert one.region in screen, one
        assert pilot.app.query_one(ChatTranscript).region.height >= 6
        assert pilot.app.query_one(ControlBar).region.height == 1
        assert (pilot.app.query_one(LiveDiagram) in shown) is (size[0] >= 100)
        assert (pilot.app.query_one(BarVisualizer) in shown) is (size[1] >= 18)


async def test_buttons_are_clicked_and_reached_by_tab() -> None:
    async with talking(microphone=SilenceInput()) as (pilot, session):
        assert buttons(pilot) == ["Start", "Mute"]
        await pilot.click("#start")
        await until(pilot, lambda: session.state.value is SessionState.ACTIVE)
        microphone = session.local.microphone.state
        await until(pilot, lambda: microphone.value is MediaState.LIVE)
        await until(pilot, lambda: buttons(pilot) == ["Mute", "End"])
        pilot.app.query_one(Input).focus()
        await pilot.press("tab")
        assert isinstance(pilot.app.focused, Button)
        await pilot.press("enter")
        await until(pilot, lambda: microphone.value is MediaState.MUTED)
        await until(pilot, lambda: buttons(pilot) == ["Unmute", "End"])
        await pilot.press("f5")
        await until(pilot, lambda: microphone.value is MediaState.LIVE)
        await pilot.click("#end")
        await until(pilot, lambda: session.state.value is SessionState.IDLE)


async def test_what_is_written_before_the_start_is_still_there_after_it() -> None:
    async with talking() as (pilot, session):
        await typed(pilot, "too early")
        await until(pilot, lambda: "Start" in buttons(pilot))
        line = pilot.app.query_one(Input)
        assert line.value == "too early"
        await pilot.press("f4")
        await until(pilot, lambda: session.state.value is SessionState.ACTIVE)
        await pilot.press("enter")
        await until(pilot, lambda: "echo: too early" in said(pilot))
        assert line.value == ""


async def test_a_start_is_cancelled_by_the_same_key() -> None:
    async with talking(agent(join_after=1e6)) as (pilot, session):
        await pilot.press("f4")
        await until(pilot, lambda: session.state.value is SessionState.DISPATCHING)
        await until(pilot, lambda: buttons(pilot) == ["Cancel"])
        await pilot.press("f4")
        await until(pilot, lambda: session.state.value is SessionState.IDLE)
        assert session.failure.value is None


async def test_what_fails_is_said_and_can_be_tried_again() -> None:
    def no_token(_: object) -> None:
        raise OSError("no network [here]")

    async with (
        Session(TokenSource.custom(no_token)) as session,  # type: ignore[arg-type]
        Talk(session).run_test() as pilot,
    ):
        await pilot.press("f4")
        await until(pilot, lambda: session.failure.value is not None)
        await until(pilot, lambda: buttons(pilot) == ["Try again"])
        assert "token" in status(pilot)
        assert pilot.app.query_one(StatusLine).tooltip == str(session.failure.value)


async def test_scrolling_away_stays_there_and_counts_what_comes() -> None:
    history = [
        {"id": str(number), "kind": "chat", "text": f"text {number}", "sender": "agent"}
        for number in range(200)
    ]
    for one in history:
        one |= {"timestamp": "2026-01-01T00:00:00+00:00", "final": True}
    who = agent()
    session = Session(TokenSource.loopback(who), history=history)
    async with session, Talk(session).run_test(size=(80, 24)) as pilot:
        await pilot.press("f4")
        await until(pilot, lambda: session.state.value is SessionState.ACTIVE)
        await until(pilot, lambda: "text 199" in said(pilot))
        shown = pilot.app.query_one(ChatTranscript)
        shown.focus()
        await pilot.press("home")
        await until(pilot, lambda: "text 0" in lines(pilot)[0])
        before = lines(pilot)
        who.chat("something new")
        await until(pilot, lambda: shown.border_subtitle == "1 new below: end")
        assert lines(pilot) == before
        await pilot.press("end")
        await until(pilot, lambda: "something new" in said(pilot))
        assert shown.border_subtitle == ""
        pilot.app.query_one(Input).focus()
        await typed(pilot, "more")
        await until(pilot, lambda: "echo: more" in said(pilot))


async def test_a_growing_text_is_wrapped_and_stays_in_view() -> None:
    text = " ".join(f"word{number}" for number in range(120))
    async with talking(agent(greeting=text)) as (pilot, _):
        await pilot.press("f4")
        await until(pilot, lambda: "word119" in said(pilot) and "▌" not in said(pilot))
        shown = [line.split() for line in lines(pilot)]
        assert [word for line in shown for word in line if word != "Agent"] == text.split()[
            -sum(len(line) for line in shown) + sum("Agent" in line for line in shown) :
        ]
        await pilot.resize_terminal(50, 24)
        await until(pilot, lambda: "word119" in said(pilot))


async def test_what_could_steer_a_terminal_is_shown_as_text() -> None:
    async with talking(agent(greeting="one \x1b[2J two\x07three")) as (pilot, _):
        await pilot.press("f4")
        await until(pilot, lambda: "three" in said(pilot) and "▌" not in said(pilot))
        assert "one \\x1b[2J two\\x07three" in said(pilot)


async def test_the_charts_show_where_they_stand_and_how_they_got_there() -> None:
    async with talking(size=(120, 30)) as (pilot, session):
        await pilot.press("f4")
        await until(pilot, lambda: session.state.value is SessionState.ACTIVE)
        diagram = pilot.app.query_one(LiveDiagram)

        def lit() -> list[str]:
            lanes = [lane.content for lane in diagram.query(StateLane)]
            return [
                lane.plain[span.start : span.end].strip()  # type: ignore[union-attr]
                for lane in lanes
                for span in lane.spans  # type: ignore[union-attr]
                if " on " in str(span.style)
            ]

        await until(pilot, lambda: lit() == ["active", "connected", "listening"])
        history = str(diagram.query_one("#history").content)  # type: ignore[attr-defined]
        assert "reported_listening\n      initializing → listening" in history


@pytest.mark.parametrize("theme", ["textual-dark", "textual-light"])
async def test_the_states_that_are_not_the_present_one_can_be_read(theme: str) -> None:
    async with talking(size=(100, 30)) as (pilot, _):
        pilot.app.theme = theme
        await pilot.pause()
        seen: set[str] = set()
        for lane in pilot.app.screen.query(StateLane):
            for strip in lane.render_lines(Region(0, 0, *lane.size)):
                for words, style, _ in strip:
                    if words.strip() and style and style.color and style.bgcolor:
                        colours = style.color.get_truecolor(), style.bgcolor.get_truecolor()
                        assert contrast(*colours) > 4.5, words
                        seen.add(words.strip())
        assert {"idle", "pre-connect-buffering", "reconnecting"} <= seen


async def test_the_bars_move_while_the_agent_speaks() -> None:
    who = agent()
    async with talking(who) as (pilot, session):
        await pilot.press("f4")
        await until(pilot, lambda: session.state.value is SessionState.ACTIVE)
        bars = pilot.app.query_one(BarVisualizer)
        flat = str(bars.render())
        assert set(flat) <= set(" ▁\n")
        await until(pilot, lambda: "$accent" in [str(span.style) for span in bars.render().spans])


async def test_the_session_goes_on_when_the_view_goes() -> None:
    async with Session(TokenSource.loopback(agent())) as session:
        async with Talk(session).run_test() as pilot:
            await pilot.press("f4")
            await until(pilot, lambda: session.state.value is SessionState.ACTIVE)
            view = pilot.app.query_one(AgentSessionView)
            await view.remove()
            await session.send("still here")
        assert session.agent.state.value is not AgentState.DISCONNECTED
        assert not session.transitions.is_observed
