"""The live view of `session-fsm console`."""

import asyncio
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

pytest.importorskip("textual")

from textual.pilot import Pilot
from textual.widgets import Input, Label

from session_fsm import (
    ConnectionDetails,
    MediaError,
    NullOutput,
    Session,
    TokenSource,
    ToneInput,
)
from session_fsm.cli.console.conversation import Conversation
from session_fsm.cli.console.panels import FULL, Level, Side
from session_fsm.cli.console.screen import Console
from session_fsm.cli.console.sound import Sound
from session_fsm.testing import ScriptedAgent
from session_fsm.ui.textual import ChatTranscript
from unit.cli.conftest import noted, texts

SIZES = [(80, 24), (140, 40)]
VOICE = Sound(ToneInput(volume=0.5), output=NullOutput())


def agent(**options: object) -> ScriptedAgent:
    quick = {"join_after": 0.01, "initialize_for": 0.01, "track_after": 0.0, "think_for": 0.01}
    return ScriptedAgent(**{**quick, "word_every": 0.03, "greeting": "hi there", **options})  # type: ignore[arg-type]


class Broken(ToneInput):
    """A microphone that cannot be opened."""

    tried = 0

    def open(self):  # type: ignore[no-untyped-def] # noqa: ANN201
        self.tried += 1
        raise MediaError("Plug in a microphone [b].", kind="not-found")


def shown(app: Console, side: str, part: str) -> str:
    return str(app.query_one(f"#{side} .{part}", Label).content)


def level(app: Console, side: str) -> int:
    return str(app.query_one(f"#{side}", Side).query_one(Level).render()).count(FULL)


def state(app: Console) -> str:
    return str(app.query_one("#title", Label).content).split("  ·  ")[1]


