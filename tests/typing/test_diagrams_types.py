"""What type checkers are told about diagrams; the checkers are the test."""

from __future__ import annotations

import shutil
from typing import assert_type

import pytest
from transitions import Machine

from session_fsm import Session, TokenSource
from session_fsm.charts import AGENT, Edge
from session_fsm.diagrams import (
    Box,
    Diagram,
    Drawing,
    boxes,
    coupling,
    diagram,
    highlight,
    marks,
    render,
    svg,
)


def test_whatever_can_be_drawn() -> None:
    machine = Machine(states=["a", "b"], initial="a")
    session = Session(TokenSource.loopback())
    assert_type(render(machine), str)
    assert_type(render(session, "table", machine="agent"), str)
    assert_type(render(coupling(), None), Drawing)
    assert_type(diagram(machine, model=machine, current=["a"]), Diagram)
    assert_type(diagram(AGENT, current="idle", last=Edge("reported_idle", "a", "idle")), Diagram)


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
def test_what_is_lit() -> None:
    session = Session(TokenSource.loopback())
    assert marks(session)["session_idle"] == "current"
    still = svg(AGENT)
    assert_type(boxes(still), dict[str, Box])
    assert_type(highlight(still, session, machine="agent"), str)
