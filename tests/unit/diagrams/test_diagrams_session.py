"""A running session is drawn with its current states and last transitions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from session_fsm import Session, TokenSource
from session_fsm.diagrams import dot, mermaid, table
from session_fsm.testing import run_virtual

if TYPE_CHECKING:
    from collections.abc import Callable


def drawn_while_active(draw: Callable[..., str], **options: str) -> tuple[str, str]:
    async def main() -> tuple[str, str]:
        async with Session(TokenSource.loopback()) as session:
            before = draw(session, **options)
            await session.start()
            return before, draw(session, **options)

    return run_virtual(main())


def test_diagrams_mermaid_of_a_session_shows_three_charts_and_where_they_stand() -> None:
    before, after = drawn_while_active(mermaid)
    assert before.splitlines()[0] == "stateDiagram-v2"
    for machine in ("session", "connection", "agent"):
        assert f"    state {machine} {{\n" in before
    assert "class session_idle current\n" in before
    assert "class agent_disconnected current\n" in before
    assert "»" not in before
    assert "class session_active current\n" in after
    assert "class session_dispatching previous\n" in after
    assert "class connection_connected current\n" in after
    assert "session_dispatching --> session_active: » agent_ready\n" in after
    assert after.count("»") == 3


def test_diagrams_one_machine_of_a_session() -> None:
    _, after = drawn_while_active(mermaid, machine="agent")
    assert "class agent_listening current\n" in after
    assert "session_" not in after


def test_diagrams_dot_of_a_session_highlights_and_keeps_ids() -> None:
    before, after = drawn_while_active(dot)
    plain = 'session_active [id="session_active", label="active"]'
    assert plain in before
    assert plain not in after
    assert 'session_active [id="session_active", label="active", fillcolor=' in after
    assert before.count("subgraph cluster_") == 6


def test_diagrams_table_of_a_session_names_the_state() -> None:
    _, after = drawn_while_active(table)
    assert "session: **active**\n" in after
    assert "| » `agent_ready` (from dispatching) | dispatching | active |  |" in after


def test_diagrams_an_unknown_machine_is_refused() -> None:
    with pytest.raises(ValueError, match="'agent'"):
        mermaid(Session(TokenSource.loopback()), machine="room")
