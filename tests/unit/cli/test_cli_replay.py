"""Recordings at the command line: made by demo and run, played as lines and in the live view."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from session_fsm import Session, TokenSource
from session_fsm.cli import main
from session_fsm.recording import Replay, record
from session_fsm.testing import ScriptedAgent, run_virtual
from unit.cli.conftest import texts

Command = Callable[..., Any]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A recording of a short conversation."""
    file = tmp_path / "call.jsonl"

    async def talk() -> None:
        agent = ScriptedAgent(greeting="hi there", word_every=0.05)
        async with Session(TokenSource.loopback(agent)) as session:
            with record(session, file):
                await session.start()
                await session.send("how are you")
                await asyncio.sleep(2)
                await session.end()

    run_virtual(talk())
    return file


def test_a_recorded_demo_is_played_as_the_same_lines(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "demo.jsonl"
    done = command("demo", "--plain", "--seconds", "3", "--record", str(file))
    again = command("replay", str(file), "--step")
    assert done.returncode == again.returncode == 0
    assert again.stderr == ""

    def without_times(text: str) -> list[str]:
        return [line[9:] for line in text.splitlines()]

    assert without_times(again.stdout) == without_times(done.stdout)


def test_run_records_too(
    access: Callable[[ScriptedAgent], list[str]], quick: ScriptedAgent, tmp_path: Path
) -> None:
    file = tmp_path / "run.jsonl"
    assert main(["run", *access(quick), "--say", "hello", "--record", str(file)]) == 0
    with Replay(file) as replay:
        replay.seek(seconds=1000)
        assert any(one.text == "hello" for one in replay.messages.value)


def test_json_lines_have_the_times_of_the_recording(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["replay", str(path), "--json", "--speed", "100"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines[-1]["type"] == "end"
    with Replay(path) as replay:
        began = replay.recorded_at.isoformat(timespec="milliseconds")
        assert lines[0]["ts"][:19] == began[:19]


@pytest.mark.parametrize(
    ("argument", "expected"),
    [(["--speed", "0"], "no number above 0"), (["--speed", "nan"], "no number above 0")],
)
def test_a_wrong_speed_is_a_usage_error(
    path: Path, argument: list[str], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["replay", str(path), *argument]) == 2
    assert expected in capsys.readouterr().err


def test_what_is_no_recording_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", str(tmp_path / "none")]) == 2
    assert "No such file" in capsys.readouterr().err
    (tmp_path / "some").write_text("hello\n")
    assert main(["replay", str(tmp_path / "some")]) == 1
    assert "line 1" in capsys.readouterr().err


def test_a_file_that_cannot_be_made_is_said_before_anything_begins(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["demo", "--plain", "--record", str(tmp_path / "no" / "file")]) == 2
    assert "No such file" in capsys.readouterr().err


async def test_the_live_view_plays_steps_and_goes_back(path: Path) -> None:
    pytest.importorskip("textual")
    from session_fsm.cli.live import LiveReplay  # noqa: PLC0415

    with Replay(path, speed=20) as replay:
        app = LiveReplay(replay, paused=True)
        status = app.query_one

        def sentence() -> str:
            return str(status("StatusLine").content)  # type: ignore[attr-defined]

        async with app.run_test(size=(100, 30)) as pilot:
            await pilot.press("right", "right")
            assert replay.position.value < 0.1
            assert sentence().startswith("Joining the room.")
            await pilot.press("left")
            assert sentence().startswith("Asking for a token.")
            await pilot.press("space")
            async with asyncio.timeout(20):
                while not replay.is_at_end:
                    await pilot.pause(0.01)
            await pilot.pause()
            assert sentence().startswith("The session has ended.")
            assert any(text.startswith("how are you") for text in texts(app))
            for _ in range(4):
                await pilot.press("left")
            assert not sentence().startswith("The session has ended.")
            assert any(text.startswith("how are you") for text in texts(app))
            await pilot.press("home")
            await pilot.pause()
            assert texts(app) == []
            assert sentence().startswith("Nothing is running.")
            assert not app.query_one("Input").display
            await pilot.press("q")
        assert app.return_value == 0
