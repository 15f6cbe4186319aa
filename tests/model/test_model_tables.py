"""The charts are the agreed tables: names, states, every arrow in its order, every guard."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from session_fsm.charts import AGENT, CAMERA, CHARTS, CONNECTION, MICROPHONE, SCREEN_SHARE, SESSION
from session_fsm.states import AgentState, ConnectionState, MediaState, SessionState

if TYPE_CHECKING:
    from enum import StrEnum

    from session_fsm.charts import Chart

SESSION_TABLE = [
    ("start", "idle", "fetching-token", None),
    ("token_ready", "fetching-token", "connecting", None),
    ("room_connected", "connecting", "dispatching", None),
    ("agent_ready", "dispatching", "active", None),
    ("agent_lost", "active", "dispatching", None),
    ("hang_up", "dispatching", "ending", None),
    ("hang_up", "active", "ending", None),
    ("end", "fetching-token", "ending", None),
    ("end", "connecting", "ending", None),
    ("end", "dispatching", "ending", None),
    ("end", "active", "ending", None),
    ("fail", "fetching-token", "ending", None),
    ("fail", "connecting", "ending", None),
    ("fail", "dispatching", "ending", None),
    ("fail", "active", "ending", None),
    ("room_closed", "ending", "idle", None),
]
CONNECTION_TABLE = [
    ("connect", "disconnected", "connecting", None),
    ("connected", "connecting", "connected", None),
    ("connection_lost", "connected", "reconnecting", None),
    ("connection_restored", "reconnecting", "connected", None),
    ("disconnected", "connecting", "disconnected", None),
    ("disconnected", "connected", "disconnected", None),
    ("disconnected", "reconnecting", "disconnected", None),
]
AGENT_TABLE = [
    ("await_agent", "disconnected", "connecting", None),
    ("await_agent", "failed", "connecting", None),
    ("buffering_started", "connecting", "pre-connect-buffering", None),
    ("buffering_stopped", "pre-connect-buffering", "connecting", "no agent in the room"),
    ("buffering_stopped", "pre-connect-buffering", "initializing", "agent in the room"),
    ("joined", "connecting", "initializing", None),
    ("reported_initializing", "connecting", "initializing", None),
    ("reported_initializing", "idle", "initializing", None),
    ("reported_initializing", "listening", "initializing", None),
    ("reported_initializing", "thinking", "initializing", None),
    ("reported_initializing", "speaking", "initializing", None),
    ("reported_idle", "connecting", "idle", None),
    ("reported_idle", "initializing", "idle", None),
    ("reported_idle", "listening", "idle", None),
    ("reported_idle", "thinking", "idle", None),
    ("reported_idle", "speaking", "idle", None),
    ("reported_listening", "connecting", "listening", None),
    ("reported_listening", "pre-connect-buffering", "listening", None),
    ("reported_listening", "initializing", "listening", None),
    ("reported_listening", "idle", "listening", None),
    ("reported_listening", "thinking", "listening", None),
    ("reported_listening", "speaking", "listening", None),
    ("reported_thinking", "connecting", "thinking", None),
    ("reported_thinking", "pre-connect-buffering", "thinking", None),
    ("reported_thinking", "initializing", "thinking", None),
    ("reported_thinking", "idle", "thinking", None),
    ("reported_thinking", "listening", "thinking", None),
    ("reported_thinking", "speaking", "thinking", None),
    ("reported_speaking", "connecting", "speaking", None),
    ("reported_speaking", "pre-connect-buffering", "speaking", None),
    ("reported_speaking", "initializing", "speaking", None),
    ("reported_speaking", "idle", "speaking", None),
    ("reported_speaking", "listening", "speaking", None),
    ("reported_speaking", "thinking", "speaking", None),
    ("left", "initializing", "connecting", None),
    ("left", "idle", "connecting", None),
    ("left", "listening", "connecting", None),
    ("left", "thinking", "connecting", None),
    ("left", "speaking", "connecting", None),
    ("finish", "connecting", "disconnected", None),
    ("finish", "pre-connect-buffering", "disconnected", None),
    ("finish", "initializing", "disconnected", None),
    ("finish", "idle", "disconnected", None),
    ("finish", "listening", "disconnected", None),
    ("finish", "thinking", "disconnected", None),
    ("finish", "speaking", "disconnected", None),
    ("fail", "connecting", "failed", None),
    ("fail", "pre-connect-buffering", "failed", None),
    ("fail", "initializing", "failed", None),
    ("fail", "idle", "failed", None),
    ("fail", "listening", "failed", None),
    ("fail", "thinking", "failed", None),
    ("fail", "speaking", "failed", None),
]
MEDIA_TABLE = [
    ("open", "off", "opening", None),
    ("open", "failed", "opening", None),
    ("opened", "opening", "live", None),
    ("mute", "live", "muted", None),
    ("unmute", "muted", "live", None),
    ("close", "opening", "off", None),
    ("close", "live", "off", None),
    ("close", "muted", "off", None),
    ("close", "failed", "off", None),
    ("release", "opening", "off", None),
    ("release", "live", "off", None),
    ("release", "muted", "off", None),
    ("fail", "opening", "failed", None),
    ("fail", "live", "failed", None),
    ("fail", "muted", "failed", None),
]
MEDIA_STATES = ("off", "opening", "live", "muted", "failed")
SESSION_STATES = ("idle", "fetching-token", "connecting", "dispatching", "active", "ending")
CONNECTION_STATES = ("disconnected", "connecting", "connected", "reconnecting")
AGENT_STATES = (
    "disconnected",
    "connecting",
    "pre-connect-buffering",
    "initializing",
    "idle",
    "listening",
    "thinking",
    "speaking",
    "failed",
)


class Agreed(NamedTuple):
    chart: Chart[Any]
    enum: type[StrEnum]
    initial: str
    states: tuple[str, ...]
    table: list[tuple[str, str, str, str | None]]


AGREED = {
    "session": Agreed(SESSION, SessionState, "idle", SESSION_STATES, SESSION_TABLE),
    "connection": Agreed(
        CONNECTION, ConnectionState, "disconnected", CONNECTION_STATES, CONNECTION_TABLE
    ),
    "agent": Agreed(AGENT, AgentState, "disconnected", AGENT_STATES, AGENT_TABLE),
    "microphone": Agreed(MICROPHONE, MediaState, "off", MEDIA_STATES, MEDIA_TABLE),
    "camera": Agreed(CAMERA, MediaState, "off", MEDIA_STATES, MEDIA_TABLE),
    "screen_share": Agreed(SCREEN_SHARE, MediaState, "off", MEDIA_STATES, MEDIA_TABLE),
}
EACH = pytest.mark.parametrize("name", AGREED)


def test_these_are_all_the_charts() -> None:
    assert tuple(AGREED) == tuple(chart.name for chart in CHARTS)


@EACH
def test_a_chart_is_the_agreed_table(name: str) -> None:
    chart, enum, initial, states, table = AGREED[name]
    assert chart.name == name
    assert chart.initial == initial
    assert chart.states == states
    assert [tuple(edge) for edge in chart.transitions] == table
    assert {type(word) for edge in chart.transitions for word in edge} <= {str, type(None)}
    assert [str(state) for state in enum] == list(states)


@EACH
@pytest.mark.parametrize("present", [False, True], ids=["alone", "with the agent"])
def test_a_machine_does_what_its_table_says_and_nothing_else(name: str, *, present: bool) -> None:
    chart, enum, _, _, table = AGREED[name]
    guard = "agent in the room" if present else "no agent in the room"
    wanted = {(row[0], row[1]): row[2] for row in table if row[3] in {None, guard}}
    for state, trigger in product(enum, {trigger for trigger, *_ in table}):
        reached = chart.fire(state, trigger, agent_present=present)
        assert reached == wanted.get((trigger, state.value))
        assert reached is None or type(reached) is enum


@EACH
def test_a_chart_does_not_know_other_triggers(name: str) -> None:
    chart, enum, _, states, table = AGREED[name]
    assert all(chart.fire(state, "fly") is None for state in enum)
    assert repr(chart) == f"<Chart {name}: {len(states)} states, {len(table)} transitions>"


def test_a_guard_asks_for_no_agent_unless_told_otherwise() -> None:
    buffering = AgentState.PRE_CONNECT_BUFFERING
    assert AGENT.fire(buffering, "buffering_stopped") is AgentState.CONNECTING
    assert AGENT.fire(buffering, "buffering_stopped", agent_present=True) is AgentState.INITIALIZING
