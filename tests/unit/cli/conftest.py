import asyncio
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from session_fsm import TokenSource
from session_fsm.testing import ScriptedAgent

TIMEOUT = 60


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [*os.environ]:
        if name.startswith("LIVEKIT_") or name in {"NO_COLOR", "FORCE_COLOR"}:
            monkeypatch.delenv(name)


@pytest.fixture
def quick() -> ScriptedAgent:
    return ScriptedAgent(
        join_after=0.01, initialize_for=0.01, track_after=0.0, think_for=0.01, word_every=0.01
    )


@pytest.fixture
def access() -> Callable[[ScriptedAgent], list[str]]:
    """The arguments that lead to an agent in this process."""

    def arguments(agent: ScriptedAgent) -> list[str]:
        details = asyncio.run(TokenSource.loopback(agent).fetch())
        return ["--url", details.server_url, "--token", details.participant_token]

    return arguments


Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def command() -> Command:
    """Runs `python -m session_fsm …` to its end."""

    def run(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(  # noqa: S603
            [sys.executable, "-m", "session_fsm", *arguments],
            capture_output=True,
            check=False,
            encoding="utf-8",
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            timeout=TIMEOUT,
        )

    return run


def texts(app: Any) -> list[str]:
    """What the transcript of a live view shows, each with what is noted on it."""
    rows = app.query_one("ChatTranscript").rows
    return [f"{row.text} {row.note}".strip() for row in rows if not row.is_thinking]


def noted(app: Any) -> str:
    """What the program itself has to say."""
    return str(app.query_one("#note").content)
