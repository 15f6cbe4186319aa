"""`session-fsm console` with a microphone and a loudspeaker."""

import subprocess
import sys

TALK = """
import asyncio, sys
from session_fsm import TokenSource
from session_fsm.cli import main
from session_fsm.testing import ScriptedAgent
details = asyncio.run(TokenSource.loopback(ScriptedAgent()).fetch())
access = ["--url", details.server_url, "--token", details.participant_token]
sys.exit(main(["console", *access, *sys.argv[1:]]))
"""


def test_it_talks_by_the_devices_that_are_named(sound_system: dict[str, str]) -> None:
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", TALK, "--input-device", "pulse", "--output-device", "pulse"],
        env=sound_system,
        input="hello\n",
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert "microphone  opened: opening -> live" in done.stdout
    assert "agent: echo: hello" in done.stdout
    assert "cannot be used" not in done.stderr
    assert "not heard" not in done.stderr


def test_without_a_device_it_goes_on_in_writing(no_sound_system: dict[str, str]) -> None:
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", TALK, "--input-device", "pulse"],
        env=no_sound_system,
        input="hello\n",
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert "microphone  fail: opening -> failed" in done.stdout
    assert "agent: echo: hello" in done.stdout
    assert "It goes on in writing." in done.stderr
