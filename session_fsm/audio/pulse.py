"""PulseAudio, and PipeWire in its place: their devices come and go while PortAudio's stay.

PortAudio lists ALSA's devices, once for the life of a program. On a Linux desktop the sound server
has more of them (Bluetooth) and knows them by names that last. They are listed by ``pactl``, and
opened through the ALSA device of the sound server, which an environment variable leads to one of
them.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, cast

from session_fsm.hardware.device import Device

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping

    from session_fsm.hardware.device import DeviceKind

PREFIX: Final = "PulseAudio:"
WORDS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "input": ("sources", ("PULSE_SOURCE", "PIPEWIRE_NODE")),
    "output": ("sinks", ("PULSE_SINK", "PIPEWIRE_NODE")),
}
"""Kind -> pactl's word for it, and the variables that say which one is to be opened."""
DOORS: Final = ("pulse", "pipewire")
"""What the ALSA device of the sound server is called."""
TIMEOUT: Final = 5.0
"""Seconds for an answer of pactl's."""

_lock = threading.Lock()


def sound_server_devices(kind: DeviceKind) -> Iterator[Device]:
    """Yield what the sound server has; nothing where none answers, or pactl is not installed."""
    for one in _asked(WORDS[kind][0]):
        name = str(one["name"])
        yield Device(f"{kind}:{PREFIX}{name}", str(one.get("description") or name), kind)


def name_in(device_id: str, kind: DeviceKind) -> str | None:
    """Return the sound server's name of a device, or None where it is none of its own."""
    start = f"{kind}:{PREFIX}"
    return device_id.removeprefix(start) if device_id.startswith(start) else None


@contextmanager
def chosen(name: str | None, kind: DeviceKind) -> Generator[None, None, None]:
    """Have the ALSA device of the sound server lead to this one while it is being opened."""
    if name is None:
        yield
        return
    with _lock:  # there is one environment for all threads
        before = {variable: os.environ.get(variable) for variable in WORDS[kind][1]}
        os.environ.update(dict.fromkeys(before, name))
        try:
            yield
        finally:
            for variable, value in before.items():
                if value is None:
                    del os.environ[variable]
                else:
                    os.environ[variable] = value


def _asked(what: str) -> list[dict[str, Any]]:
    pactl = shutil.which("pactl")
    if pactl is None:
        return []
    try:
        done = subprocess.run(  # noqa: S603 - the words above
            [pactl, "--format=json", "list", what],
            env=os.environ | {"LC_ALL": "C.UTF-8"},
            capture_output=True,
            check=True,
            timeout=TIMEOUT,
        )
        return cast("list[dict[str, Any]]", json.loads(done.stdout))
    except (OSError, subprocess.SubprocessError, ValueError):
        return []
