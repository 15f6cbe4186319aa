"""A recording of a conversation in virtual time, and what can be done with it."""

# ruff: noqa: ASYNC240 - a test may wait for a file

import asyncio
import json
from pathlib import Path

import pytest

from session_fsm import RecordingError, Session, SessionSnapshot, TokenSource
from session_fsm.diagrams import mermaid
from session_fsm.recording import Replay, StandIn, record
from session_fsm.states import SessionState
from session_fsm.testing import ScriptedAgent

SECRET = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1c2VyIn0.c2lnbmF0dXJl"


def shown(now: SessionSnapshot) -> tuple[object, ...]:
    return now.to_dict(), tuple(now.messages)


async def talk(session: Session, agent: ScriptedAgent, text: str = "hello") -> None:
    await session.start()
    await session.send(text)
    await session.wait_until(lambda now: any(m.sender == "agent" and m.final for m in now.messages))
    agent.network.drop()
    await asyncio.sleep(1)
    agent.network.restore()
    await asyncio.sleep(1)
    await session.end()


async def recorded(path: Path, text: str = "hello", runs: int = 2) -> list[SessionSnapshot]:
    agent = ScriptedAgent()
    seen: list[SessionSnapshot] = []
    async with Session(TokenSource.loopback(agent)) as session:
        session.snapshots.subscribe(seen.append)
        with record(session, path):
            for _ in range(runs):
                await talk(session, agent, text)
    return seen


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "call.jsonl"


async def test_a_replay_shows_every_snapshot_of_the_session_in_its_order(path: Path) -> None:
    live = await recorded(path)
    seen: list[SessionSnapshot] = []
    with Replay(path) as replay:
        replay.snapshots.subscribe(seen.append)
        await replay.play()
        assert [shown(now) for now in seen] == [shown(now) for now in live]
        assert len(seen) > 30


async def test_transitions_and_changes_of_messages_are_told_as_in_the_session(path: Path) -> None:
    agent = ScriptedAgent()
    async with Session(TokenSource.loopback(agent)) as session:
        moved: list[object] = []
        said: list[object] = []
        session.transitions.subscribe(lambda one: moved.append(one[:-1]))
        session.messages.events.subscribe(said.append)
        with record(session, path):
            await talk(session, agent)
        last = dict(session.last_transitions)
    with Replay(path) as replay:
        again: list[object] = []
        said_again: list[object] = []
        replay.transitions.subscribe(lambda one: again.append(one[:-1]))
        replay.messages.events.subscribe(said_again.append)
        while replay.step():
            pass
        assert again == moved
        assert said_again == said
        assert {name: one[:-1] for name, one in replay.last_transitions.items()} == {
            name: one[:-1] for name, one in last.items()
        }


@pytest.mark.parametrize("speed", [1.0, 4.0, 0.5])
async def test_playing_takes_as_long_as_it_took_divided_by_the_speed(
    path: Path, speed: float
) -> None:
    loop = asyncio.get_running_loop()
    at: dict[int, float] = {}
    agent = ScriptedAgent()
    async with Session(TokenSource.loopback(agent)) as session:
        await asyncio.sleep(3)
        with record(session, path):
            began = loop.time()
            session.snapshots.subscribe(lambda now: at.setdefault(now.seq, loop.time() - began))
            await asyncio.sleep(2)
            await talk(session, agent)
    with Replay(path, speed) as replay:
        began = loop.time()
        again: dict[int, float] = {}
        replay.snapshots.subscribe(lambda now: again.setdefault(now.seq, loop.time() - began))
        await replay.play()
        assert again == pytest.approx({seq: when / speed for seq, when in at.items()}, abs=1e-4)
        assert replay.position.value == replay.duration.value == pytest.approx(max(at.values()))
        assert not replay.is_playing.value


async def test_every_snapshot_can_be_gone_back_to(path: Path) -> None:
    live = await recorded(path, runs=8)
    assert len(live) > 130  # more than two checkpoints
    with Replay(path) as replay:
        replay.seek(seq=live[-1].seq)
        for now in [*live[::-7], *live[::11]]:
            replay.seek(seq=now.seq)
            assert shown(replay.snapshot) == shown(now)
        replay.seek(seq=live[-1].seq)
        for now in live[-2::-1]:
            assert replay.back()
            assert shown(replay.snapshot) == shown(now)
        assert not replay.back()


async def test_seeking_restores_the_last_transitions_that_drawings_show(path: Path) -> None:
    live = await recorded(path)
    with Replay(path) as replay:
        drawn = {}
        while replay.step():
            drawn[replay.snapshot.seq] = mermaid(replay)
        for now in live[:0:-5]:
            replay.seek(seq=now.seq)
            assert mermaid(replay) == drawn[now.seq]


