"""Mermaid, DOT and Markdown: plain, deterministic, complete."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from session_fsm.charts import AGENT, CHARTS, CONNECTION, SESSION
from session_fsm.diagrams import coupling, dot, edge_id, mermaid, table

if TYPE_CHECKING:
    from collections.abc import Callable

    from session_fsm.charts import Chart

STATE_LINES = (
    r'state "[^"]+" as \w+',
    r"(\[\*\]|\w+) --> \w+(: [^:;\"]+)?",
    r"classDef \w+ [\w:#,. -]+",
    r"class \w+ \w+",
)
FLOW_LINES = (
    r'cause_\d+\["[^"]+"\](:::\w+)?',
    r'cause_\d+ -->(\|\d\|)? \w+\(\["\w+: \w+"\]\):::\w+',
    r"classDef \w+ [\w:#,. -]+",
)


def lines_of(text: str) -> list[str]:
    assert text.endswith("\n")
    return [line.strip() for line in text.splitlines()]


@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: chart.name)
def test_diagrams_mermaid_of_a_chart_is_plain(chart: Chart[Any]) -> None:
    head, *lines = lines_of(mermaid(chart))
    assert head == "stateDiagram-v2"
    for line in lines:
        assert any(re.fullmatch(pattern, line) for pattern in STATE_LINES), line
    for state in chart.states:
        assert f'state "{state}" as {chart.name}_{state.replace("-", "_")}' in lines
    assert f"[*] --> {chart.name}_{chart.initial}" in lines


def test_diagrams_mermaid_of_the_coupling_is_plain() -> None:
    head, *lines = lines_of(mermaid(coupling()))
    assert head == "flowchart LR"
    for line in lines:
        assert any(re.fullmatch(pattern, line) for pattern in FLOW_LINES), line
    start = next(line.split("[")[0] for line in lines if '["start() is called"]' in line)
    assert f'{start} -->|1| session_start(["session: start"]):::session' in lines
    assert f'{start} -->|2| agent_await_agent(["agent: await_agent"]):::agent' in lines


def test_diagrams_guards_stand_in_brackets() -> None:
    assert "buffering_stopped<br/>[no agent in the room]" in mermaid(AGENT)
    assert r"[agent in the room]" in dot(AGENT)


def test_diagrams_a_long_name_beside_an_arrow_back_is_broken_for_mermaid() -> None:
    text = mermaid(AGENT)
    assert "agent_connecting --> agent_pre_connect_buffering: buffering_<br/>started" in text
    assert "agent_any_1 --> agent_initializing: reported_initializing" in text
    assert "session_dispatching --> session_active: agent_ready" in mermaid(SESSION)


def test_diagrams_dot_has_an_id_for_every_state_and_arrow_for_every_trigger() -> None:
    text = dot(CONNECTION)
    assert 'connection_reconnecting [id="connection_reconnecting", label="reconnecting"]' in text
    for trigger in {edge.trigger for edge in CONNECTION.transitions}:
        assert f'label=" {trigger} "' in text


def test_diagrams_an_arrow_that_leads_back_keeps_its_direction() -> None:
    name = edge_id("session", "ending", "idle")
    line = f'session_idle -> session_ending [id="{name}", label=" room_closed ", dir=back]'
    assert line in dot(SESSION)


def test_diagrams_a_table_has_one_line_for_each_trigger_and_destination() -> None:
    _, _, *rows = lines_of(table(AGENT))
    assert len(rows) == len({(edge.trigger, edge.dest) for edge in AGENT.transitions})
    assert "| `await_agent` | disconnected, failed | connecting |  |" in rows
    assert (
        "| `buffering_stopped` | pre-connect-buffering | initializing | agent in the room |" in rows
    )


def test_diagrams_the_coupling_table_keeps_the_order() -> None:
    row = "| start() is called | session `start`, then agent `await_agent`, then media `close` |"
    assert row in table(coupling())


def test_diagrams_text_is_the_same_in_every_process() -> None:
    program = (
        "from session_fsm.charts import AGENT\n"
        "from session_fsm.diagrams import coupling, dot, mermaid\n"
        "print(mermaid(AGENT), dot(AGENT), mermaid(coupling()), dot(coupling()))"
    )
    texts = {
        subprocess.run(  # noqa: S603 - this interpreter
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(texts) == 1


@pytest.mark.parametrize("draw", [mermaid, dot, table])
def test_diagrams_only_charts_and_sessions_can_be_drawn(draw: Callable[..., str]) -> None:
    with pytest.raises(TypeError, match="not str"):
        draw("session")
    with pytest.raises(TypeError, match="machine"):
        draw(SESSION, machine="session")
