"""`session-fsm diagram --serve` with a real agent on a real server."""

import json
import os
import shutil
import signal
import subprocess
import sys
import urllib.request
from typing import Any

import pytest

from peers.admin import API_KEY, API_SECRET
from peers.fixtures import Stack

PATIENCE = 60
"""Seconds for what takes one or two."""

pytestmark = pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")


def read(address: str) -> str:
    with urllib.request.urlopen(address, timeout=PATIENCE) as answer:  # noqa: S310 - loopback
        text: str = answer.read().decode()
    return text


def told(address: str) -> list[dict[str, Any]]:
    """What the page is told until the agent listens."""
    found: list[dict[str, Any]] = []
    with urllib.request.urlopen(f"{address}events", timeout=PATIENCE) as stream:  # noqa: S310
        for line in stream:
            if line.startswith(b"data: "):
                found.append(json.loads(line.removeprefix(b"data: ")))
                if found[-1]["failure"] or found[-1]["states"]["agent"] == "listening":
                    break
    return found


def test_a_session_on_a_server_lights_up_the_page(stack: Stack) -> None:
    key = {"LIVEKIT_API_KEY": API_KEY, "LIVEKIT_API_SECRET": API_SECRET}
    arguments = ["--serve", "--url", stack.url, "--agent", stack.worker.agent_name]
    with subprocess.Popen(  # noqa: S603 - this interpreter
        [sys.executable, "-m", "session_fsm", "diagram", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **key},
    ) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().strip()
            page, seen = read(address), told(address)
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=PATIENCE)
        finally:
            process.kill()
    assert seen[-1]["failure"] is None
    assert seen[-1]["marks"]["agent_listening"] == "current"
    assert seen[-1]["states"]["connection"] == "connected"
    assert process.returncode == 130
    for text in (page, err, json.dumps(seen)):
        assert API_SECRET not in text
        assert "eyJ" not in text
