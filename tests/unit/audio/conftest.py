"""A sound system of its own: PulseAudio with one loudspeaker that is heard by one microphone."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ALSA = """
</usr/share/alsa/alsa.conf>
pcm.!default { type pulse }
ctl.!default { type pulse }
"""


@pytest.fixture(scope="session")
def sound_system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment in which a program finds it."""
    for needed in ("pulseaudio", "pactl"):
        if shutil.which(needed) is None:
            pytest.skip(f"{needed} is not installed: apt install pulseaudio pulseaudio-utils")
    folder = tmp_path_factory.mktemp("sound")
    (folder / "asound.conf").write_text(ALSA)
    socket = folder / "native"
    env = os.environ | {
        "XDG_RUNTIME_DIR": str(folder),
        "HOME": str(folder),
        "PULSE_SERVER": f"unix:{socket}",
        "ALSA_CONFIG_PATH": str(folder / "asound.conf"),
    }
    command = ["pulseaudio", "-n", "--daemonize=no", "--use-pid-file=no", "--exit-idle-time=-1"]
    command += ["--load=module-null-sink sink_name=loop"]
    command += [f"--load=module-native-protocol-unix socket={socket} auth-anonymous=1"]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, env=env, stdout=quiet, stderr=quiet) as server:  # noqa: S603
        try:
            _until_it_answers(env)
            yield env
        finally:
            server.terminate()


def _until_it_answers(env: dict[str, str]) -> None:
    pactl = ["pactl", "set-default-source", "loop.monitor"]
    for _ in range(100):
        if subprocess.run(pactl, env=env, check=False, capture_output=True).returncode == 0:  # noqa: S603
            break
        time.sleep(0.1)
    look = [sys.executable, "-c", "from session_fsm import devices; assert devices()"]
    if subprocess.run(look, env=env, check=False, capture_output=True).returncode:  # noqa: S603
        pytest.skip("no sound: apt install pulseaudio libportaudio2 libasound2-plugins")


@pytest.fixture
def no_sound_system(tmp_path: Path) -> dict[str, str]:
    """The environment of a computer without any device."""
    (tmp_path / "asound.conf").write_text("</usr/share/alsa/alsa.conf>\n")
    return os.environ | {
        "ALSA_CONFIG_PATH": str(tmp_path / "asound.conf"),
        "PULSE_SERVER": "unix:/nowhere",
    }
