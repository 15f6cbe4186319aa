"""Drawings in notebooks: what a front end is offered, and a real notebook that is really run."""

from __future__ import annotations

import importlib.util
import json
import shutil
import warnings
from pathlib import Path
from typing import Any

import pytest
from transitions import Machine

from session_fsm import Session, TokenSource
from session_fsm.charts import SESSION
from session_fsm.diagrams import Drawing, coupling, mermaid, render, table
from session_fsm.testing import run_virtual

NOTEBOOK = Path(__file__).parents[3] / "examples" / "notebook.ipynb"
MOST_LINES = 60
PATIENCE = 120
"""Seconds for one cell; the first one starts a kernel."""

needs_dot = pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")


def lamp() -> Any:
    return Machine(states=["off", "on"], initial="off", transitions=[["press", "off", "on"]])


@needs_dot
def test_diagrams_a_drawing_shows_the_present_in_every_language() -> None:
    machine = lamp()
    drawing = render(machine, None)
    assert isinstance(drawing, Drawing)
    machine.press()
    bundle = drawing._repr_mimebundle_()
    assert bundle["text/plain"] == table(machine)
    assert bundle["text/vnd.mermaid"] == mermaid(machine)
    assert 'id="machine_on" class="node current"' in bundle["image/svg+xml"]
    machine.to_off()
    svg = drawing._repr_svg_()
    assert svg is not None
    assert 'id="machine_off" class="node current"' in svg
    assert 'id="machine_on" class="node"' in svg


@needs_dot
def test_diagrams_a_drawing_asks_graphviz_once(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = lamp()
    drawing = Drawing(machine)
    assert drawing.svg()
    monkeypatch.setenv("PATH", "")
    machine.press()
    assert 'id="machine_on" class="node current"' in drawing.svg()


def test_diagrams_a_drawing_without_graphviz_has_no_svg(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    drawing = Drawing(lamp())
    assert drawing._repr_svg_() is None
    assert set(drawing._repr_mimebundle_()) == {"text/plain", "text/vnd.mermaid"}


def test_diagrams_a_front_end_may_ask_for_some_languages() -> None:
    drawing = Drawing(SESSION)
    assert set(drawing._repr_mimebundle_(include={"text/plain"})) == {"text/plain"}
    assert "text/plain" not in drawing._repr_mimebundle_(exclude={"text/plain"})


@needs_dot
def test_diagrams_the_coupling_is_a_drawing_too() -> None:
    assert "<svg" in Drawing(coupling()).svg()


def test_diagrams_what_cannot_be_drawn_is_refused_at_once() -> None:
    with pytest.raises(TypeError, match="not str"):
        Drawing("session")  # type: ignore[arg-type]


@needs_dot
def test_diagrams_a_drawing_of_a_session_follows_it() -> None:
    async def main() -> tuple[str, str]:
        async with Session(TokenSource.loopback()) as session:
            drawing = Drawing(session, machine="session")
            before = drawing.svg()
            await session.start()
            return before, drawing.svg()

    before, after = run_virtual(main())
    assert 'id="session_idle" class="node current"' in before
    assert 'id="session_active" class="node current"' in after
    assert 'id="session_dispatching" class="node previous"' in after
    assert 'id="session__dispatching____active" class="edge last"' in after


def test_diagrams_the_example_is_short_and_has_no_outputs() -> None:
    cells = [
        cell for cell in json.loads(NOTEBOOK.read_text())["cells"] if cell["cell_type"] == "code"
    ]
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in cells)
    assert sum(len(cell["source"]) for cell in cells) < MOST_LINES


@needs_dot
def test_diagrams_the_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("nbclient", "ipykernel"):
        if importlib.util.find_spec(name) is None:
            pytest.skip(f"no {name}")
    for name in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR"):
        monkeypatch.setenv(name, str(tmp_path / name))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of Jupyter's own making
        import nbformat  # noqa: PLC0415 - it may be missing
        from nbclient import NotebookClient  # noqa: PLC0415 - the same

        notebook = nbformat.read(NOTEBOOK, as_version=4)
        NotebookClient(notebook, timeout=PATIENCE, kernel_name="python3").execute()
    shown = [cell.outputs for cell in notebook.cells if cell.cell_type == "code"]
    fan, everything, live, marked = shown[1], shown[2], shown[3], shown[4]
    assert 'id="fan_on__slow" class="node current"' in fan[0].data["image/svg+xml"]
    assert "to_off" in everything[0].data["text/vnd.mermaid"]
    # The picture of the cell went on to change while the cells below it ran.
    assert 'id="agent_disconnected" class="node current"' in live[0].data["image/svg+xml"]
    assert 'class="edge last"' in live[0].data["image/svg+xml"]
    assert "'session_active': 'current'" in marked[-1].data["text/plain"]
