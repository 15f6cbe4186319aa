"""The generated files and the generated parts of the documents are up to date."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from session_fsm.diagrams import files
from session_fsm.diagrams.files import NAMES, check, filled, write
from session_fsm.errors import KINDS

ROOT = Path(__file__).parents[3]


def test_diagrams_everything_generated_is_up_to_date() -> None:
    stale = [str(path) for path in check(ROOT / "diagrams")]
    assert stale == [], "run: session-fsm diagram --write diagrams"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a README, in which Graphviz is not needed."""
    monkeypatch.setattr(files, "svg_of", lambda dot: f"<svg>{to_comment(dot)}</svg>")
    (tmp_path / "README.md").write_text(
        "before\n<!-- diagram:agent -->\nold\n<!-- /diagram:agent -->\nafter\n"
    )
    return tmp_path


def to_comment(dot: str) -> str:
    from session_fsm.diagrams.to_svg import _comment  # noqa: PLC0415

    return _comment(dot)


def test_diagrams_write_makes_all_files_and_then_nothing_more(project: Path) -> None:
    folder = project / "diagrams"
    names = {path.name for path in write(folder)}
    assert names == {f"{n}.{kind}" for n in NAMES for kind in ("mmd", "dot", "svg")} | {"README.md"}
    assert check(folder) == []
    assert write(folder) == []


def test_diagrams_check_names_what_was_touched(project: Path) -> None:
    folder = project / "diagrams"
    write(folder)
    (folder / "agent.dot").write_text("digraph {}")
    (folder / "agent.svg").write_text("<svg/>")
    (folder / "session.mmd").unlink()
    assert [path.name for path in check(folder)] == ["session.mmd", "agent.dot", "agent.svg"]


def test_diagrams_only_what_stands_between_the_markers_is_replaced(project: Path) -> None:
    write(project / "diagrams")
    text = (project / "README.md").read_text()
    assert text.startswith("before\n<!-- diagram:agent -->\n```mermaid\nstateDiagram-v2\n")
    assert text.endswith("```\n<!-- /diagram:agent -->\nafter\n")
    assert "old" not in text


def test_diagrams_documents_without_markers_stay_as_they_are() -> None:
    assert filled("no <!-- comment --> of ours\n") == "no <!-- comment --> of ours\n"


def test_diagrams_a_table_block_has_every_kind_of_error() -> None:
    text = filled("<!-- table:errors -->\n<!-- /table:errors -->\n")
    for error, kinds in KINDS.items():
        for kind, meaning in kinds.items():
            assert f"| `{error}` | `{kind}` | {meaning} |\n" in text


def test_diagrams_a_marker_of_something_unknown_is_an_error() -> None:
    with pytest.raises(ValueError, match="'rooms'"):
        filled("<!-- table:rooms -->\n<!-- /table:rooms -->\n")


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
def test_diagrams_write_draws_with_graphviz(tmp_path: Path) -> None:
    write(tmp_path / "diagrams")
    assert "<svg" in (tmp_path / "diagrams" / "agent.svg").read_text()
