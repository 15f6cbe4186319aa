"""Whatever is wrong with a line: an error of the library names it, and nothing else is raised."""

from __future__ import annotations

import asyncio
import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from session_fsm import Session, TokenSource
from session_fsm.errors import RecordingError
from session_fsm.recording import Replay, record
from session_fsm.testing import ScriptedAgent, run_virtual

if TYPE_CHECKING:
    from pathlib import Path

DAMAGE = (
    *(None, 5, -1, "x", "", True, [], {}, float("inf"), float("nan")),
    *({"$": name} for name in ("events.Start", "events.None", "x", 5)),
    {"$": "opaque", "of": "Track#1"},
    {"$": "roster.Participant", "identity": 5},
    {"$": "map", "of": 5},
)


async def conversation(path: Path) -> None:
    agent = ScriptedAgent()
    async with Session(TokenSource.loopback(agent)) as session:
        with record(session, path):
            await session.start()
            await session.send("hello")
            await asyncio.sleep(5)
            agent.network.drop()
            await asyncio.sleep(1)
            agent.network.restore()
            await asyncio.sleep(5)
            await session.end()
            await session.start()


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    path = tmp_path_factory.mktemp("whole") / "call.jsonl"
    run_virtual(conversation(path))
    return path.read_text().splitlines()


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where every part of the value is, the value itself left out."""
    if isinstance(value, dict):
        inner = value.items()
    elif isinstance(value, list):
        inner = enumerate(value)  # type: ignore[assignment]
    else:
        return []
    return [one for key, held in inner for one in ((*path, key), *places(held, (*path, key)))]


def damaged(line: str, data: st.DataObject) -> str:
    whole = json.loads(line)
    *path, last = data.draw(st.sampled_from(places(whole)))
    inner = whole
    for key in path:
        inner = inner[key]
    if isinstance(inner, dict) and data.draw(st.booleans()):
        del inner[last]
    else:
        inner[last] = data.draw(st.sampled_from(DAMAGE))
    return json.dumps(whole)


@settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_a_damaged_line_is_named_and_nothing_else_is_raised(
    lines: list[str], tmp_path: Path, data: st.DataObject
) -> None:
    number = data.draw(st.one_of(st.just(0), st.integers(0, len(lines) - 1)))
    path = tmp_path / "call.jsonl"
    path.write_text(
        "".join(
            (damaged(line, data) if place == number else line) + "\n"
            for place, line in enumerate(lines)
        )
    )
    try:
        with Replay(path) as replay:
            while replay.step():
                replay.snapshot.to_dict()
            assert replay.duration.value < float("inf")
    except RecordingError as error:
        assert error.kind in {"damaged", "differs", "newer"}  # noqa: PT017 - or nothing is raised
        assert error.kind == "newer" or re.search(r"[Ll]ine \d+", str(error))  # noqa: PT017
