"""The example with a window of Qt, as somebody would use it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("PySide6.QtWidgets", exc_type=ImportError)
pytest.importorskip("qasync")

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "examples" / "qt_window.py"


@pytest.mark.parametrize("arguments", [[], ["--thread"]], ids=["qasync", "thread"])
def test_a_conversation_in_the_window(arguments: list[str]) -> None:
    done = subprocess.run(  # noqa: S603
        [
            sys.executable,
            "-W",
            "error",
            str(ROOT / "tests" / "peers" / "qt_person.py"),
            str(EXAMPLE),
            *arguments,
        ],
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.stdout.splitlines() == ["You: hello", "Agent: echo: hello"], done.stderr
    assert done.returncode == 0, done.stderr
    noise = "This plugin does not support propagateSizeHints()"
    assert [line for line in done.stderr.splitlines() if line != noise] == []


def test_it_is_short() -> None:
    assert len(EXAMPLE.read_text(encoding="utf-8").splitlines()) < 60