async def test_a_pause_in_the_middle_keeps_the_position(path: Path) -> None:
    await recorded(path)
    loop = asyncio.get_running_loop()
    with Replay(path) as replay:
        began = loop.time()
        playing = asyncio.create_task(replay.play())
        await asyncio.sleep(0.7)
        assert replay.is_playing.value
        replay.pause()
        assert not replay.is_playing.value
        assert replay.position.value == pytest.approx(0.7)
        await playing
        await asyncio.sleep(50)
        assert replay.position.value == pytest.approx(0.7)
        await replay.play()
        assert loop.time() - began - 50 == pytest.approx(replay.duration.value, abs=1e-4)


async def test_playing_again_right_after_a_pause_plays(path: Path) -> None:
    await recorded(path)
    with Replay(path) as replay:
        first = asyncio.create_task(replay.play())
        await asyncio.sleep(0.5)
        replay.pause()
        second = asyncio.create_task(replay.play())
        await asyncio.sleep(0.1)
        assert first.done()
        assert not second.done()
        assert replay.is_playing.value
        await asyncio.gather(second, replay.play())
        assert replay.is_at_end


async def test_seeking_while_it_plays_goes_on_from_there(path: Path) -> None:
    await recorded(path)
    loop = asyncio.get_running_loop()
    with Replay(path) as replay:
        playing = asyncio.create_task(replay.play())
        await asyncio.sleep(0.2)
        replay.seek(seconds=replay.duration.value - 0.5)
        began = loop.time()
        await playing
        assert loop.time() - began == pytest.approx(0.5, abs=1e-4)


async def test_cancelling_the_playing_pauses(path: Path) -> None:
    await recorded(path)
    with Replay(path) as replay:
        playing = asyncio.create_task(replay.play())
        await asyncio.sleep(0.2)
        playing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await playing
        assert not replay.is_playing.value
        await replay.play()
        assert replay.is_at_end


async def test_closing_ends_playing_and_all_waits(path: Path) -> None:
    await recorded(path)
    replay = Replay(path)
    playing = asyncio.create_task(replay.play())
    waiting = asyncio.create_task(replay.wait_until(lambda now: now.epoch == 9))
    await asyncio.sleep(0.01)
    replay.close()
    await playing
    with pytest.raises(Exception, match="closed"):
        await waiting
    with pytest.raises(Exception, match="closed"):
        replay.step()


async def test_waits_work_on_a_replay(path: Path) -> None:
    await recorded(path)
    with Replay(path) as replay:
        playing = asyncio.create_task(replay.play())
        await replay.wait_until(lambda now: now.state is SessionState.ACTIVE, 10)
        await replay.agent.wait_until_connected(10)
        await playing


async def test_a_recording_begins_in_the_middle_of_a_message(path: Path) -> None:
    agent = ScriptedAgent()
    seen: list[SessionSnapshot] = []
    async with Session(TokenSource.loopback(agent)) as session:
        await session.start()
        await session.send("one two three four")
        await session.wait_until(
            lambda now: any(m.sender == "agent" and not m.final for m in now.messages)
        )
        session.snapshots.subscribe(seen.append)
        recording = record(session, path)
        await asyncio.sleep(5)
        await session.end()
    assert not recording.is_open
    with Replay(path) as replay:
        again: list[SessionSnapshot] = []
        replay.snapshots.subscribe(again.append)
        while replay.step():
            pass
        assert [shown(now) for now in again] == [shown(now) for now in seen]
        assert len(seen) > 5


async def test_an_observer_may_start_and_close_recordings(path: Path) -> None:
    agent = ScriptedAgent()
    async with Session(TokenSource.loopback(agent)) as session:

        def look(now: SessionSnapshot) -> None:
            if now.state is SessionState.CONNECTING:
                opened.append(record(session, path))
            elif now.state is SessionState.ACTIVE and opened[0].is_open:
                opened[0].close()

        opened: list[object] = []  # type: ignore[no-redef]
        session.snapshots.subscribe(look)
        await session.start()
    with Replay(path) as replay:
        assert replay.snapshot.state is SessionState.CONNECTING
        while replay.step():
            pass
        assert replay.snapshot.state is SessionState.DISPATCHING


async def test_no_secret_is_in_the_file(path: Path) -> None:
    await recorded(path, f"my token is {SECRET}")
    written = path.read_text()
    assert SECRET not in written
    assert "my token is" in written
    assert not path.stat().st_mode & 0o077
    with Replay(path) as replay:
        while replay.step():
            pass


