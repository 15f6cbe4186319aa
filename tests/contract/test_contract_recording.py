"""A recorded session is played again: the same snapshots, in the same order."""

import asyncio
from pathlib import Path

import pytest

from contract.calls import PATIENCE, converse, watched
from contract.sides import Side
from session_fsm import Session, SessionSnapshot, SessionState
from session_fsm.recording import Replay, record


def shown(now: SessionSnapshot) -> tuple[object, ...]:
    return now.to_dict(), tuple(now.messages), [one.identity for one in now.roster]


@pytest.mark.parametrize("how", ["resumed", "rebuilt"])
async def test_a_recording_replays_to_the_same_snapshots(
    side: Side, how: str, tmp_path: Path
) -> None:
    path = tmp_path / "call.jsonl"
    session = Session(side.source())
    async with asyncio.timeout(120):
        async with session:
            with watched(session) as live, record(session, path):
                await session.start()
                await converse(session, "before")
                await side.break_link(session, how)
                await side.mend_link(session)
                await session.wait_until(
                    lambda now: now.state is SessionState.ACTIVE and not now.is_reconnecting,
                    PATIENCE,
                )
                await converse(session, "afterwards")
                await session.end()
                await session.start()
                await converse(session, "once more")
                await session.end()
        with Replay(path, speed=1000) as replay, watched(replay) as again:  # type: ignore[arg-type]
            await replay.play()
    assert [shown(now) for now in again] == [shown(now) for now in live]
    assert {now.epoch for now in again} == {0, 1, 2}
    assert any(now.is_reconnecting for now in again)