async def until(pilot: Pilot[int], reached: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not reached():
            await pilot.pause(0.01)


@asynccontextmanager
async def console(
    source: TokenSource,
    sound: Sound = VOICE,
    size: tuple[int, int] = (80, 24),
    *,
    is_push_to_talk: bool = False,
) -> AsyncIterator[tuple[Pilot[int], Console]]:
    session = Session(source, audio_output=sound.output)
    app = Console(Conversation(session, sound, is_push_to_talk=is_push_to_talk))
    async with app.run_test(size=size) as pilot:
        yield pilot, app
        await pilot.press("ctrl+q")
    assert session.snapshot.state.value == "idle"


@pytest.mark.parametrize("size", SIZES)
async def test_both_sides_are_seen(size: tuple[int, int]) -> None:
    source = TokenSource.loopback(agent(word_every=0.3, greeting="one two three four five"))
    async with console(source, size=size) as (pilot, app):
        await until(pilot, lambda: shown(app, "agent", "state") == "speaking")
        await until(pilot, lambda: level(app, "agent") > 0 and level(app, "you") > 0)
        assert shown(app, "you", "state") == "live"
        assert shown(app, "you", "called") == "tone of 440 Hz"
        assert shown(app, "agent", "called") == "scripted-agent"
        assert state(app) == "active"
        await until(pilot, lambda: texts(app) == ["one two three four five"])
        await until(pilot, lambda: level(app, "agent") == 0)
        bars = [bar.region for bar in app.query(Level)]
        assert len({(bar.x, bar.right) for bar in bars}) == 1, "they can be compared"
        assert bars[0].width >= 20
        for label in app.query(".state"):
            assert label.region.width >= len("pre-connect-buffering")
        assert app.query_one(ChatTranscript).region.height >= 12
        assert app.query_one(Input).region.bottom < size[1], "the keys are below it"


async def test_m_mutes_and_unmutes() -> None:
    async with console(TokenSource.loopback(agent())) as (pilot, app):
        await until(pilot, lambda: shown(app, "you", "state") == "live")
        await until(pilot, lambda: level(app, "you") > 0)
        await pilot.press("m")
        await until(pilot, lambda: shown(app, "you", "state") == "muted")
        await until(pilot, lambda: level(app, "you") == 0)
        await pilot.press("m")
        await until(pilot, lambda: shown(app, "you", "state") == "live")


async def test_space_talks_where_it_is_asked_for() -> None:
    source = TokenSource.loopback(agent())
    async with console(source, is_push_to_talk=True) as (pilot, app):
        await until(pilot, lambda: shown(app, "you", "state") == "muted")
        await pilot.press("m")
        assert app.focused is not None, "it is a letter like others"
        await pilot.press("escape", "space")
        await until(pilot, lambda: shown(app, "you", "state") == "live")
        await pilot.pause(1.0)
        await pilot.press("space")
        await until(pilot, lambda: shown(app, "you", "state") == "muted")


async def test_d_takes_the_next_microphone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("session_fsm.cli.console.conversation.devices", lambda kind: ())
    async with console(TokenSource.loopback(agent())) as (pilot, app):
        await until(pilot, lambda: "hi there" in texts(app))
        await pilot.press("d")
        await until(pilot, lambda: "There is no microphone" in noted(app))
        assert shown(app, "you", "state") == "live"


async def test_a_line_is_opened_sent_and_left() -> None:
    async with console(TokenSource.loopback(agent())) as (pilot, app):
        await until(pilot, lambda: "hi there" in texts(app))
        await pilot.press("enter", *"mdq", "enter")
        await until(pilot, lambda: texts(app)[-1] == "echo: mdq")
        assert "mdq" in texts(app)
        assert "^q" in app.export_screenshot()
        await pilot.press("escape")
        assert app.focused is None
        await until(pilot, lambda: "^q" not in app.export_screenshot())
        await pilot.press(*"hello", "enter")
        await until(pilot, lambda: texts(app)[-1] == "echo: hello")
        assert shown(app, "you", "state") == "live", "no letter was taken for a key"


async def test_without_a_microphone_it_says_so_and_goes_on_in_writing() -> None:
    microphone = Broken()
    sound = Sound(microphone, output=NullOutput())
    async with console(TokenSource.loopback(agent()), sound) as (pilot, app):
        await until(pilot, lambda: shown(app, "you", "state") == "failed")
        await until(pilot, lambda: "Plug in a microphone [b]." in noted(app))
        await pilot.press(*"quiet", "enter")
        await until(pilot, lambda: texts(app)[-1] == "echo: quiet")
        tried = microphone.tried
        await pilot.press("escape", "m")
        await until(pilot, lambda: microphone.tried > tried)
        await until(pilot, lambda: shown(app, "you", "state") == "failed")


async def test_in_writing_only_there_is_no_microphone_to_be_seen() -> None:
    async with console(TokenSource.loopback(agent()), Sound()) as (pilot, app):
        assert not app.query("#you")
        await until(pilot, lambda: "hi there" in texts(app))
        await pilot.press(*"hello", "enter")
        await until(pilot, lambda: texts(app)[-1] == "echo: hello")
        await pilot.press("escape", "m")
        assert app.query_one(Input).value == "m", "here it is a letter like others"


async def test_when_the_agent_hangs_up_the_transcript_can_still_be_read() -> None:
    served = agent()
    async with console(TokenSource.loopback(served)) as (pilot, app):
        await until(pilot, lambda: "hi there" in texts(app))
        served.leave()
        await until(pilot, lambda: "The session is over: hung-up." in noted(app))
        assert texts(app)[0] == "hi there"
        assert app.focused is None


async def _never(_: object) -> ConnectionDetails:
    await asyncio.Event().wait()
    raise AssertionError


def _slow() -> ScriptedAgent:
    slow = agent()
    slow.network.connect_delay = 60.0
    return slow


@pytest.mark.parametrize(
    ("served", "is_there"),
    [
        (None, "fetching-token"),
        (_slow(), "connecting"),
        (agent(join_after=None), "dispatching"),
        (agent(), "active"),
        (agent(), "reconnecting"),
        (agent(), "idle"),
    ],
)
@pytest.mark.parametrize(("key", "code"), [("q", 0), ("ctrl+c", 130)])
async def test_it_can_be_left_at_any_moment(
    served: ScriptedAgent | None, is_there: str, key: str, code: int
) -> None:
    source = TokenSource.loopback(served) if served else TokenSource.custom(_never)
    before = "active" if is_there in {"reconnecting", "idle"} else is_there
    async with console(source) as (pilot, app):
        await until(pilot, lambda: state(app) == before)
        if served is not None and is_there == "reconnecting":
            served.network.drop()
        if served is not None and is_there == "idle":
            served.leave()
        await until(pilot, lambda: state(app) == is_there)
        await pilot.press(key)
        await until(pilot, lambda: app.return_value is not None)
    assert app.return_value == code
    if served is not None:
        rooms = served.network.rooms.values()
        assert not any(link.is_up for room in rooms for link in room.links)


TALK = """
import asyncio, os, sys
from session_fsm import ConnectError, TokenSource
from session_fsm.cli import main
from session_fsm.testing import ScriptedAgent


class Noisy(ScriptedAgent):
    async def _speak(self, *arguments):
        os.write(2, b"a driver talks")
        await super()._speak(*arguments)


agent = Noisy(greeting="hello", word_every=0.01)
if "refuse" in sys.argv:
    sys.argv.remove("refuse")
    agent.network.refusal = ConnectError("The door is shut.", kind="unauthorized")
details = asyncio.run(TokenSource.loopback(agent).fetch())
access = ["--url", details.server_url, "--token", details.participant_token]
sys.exit(main(["console", *access, *sys.argv[1:]]))
"""
ALTERNATE_SCREEN = (b"\x1b[?1049h", b"\x1b[?1049l")


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pty")
@pytest.mark.parametrize(
    ("arguments", "sign", "key", "code", "said"),
    [
        (["--text"], "hello", b"\x1bq", 0, "a driver talks"),
        (["--text"], "hello", b"\x11", 0, "a driver talks"),
        (["--text"], "hello", b"\x03", 130, "a driver talks"),
        (["--text"], "hello", signal.SIGTERM, 143, "interrupted"),
        (["--text", "refuse"], "leaves", b"q", 4, "The door is shut."),
    ],
)
def test_the_terminal_is_restored_and_the_exit_code_says_why(
    arguments: list[str],
    sign: str,
    key: bytes | signal.Signals,
    code: int,
    said: str,
) -> None:
    import termios  # noqa: PLC0415 - not on Windows

    ours, theirs = os.openpty()
    termios.tcsetwinsize(theirs, (24, 80))
    before = termios.tcgetattr(theirs)
    seen = b""
    process = subprocess.Popen(  # noqa: S603
        [sys.executable, "-c", TALK, *arguments],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm-256color"},
    )
    is_left = False
    deadline = time.monotonic() + 60
    with process:
        try:
            while process.poll() is None and time.monotonic() < deadline:
                if select.select([ours], [], [], 0.05)[0]:
                    seen += os.read(ours, 65_536)
                if sign.encode() in seen and not is_left:
                    is_left = True
                    _press(process, ours, key)
            while select.select([ours], [], [], 0)[0]:
                seen += os.read(ours, 65_536)
            assert process.poll() == code
        finally:
            process.kill()
    assert [seen.count(mark) for mark in ALTERNATE_SCREEN] == [1, 1]
    assert termios.tcgetattr(theirs) == before
    os.close(theirs)
    os.close(ours)
    view, after = seen.split(ALTERNATE_SCREEN[1])
    assert said in after.decode()
    assert b"a driver talks" not in view


def _press(process: "subprocess.Popen[bytes]", terminal: int, key: bytes | signal.Signals) -> None:
    if isinstance(key, signal.Signals):
        process.send_signal(key)
        return
    for one in key:
        os.write(terminal, bytes([one]))
        time.sleep(0.5)  # an escape that is followed at once is the beginning of a sequence
