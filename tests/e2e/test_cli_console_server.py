"""`session-fsm console` with a real agent on a real server, without a sound device."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from contract.sound import Recording, tone_file
from peers.admin import API_KEY, API_SECRET
from peers.fixtures import Stack

HEARD = re.compile(r"message +user: heard ([\d.]+)s")


def console(stack: Stack, *arguments: str, typed: str = "") -> "subprocess.CompletedProcess[str]":
    key = {"LIVEKIT_API_KEY": API_KEY, "LIVEKIT_API_SECRET": API_SECRET}
    agent = ["--agent", stack.worker.agent_name]
    return subprocess.run(  # noqa: S603
        [sys.executable, "-m", "session_fsm", "console", *agent, *arguments],
        capture_output=True,
        check=False,
        env={**os.environ, "LIVEKIT_URL": stack.url, **key},
        input=typed,
        text=True,
        timeout=120,
    )


def test_a_file_is_understood_and_its_answer_recorded(stack: Stack, tmp_path: Path) -> None:
    question = tone_file(tmp_path / "question.wav", 1.2)
    answer = tmp_path / "answer.wav"
    done = console(stack, "--wav-in", str(question), "--wav-out", str(answer))
    assert done.returncode == 0, done.stderr
    # A busy machine breaks it into several pieces.
    heard = [float(seconds) for seconds in HEARD.findall(done.stdout)]
    assert sum(heard) == pytest.approx(1.2, abs=0.4), done.stdout
    assert f"agent: echo: heard {heard[-1]:.1f}s" in done.stdout
    recording = Recording(answer)
    assert recording.pitch() == pytest.approx(440, abs=3)
    assert len(recording.spoken()) > 0.1 * recording.rate
    assert done.stdout.splitlines()[-1].endswith("end         ended")
    assert API_SECRET not in done.stdout + done.stderr
    assert "eyJ" not in done.stdout + done.stderr


def test_lines_are_said_beside_it_and_the_voice_is_recorded(stack: Stack, tmp_path: Path) -> None:
    answer = tmp_path / "answer.wav"
    done = console(stack, "--text", "--wav-out", str(answer), typed="hello\nbye\n")
    assert done.returncode == 0, done.stderr
    said = [line.split(None, 2)[2] for line in done.stdout.splitlines() if " message " in line]
    assert said == [
        "user: hello  [sent]",
        "agent: echo: hello",
        "user: bye  [sent]",
        "agent: echo: bye",
    ]
    assert Recording(answer).pitch() == pytest.approx(440, abs=3)
