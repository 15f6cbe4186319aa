"""The charts as they move."""

import asyncio
from pathlib import Path

import pytest

from session_fsm import Session, TokenSource
from session_fsm.charts import CHARTS
from session_fsm.recording import Replay, record
from session_fsm.testing import ScriptedAgent
from session_fsm.ui import ChartNow, DiagramModel


def make() -> Session:
    return Session(TokenSource.loopback(ScriptedAgent()))


async def test_each_chart_shows_its_state_and_its_last_edge() -> None:
    async with make() as session:
        with DiagramModel(session) as model:
            assert list(model.charts.value) == [chart.name for chart in CHARTS]
            assert model.charts.value["session"] == ChartNow("idle")
            seen: list[tuple[str, str]] = []
            model.chart("session").subscribe(
                lambda one: seen.append((one.state, one.last.trigger if one.last else ""))
            )
            await session.start()
            await session.end()
            states = [state for state, _ in seen]
            assert states[0] == "idle"
            assert states[-1] == "idle"
            assert ("active", "agent_ready") in seen
            assert seen[-1] == ("idle", "room_closed")
            agent = model.charts.value["agent"]
            assert agent.last is not None
            assert (agent.state, agent.last.trigger) == ("disconnected", "finish")


async def test_the_state_of_every_chart_is_that_of_the_snapshot_at_any_time() -> None:
    async with make() as session:
        with DiagramModel(session) as model:

            def check(charts: dict[str, ChartNow]) -> None:
                now = session.snapshot
                assert charts["session"].state == now.state
                assert charts["connection"].state == now.connection_state
                assert charts["agent"].state == now.agent.state
                for one in charts.values():
                    assert one.last is None or isinstance(one.state, str)

            model.charts.subscribe(check)  # type: ignore[arg-type]
            await session.start()
            await session.send("hello")
            await session.end()


async def test_the_history_is_every_edge_with_its_seconds() -> None:
    async with make() as session:
        with DiagramModel(session) as model:
            told: list[tuple[str, str]] = []
            session.transitions.subscribe(lambda one: told.append((one.machine, one.trigger)))
            await session.start()
            await session.end()
            await session.start()
            history = model.history.value
            assert [(edge.machine, edge.trigger) for edge in history] == told
            starts = [edge for edge in history if edge.trigger == "start"]
            assert [(edge.seconds, edge.epoch) for edge in starts] == [(0.0, 1), (0.0, 2)]
            for epoch in (1, 2):
                seconds = [edge.seconds for edge in history if edge.epoch == epoch]
                assert seconds == sorted(seconds)


async def test_the_history_is_bounded() -> None:
    async with make() as session:
        with DiagramModel(session, keep=3) as model:
            await session.start()
            await session.end()
            assert [edge.trigger for edge in model.history.value] == [
                "finish",
                "disconnected",
                "room_closed",
            ]
    with pytest.raises(ValueError, match="keep must be 1 or more, not 0"):
        DiagramModel(session, keep=0)


async def test_made_late_it_begins_with_the_last_edges() -> None:
    async with make() as session:
        await session.start()
        with DiagramModel(session) as model:
            assert [edge.trigger for edge in model.history.value] == [
                "connected",
                "reported_listening",
                "agent_ready",
            ]
            last = model.charts.value["session"].last
            assert last is not None
            assert last.trigger == "agent_ready"
        with pytest.raises(ValueError, match="there is no chart 'weather', only session"):
            model.chart("weather")


async def test_a_replay_shows_the_same_also_when_it_is_sought(tmp_path: Path) -> None:
    path = tmp_path / "talk.jsonl"
    async with make() as session:
        with DiagramModel(session) as live, record(session, path):
            await session.start()
            await asyncio.sleep(1)
            await session.end()
        shown = live.history.value
    with Replay(path) as replay, DiagramModel(replay) as model:
        while replay.step():
            pass
        assert [(one.machine, one.trigger) for one in model.history.value] == [
            (one.machine, one.trigger) for one in shown
        ]
        replay.rewind()
        assert model.history.value == ()
        assert model.charts.value["agent"] == ChartNow("disconnected")
        replay.seek(seconds=0.9)
        assert model.charts.value["session"].state == "active"
        last = model.charts.value["session"].last
        assert last is not None
        assert last.trigger == "agent_ready"
    with Replay(path) as replay:
        replay.seek(seconds=0.9)
        with DiagramModel(replay) as model:
            replay.rewind()
            while replay.step():
                pass
            seconds = [one.seconds for one in model.history.value]
            assert seconds[0] == 0.0
            assert seconds == sorted(seconds)


async def test_it_completes_with_the_session_or_before() -> None:
    ended: list[str] = []
    async with make() as session:
        first, second = DiagramModel(session), DiagramModel(session)
        first.history.subscribe(None, None, lambda: ended.append("first"))
        second.charts.subscribe(None, None, lambda: ended.append("second"))
        first.close()
        assert ended == ["first"]
    assert ended == ["first", "second"]
