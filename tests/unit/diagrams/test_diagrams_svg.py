"""Pictures: by Graphviz, readable where style sheets are not."""

from __future__ import annotations

import shutil
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest

from session_fsm.charts import CHARTS, CONNECTION
from session_fsm.diagrams import GraphvizError, coupling, dot, svg, to_svg
from session_fsm.diagrams.to_svg import is_drawn_from

if TYPE_CHECKING:
    from session_fsm.charts import Chart

FOLDER = Path(__file__).parents[3] / "diagrams"
SVG = "{http://www.w3.org/2000/svg}"


def fake_dot(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    program = folder / "dot"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


@pytest.mark.parametrize("name", [*(chart.name for chart in CHARTS), "coupling"])
def test_diagrams_the_pictures_are_plain_svg(name: str) -> None:
    root = ET.parse(FOLDER / f"{name}.svg").getroot()  # noqa: S314 - our own file
    assert root.tag == f"{SVG}svg"
    tags = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert tags <= {"svg", "g", "title", "polygon", "path", "text", "ellipse", "polyline"}


@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: chart.name)
def test_diagrams_a_picture_names_every_state_and_trigger(chart: Chart[Any]) -> None:
    root = ET.parse(FOLDER / f"{chart.name}.svg").getroot()  # noqa: S314 - our own file
    words = {(text.text or "").strip() for text in root.iter(f"{SVG}text")}
    assert words >= set(chart.states)
    assert words >= {edge.trigger for edge in chart.transitions}
    ids = {element.get("id") for element in root.iter()}
    assert ids >= {f"{chart.name}_{state.replace('-', '_')}" for state in chart.states}


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
def test_diagrams_svg_knows_the_text_that_it_was_made_of() -> None:
    picture = svg(coupling())
    ET.fromstring(picture)  # noqa: S314 - our own text
    assert is_drawn_from(picture, dot(coupling()))
    assert not is_drawn_from(picture, dot(CONNECTION))


def test_diagrams_without_graphviz_the_error_says_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(GraphvizError, match="apt install graphviz"):
        svg(CONNECTION)


def test_diagrams_an_error_of_graphviz_is_quoted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_dot(tmp_path, monkeypatch, "cat >/dev/null; echo 'no such layout' >&2; exit 1")
    with pytest.raises(GraphvizError, match="no such layout"):
        svg(CONNECTION)


def test_diagrams_a_graphviz_that_hangs_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_dot(tmp_path, monkeypatch, "exec sleep 60")
    monkeypatch.setattr(to_svg, "TIMEOUT", 0.05)
    with pytest.raises(GraphvizError, match="did not answer"):
        svg(CONNECTION)
