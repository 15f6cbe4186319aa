"""A picture that is there already is lit up."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from session_fsm.charts import AGENT, CHARTS, SESSION, Edge
from session_fsm.diagrams import Overview, boxes, coupling, diagram, highlight, marks, node_id, svg

if TYPE_CHECKING:
    from typing import Any

    from session_fsm.charts import Chart

pytestmark = pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")


def classes(picture: str) -> dict[str, list[str]]:
    root = ET.fromstring(picture)  # noqa: S314 - our own text
    return {one.get("id", ""): one.get("class", "").split() for one in root.iter()}


@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: chart.name)
def test_diagrams_every_transition_has_an_element_that_can_be_lit(chart: Chart[Any]) -> None:
    still = svg(chart)
    for trigger, source, dest, _ in chart.transitions:
        moved = diagram(chart, current=dest, last=Edge(trigger, source, dest))
        lit = {name: mark for name, mark in marks(moved).items() if mark != "previous"}
        arrow = moved.edge(source, dest, trigger)
        assert lit == {node_id(chart.name, dest): "current", arrow: "last"}
        assert lit.keys() <= classes(still).keys()


def test_diagrams_highlight_adds_classes_and_a_style() -> None:
    moved = diagram(SESSION, current="active", last=Edge("agent_ready", "dispatching", "active"))
    lit = highlight(svg(SESSION), moved)
    found = classes(lit)
    assert found["session_active"] == ["node", "current"]
    assert found["session_dispatching"] == ["node", "previous"]
    assert found["session__dispatching____active"] == ["edge", "last"]
    assert found["session_idle"] == ["node"]
    assert lit.count("<style>") == 1
    assert lit.count('class="session-fsm"') == 1


def test_diagrams_highlight_forgets_what_was_lit_before() -> None:
    still = svg(SESSION)
    once = highlight(still, diagram(SESSION, current="active"))
    assert highlight(once, diagram(SESSION, current="idle")) == highlight(
        still, diagram(SESSION, current="idle")
    )


def test_diagrams_highlight_lights_one_picture_of_several_charts() -> None:
    charts = Overview((diagram(SESSION, current="idle"), diagram(AGENT, current="idle")))
    found = classes(highlight(svg(charts.unmarked()), charts))
    assert found["session_idle"] == found["agent_idle"] == ["node", "current"]


def test_diagrams_nothing_of_the_coupling_is_lit() -> None:
    assert marks(coupling()) == {}


def test_diagrams_an_unmarked_drawing_is_that_of_the_chart() -> None:
    moved = diagram(SESSION, current="active", last=Edge("agent_ready", "dispatching", "active"))
    assert moved.unmarked() == diagram(SESSION)


def test_diagrams_boxes_are_where_the_words_are() -> None:
    picture = svg(AGENT)
    found = boxes(picture)
    assert set(found) >= {node_id("agent", state) for state in AGENT.states}
    root = ET.fromstring(picture)  # noqa: S314 - our own text
    left, top, width, height = map(float, root.get("viewBox", "").split())
    assert (left, top) == (0, 0)
    name = "{http://www.w3.org/2000/svg}"
    for group in root.iter(f"{name}g"):
        box = found.get(group.get("id", ""))
        if box is not None:
            assert 0 <= box.x < box.x + box.width <= width
            assert 0 <= box.y < box.y + box.height <= height
    ordered = [node_id("agent", state) for state in ("disconnected", "connecting", "initializing")]
    assert sorted(ordered, key=lambda one: found[one].y) == ordered


def test_diagrams_boxes_of_something_else_are_refused() -> None:
    with pytest.raises(ValueError, match="no SVG"):
        boxes("<svg")
