"""What can be imported, how, and what happens when `stores` is somebody else's."""

import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

import session_fsm

ROOT = Path(session_fsm.__file__).parent.parent
PUBLIC = [
    "AgentError",
    "AgentLeft",
    "AgentState",
    "AgentTimeout",
    "ConnectError",
    "ConnectionDetails",
    "ConnectionState",
    "EncryptionError",
    "EndReason",
    "MediaError",
    "Message",
    "MessageAdded",
    "MessageUpdated",
    "SendError",
    "Session",
    "SessionEnded",
    "SessionError",
    "SessionSnapshot",
    "SessionState",
    "SessionStateError",
    "StaleAgent",
    "TokenError",
    "TokenOptions",
    "TokenSource",
    "Transition",
]


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(session_fsm, name).__name__ == name
    assert name in session_fsm.__all__
    assert name in dir(session_fsm)


def test_all_names_that_are_listed_can_be_loaded() -> None:
    for name in session_fsm.__all__:
        assert getattr(session_fsm, name) is not None


def test_public_modules_need_no_import_of_their_own() -> None:
    code = "import session_fsm; print(session_fsm.charts.SESSION.name, session_fsm.testing.explore)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)  # noqa: S603
    assert shown.stdout.startswith("session <function explore")


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'session_fsm' has no attribute 'Sesion'"):
        _ = session_fsm.Sesion  # type: ignore[attr-defined]


def test_the_version() -> None:
    assert importlib.import_module("session_fsm").__version__.count(".") == 2


@pytest.mark.parametrize("foreign", ["stores.py", "stores/__init__.py"])
def test_somebody_elses_stores_is_named(foreign: str, tmp_path: Path) -> None:
    file = tmp_path / foreign
    file.parent.mkdir(exist_ok=True)
    file.write_text("")
    done = subprocess.run(
        [sys.executable, "-c", "import session_fsm"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "ImportError: session_fsm needs its own package 'stores'" in done.stderr
    assert f"'import stores' would find {file}" in done.stderr
    assert "Rename or uninstall" in done.stderr