async def test_a_full_disk_stops_the_recording_and_not_the_session(
    caplog: pytest.LogCaptureFixture,
) -> None:
    agent = ScriptedAgent()
    async with Session(TokenSource.loopback(agent)) as session:
        recording = record(session, "/dev/full")
        await talk(session, agent)
        assert not recording.is_open
        recording.close()
    errors = [one for one in caplog.records if one.levelname == "ERROR"]
    assert len(errors) == 1
    assert "No space left" in errors[0].getMessage()


async def test_every_line_is_in_the_file_at_once(path: Path) -> None:
    agent = ScriptedAgent()
    async with Session(TokenSource.loopback(agent)) as session:
        recording = record(session, path)
        await session.start()
        with Replay(path) as replay:
            replay.seek(seconds=1e9)
            assert replay.snapshot.state is SessionState.ACTIVE
            assert shown(replay.snapshot) == shown(session.snapshot)
        recording.dispose()


async def test_people_can_read_it(path: Path) -> None:
    await recorded(path, runs=1)
    header, *lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert header["format"] == "session-fsm-recording"
    assert lines[0]["event"] == {"$": "events.Start"}
    assert ["session", "start", "idle", "fetching-token"] in lines[0]["transitions"]
    assert lines[0]["changes"]["state"] == "fetching-token"
    assert lines[0]["changes"]["agent"]["state"] == "connecting"
    assert [one["seq"] for one in lines] == list(range(1, len(lines) + 1))


async def test_tracks_are_stand_ins_that_stay_the_same(path: Path) -> None:
    live = await recorded(path, runs=1)
    with Replay(path) as replay:
        names: dict[int, object] = {}
        while replay.step():
            track = replay.agent.microphone_track.value
            original = live[replay.snapshot.seq].agent.microphone_track
            assert (track is None) == (original is None)
            if track is not None:
                assert isinstance(track, StandIn)
                assert names.setdefault(id(original), track) is track
        assert names


async def test_what_a_crash_left_of_the_last_line_is_left_out(path: Path) -> None:
    live = await recorded(path, runs=1)
    whole = path.read_bytes()
    path.write_bytes(whole[:-9])
    with Replay(path) as replay:
        while replay.step():
            pass
        assert replay.snapshot.seq == live[-2].seq


async def change(path: Path, line: int, old: str, new: str) -> None:
    await recorded(path, runs=1)
    lines = path.read_text().splitlines(keepends=True)
    assert old in lines[line - 1]
    lines[line - 1] = lines[line - 1].replace(old, new)
    path.write_text("".join(lines))


async def test_keys_of_a_newer_version_are_left_out(path: Path) -> None:
    await change(path, 2, '"$":"events.Start"', '"$":"events.Start","why":{"$":"new.Thing"}')
    with Replay(path) as replay:
        assert replay.step()


async def test_a_newer_format_is_refused(path: Path) -> None:
    await change(path, 1, '"version":1', '"version":2')
    with pytest.raises(RecordingError, match="install that version or a newer one") as caught:
        Replay(path)
    assert caught.value.kind == "newer"


@pytest.mark.parametrize(
    ("line", "old", "new", "why"),
    [
        (3, '"seq":2', '"seq":7', "line 3: seq 7 does not follow"),
        (4, '"seq"', "", "line 4: "),
        (5, '"at"', '"when"', "line 5: 'at' is missing"),
        (1, "session-fsm-recording", "something", "line 1: no recording"),
        (1, "{", "[", "line 1: "),
    ],
)
async def test_a_damaged_line_is_named(path: Path, line: int, old: str, new: str, why: str) -> None:
    await change(path, line, old, new)
    with pytest.raises(RecordingError, match=why) as caught:
        Replay(path)
    assert caught.value.kind == "damaged"


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("events.Start", "events.Restart", "line 2: there is no 'events.Restart'"),
        ("events.Start", "cli.demo.Start", "line 2: there is no"),
        ("events.Start", "snapshot.Deadline", "line 2: Deadline is no event"),
        ("events.Start", "events.End", "Line 2 changes nothing in this version"),
    ],
)
async def test_an_event_that_cannot_be_played_is_named(
    path: Path, old: str, new: str, why: str
) -> None:
    await change(path, 2, old, new)
    with Replay(path) as replay:
        with pytest.raises(RecordingError, match=why):
            await replay.play()
        assert replay.position.value == 0.0


def test_an_empty_file_is_no_recording(path: Path) -> None:
    path.touch()
    with pytest.raises(RecordingError, match="line 1"):
        Replay(path)
