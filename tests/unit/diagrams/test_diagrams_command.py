"""``session-fsm diagram``."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

import pytest

from session_fsm.charts import AGENT, SESSION
from session_fsm.cli import diagram as command
from session_fsm.diagrams import coupling, dot, mermaid, table
from session_fsm.diagrams.files import NAMES

ROOT = Path(__file__).parents[3]


def call(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    command.add_parser(parser.add_subparsers())
    args = parser.parse_args(["diagram", *arguments])
    code: int = args.run(args)
    return code


def test_diagrams_command_prints_the_session_by_default(capsys: pytest.CaptureFixture[str]) -> None:
    assert call() == 0
    assert capsys.readouterr().out == mermaid(SESSION)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--machine", "agent", "--format", "dot"), dot(AGENT)),
        (("--machine", "agent", "--format", "table"), table(AGENT)),
        (("--machine", "coupling"), mermaid(coupling())),
    ],
)
def test_diagrams_command_prints_what_is_asked_for(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], expected: str
) -> None:
    assert call(*arguments) == 0
    assert capsys.readouterr() == (expected, "")


def test_diagrams_command_offers_everything_that_there_is() -> None:
    assert command.MACHINES == NAMES


def test_diagrams_command_without_graphviz_fails_with_advice(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert call("--format", "svg") == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "install" in err


def test_diagrams_command_check_finds_the_project_fresh(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    assert call("--check") == 0
    assert capsys.readouterr() == ("", "up to date\n")


def test_diagrams_command_check_names_stale_files_and_the_remedy(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert call("--check", str(tmp_path)) == 1
    out, err = capsys.readouterr()
    assert str(tmp_path / "agent.mmd") in out.splitlines()
    assert f"session-fsm diagram --write {tmp_path}" in err


def test_diagrams_command_check_of_no_folder_is_a_usage_error(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert call("--check", str(tmp_path / "nowhere")) == 2
    assert "nowhere" in capsys.readouterr().err


def test_diagrams_command_help_loads_no_charts() -> None:
    program = (
        "import argparse, sys\n"
        "from session_fsm.cli import diagram\n"
        "diagram.add_parser(argparse.ArgumentParser().add_subparsers())\n"
        "sys.exit('session_fsm.charts' in sys.modules or 'transitions' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0  # noqa: S603
