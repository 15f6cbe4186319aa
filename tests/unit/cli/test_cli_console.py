"""`session-fsm console` where nobody looks: its arguments, lines out and lines in."""

import asyncio
import io
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from contract.sound import Recording, tone_file
from session_fsm import ConnectError
from session_fsm.audio import portaudio
from session_fsm.cli import main
from session_fsm.cli.console import sound
from session_fsm.hardware.device import Device
from session_fsm.testing import ScriptedAgent

Access = Callable[[ScriptedAgent], list[str]]

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl"


def said(out: str) -> list[str]:
    return [line.split(None, 2)[2] for line in out.splitlines() if " message " in line]


@contextmanager
def typing(monkeypatch: pytest.MonkeyPatch, text: str) -> Iterator[None]:
    """Have this on stdin, and then its end."""
    ours, theirs = os.pipe()
    os.write(theirs, text.encode())
    os.close(theirs)
    with os.fdopen(ours) as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        yield


@pytest.fixture
def no_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    """PortAudio is not installed."""

    def missing(name: str) -> None:
        raise OSError("PortAudio library not found")

    monkeypatch.setattr(portaudio, "import_module", missing)


def test_every_line_of_stdin_is_answered_before_the_next_is_said(
    quick: ScriptedAgent,
    access: Access,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with typing(monkeypatch, "one\n\n  two €\nlast"):
        assert main(["console", *access(quick), "--text"]) == 0
    out, err = capsys.readouterr()
    assert said(out) == [
        "user: one  [sent]",
        "agent: echo: one",
        "user: two €  [sent]",
        "agent: echo: two €",
        "user: last  [sent]",
        "agent: echo: last",
    ]
    assert "agent_ready: dispatching -> active" in out
    assert out.splitlines()[-1].endswith("end         ended")
    assert "microphone" not in out
    assert err.startswith("connecting to loopback://")


def test_a_file_is_said_and_the_answer_recorded(
    access: Access,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    question, answer = tone_file(tmp_path / "in.wav", 1.2), tmp_path / "out.wav"
    agent = ScriptedAgent(word_every=0.1)
    with typing(monkeypatch, ""):
        code = main(
            ["console", *access(agent), "--wav-in", str(question), "--wav-out", str(answer)]
        )
    assert code == 0
    heard, echoed = said(capsys.readouterr().out)
    assert float(heard.removeprefix("user: heard ")[:-1]) == pytest.approx(1.2, abs=0.3)
    assert echoed == f"agent: echo: {heard.removeprefix('user: ')}"
    assert Recording(answer).pitch() == pytest.approx(440, abs=5)


def test_without_devices_it_says_what_is_missing_and_goes_on_in_writing(
    no_devices: None,
    quick: ScriptedAgent,
    access: Access,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    named = ["--input-device", "headset", "--output-device", "headset"]
    with typing(monkeypatch, "hello\n"):
        assert main(["console", *access(quick), *named]) == 0
    out, err = capsys.readouterr()
    assert said(out) == ["user: hello  [sent]", "agent: echo: hello"]
    assert "microphone  fail: opening -> failed" in out
    assert err.count("apt install libportaudio2") == 2
    assert "It goes on in writing." in err
    assert "the agent is not heard" in err


def test_with_neither_microphone_nor_stdin_nothing_can_be_said(
    no_devices: None,
    quick: ScriptedAgent,
    access: Access,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with typing(monkeypatch, ""):
        assert main(["console", *access(quick)]) == 1
    assert "nothing can be said" in capsys.readouterr().err


class Leaving(ScriptedAgent):
    """Leaves instead of answering."""

    async def _speak(self, *_: object) -> None:
        self.leave()


def refusing() -> ScriptedAgent:
    agent = ScriptedAgent()
    agent.network.refusal = ConnectError("The door is shut.", kind="unauthorized")
    return agent


@pytest.mark.parametrize(
    ("agent", "arguments", "code", "says"),
    [
        (refusing(), [], 4, "The door is shut."),
        (ScriptedAgent(join_after=None), ["--agent-timeout", "0.2"], 5, "did not join the room"),
        (ScriptedAgent(think_for=60.0), ["--timeout", "0.3"], 5, "did not answer within 0.3 s"),
        (Leaving(), [], 5, "left the room on purpose"),
    ],
)
def test_each_failure_has_its_exit_code(  # noqa: PLR0917
    agent: ScriptedAgent,
    arguments: list[str],
    code: int,
    says: str,
    access: Access,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with typing(monkeypatch, "hello\n"):
        assert main(["console", *access(agent), "--text", *arguments]) == code
    out, err = capsys.readouterr()
    assert says in err
    assert " end " in out


@pytest.mark.parametrize(
    ("agent", "seconds", "says"),
    [
        (ScriptedAgent(think_for=60.0), "0.5", "did not answer within 0.5 s"),
        (Leaving(), "30", "left the room on purpose"),
    ],
)
def test_a_file_that_is_not_answered_is_a_failure(  # noqa: PLR0917
    agent: ScriptedAgent,
    seconds: str,
    says: str,
    access: Access,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    files = ["--wav-in", str(tone_file(tmp_path / "in.wav", 0.5))]
    files += ["--wav-out", str(tmp_path / "out.wav")]
    with typing(monkeypatch, ""):
        assert main(["console", *access(agent), *files, "--timeout", seconds]) == 5
    assert says in capsys.readouterr().err


def test_an_agent_that_answers_and_hangs_up_has_answered(
    access: Access,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    class Polite(ScriptedAgent):
        async def _speak(self, *arguments: Any) -> None:
            await super()._speak(*arguments)
            asyncio.get_running_loop().call_later(0.1, self.leave)

    question = str(tone_file(tmp_path / "in.wav", 0.5))
    files = ["--wav-in", question, "--wav-out", str(tmp_path / "out.wav")]
    with typing(monkeypatch, ""):
        assert main(["console", *access(Polite()), *files]) == 0
    assert capsys.readouterr().out.splitlines()[-1].endswith("hung-up")


def test_an_agent_that_hangs_up_while_nobody_waits_is_no_failure(
    access: Access, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    agent = Leaving(greeting="never said")
    ours, theirs = os.pipe()
    with os.fdopen(ours) as stdin, os.fdopen(theirs, "w"):
        monkeypatch.setattr("sys.stdin", stdin)
        assert main(["console", *access(agent), "--text"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].endswith("hung-up")


def test_a_token_on_stdin_is_not_said(
    quick: ScriptedAgent,
    access: Access,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    _, url, _, token = access(quick)
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{token}\nhello\n"))
    assert main(["console", "--url", url, "--token", "-", "--text"]) == 0
    out, err = capsys.readouterr()
    assert said(out) == []
    assert token not in out + err


@pytest.mark.parametrize(
    "arguments",
    [
        ["--text", "--wav-in", "in.wav"],
        ["--no-audio", "--push-to-talk"],
        ["--text", "--input-device", "x"],
        ["--wav-in", "in.wav", "--input-device", "x"],
        ["--wav-out", "out.wav", "--output-device", "x"],
        ["--push-to-talk"],
        ["--wav-in", "nowhere.wav"],
        ["--wav-in", __file__],
        ["--wav-in", os.devnull],
    ],
)
def test_wrong_usage_is_2_and_said(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["console", "--url", "ws://127.0.0.1:1", "--token", JWT, *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("session-fsm console: ")
    assert len(err.splitlines()) == 1


THERE = (
    Device("input:ALSA:Headset Mic", "Headset Mic", "input"),
    Device("input:Pulse:Headset Mic", "Headset Mic", "input"),
    Device("input:ALSA:Webcam", "Webcam", "input", is_default=True),
)


@pytest.mark.parametrize(
    ("wanted", "device"),
    [
        ("input:Pulse:Headset Mic", THERE[1]),
        ("Webcam", THERE[2]),
        ("web", THERE[2]),
        (None, None),
        ("headset", "may be any of"),
        ("Headset Mic", "may be any of"),
        ("nothing", "is not among"),
    ],
)
def test_a_device_is_chosen_by_id_or_name(
    wanted: str | None, device: Device | str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sound, "devices", lambda kind: THERE)
    if isinstance(device, str):
        with pytest.raises(sound.UsageError, match=device) as caught:
            sound.chosen(wanted, "input")
        assert "'input:ALSA:Headset Mic'" in str(caught.value)
    else:
        assert sound.chosen(wanted, "input") == device


TALK = """
import asyncio, sys
from session_fsm import TokenSource
from session_fsm.cli import main
from session_fsm.testing import ScriptedAgent
agent = ScriptedAgent(greeting="hello", word_every=0.01)
details = asyncio.run(TokenSource.loopback(agent).fetch())
access = ["--url", details.server_url, "--token", details.participant_token]
sys.exit(main(["console", *access, *sys.argv[1:]]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_ends_the_session_cleanly(number: signal.Signals, code: int) -> None:
    with subprocess.Popen(  # noqa: S603
        [sys.executable, "-c", TALK, "--text"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("a line\n")
        process.stdin.flush()
        while "echo: a line" not in process.stdout.readline():
            assert process.poll() is None
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
    assert process.returncode == code
    assert out.splitlines()[-1].endswith("end         ended")
    assert err.endswith("interrupted\n")


def test_a_reader_that_goes_away_is_no_failure() -> None:
    with subprocess.Popen(  # noqa: S603
        [sys.executable, "-c", TALK, "--text"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert "start: idle" in process.stdout.readline()
        process.stdout.close()
        assert process.wait(30) == 0
