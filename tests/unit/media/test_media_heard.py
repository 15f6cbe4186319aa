"""The agent's voice and picture: readers, levels, and where they are played."""

import asyncio
from typing import Any

import pytest

from session_fsm import AudioFrame, MediaError, Session, TokenSource, VideoFrame
from session_fsm.testing import ScriptedAgent
from session_fsm.transports.loopback.media import LoopbackMediaTrack
from unit.media.devices import Loudspeaker


def call(**options: Any) -> tuple[ScriptedAgent, Session]:
    agent = ScriptedAgent(word_every=0.1, think_for=0)
    return agent, Session(TokenSource.loopback(agent), **options)


def show(agent: ScriptedAgent, source: str, track: LoopbackMediaTrack | None) -> None:
    for room in agent.network.rooms.values():
        for one in room.roster:
            room.publish(one.identity, source, track)


async def answered(session: Session, text: str = "one two") -> None:
    await session.send(text)
    await session.wait_until(
        lambda now: any(one.text == f"echo: {text}" and one.final for one in now.messages), 30
    )
    await asyncio.sleep(0.1)


async def test_a_reader_gets_what_the_agent_says_and_ends_with_the_run() -> None:
    _, session = call()
    async with session:
        before = session.agent.audio()
        await session.start()
        reader = session.agent.audio()
        await answered(session)
        await session.end()
        heard = [frame async for frame in reader]
        assert sum(frame.duration for frame in heard) == pytest.approx(0.3)
        assert [frame async for frame in before] == heard
        assert reader.dropped == 0
        assert [frame async for frame in reader] == []


async def test_who_is_late_gets_the_newest_and_knows_what_was_dropped() -> None:
    _, session = call()
    async with session:
        await session.start()
        reader = session.agent.audio(buffer=10)
        every = session.agent.audio()
        await answered(session)
        assert reader.dropped == 20
        await session.end()
        assert [frame async for frame in reader] == [frame async for frame in every][-10:]
        with pytest.raises(ValueError, match="buffer must be 1 or more, not 0"):
            session.agent.audio(0)


async def test_a_reader_that_is_closed_or_forgotten_takes_nothing() -> None:
    _, session = call()
    async with session:
        await session.start()
        session.agent.audio()
        reader = session.agent.audio()
        await reader.aclose()
        await answered(session)
        assert [frame async for frame in reader] == []
        assert len(session._senses.voice._readers) == 1


async def test_nobody_reads_a_track_that_nobody_listens_to() -> None:
    agent, session = call()
    async with session:
        await session.start()
        await answered(session)
        (job,) = agent._jobs
        assert job.track is not None
        assert not job.track.is_listened_to
        reader = session.agent.audio()
        assert job.track.is_listened_to
        del reader
        await session.end()
        assert not job.track.is_listened_to


async def test_it_goes_on_over_another_track_and_a_link_that_was_lost() -> None:
    agent, session = call(agent_return_timeout=None)
    async with session:
        await session.start()
        reader = session.agent.audio()
        first, second = LoopbackMediaTrack(), LoopbackMediaTrack()
        frames = [AudioFrame(bytes([number, 0] * 480)) for number in range(5)]
        show(agent, "microphone", first)
        first.push(frames[0])
        agent.network.drop()
        first.push(frames[1])  # lost
        agent.network.restore()
        first.push(frames[2])
        show(agent, "microphone", second)
        first.push(frames[3])  # nobody's any more
        second.push(frames[4])
        show(agent, "microphone", None)
        await session.end()
        assert [frame async for frame in reader] == [frames[0], frames[2], frames[4]]


async def test_of_pictures_the_newest_one_is_kept() -> None:
    agent, session = call()
    async with session:
        await session.start()
        reader = session.agent.video()
        track = LoopbackMediaTrack()
        show(agent, "camera", track)
        pictures = [VideoFrame(bytes([number] * 4), 1, 1) for number in range(3)]
        for picture in pictures:
            track.push(picture)
        assert await anext(reader) == pictures[2]
        assert reader.dropped == 2
        track.push(AudioFrame.silence(0.01))
        track.push(pictures[0])
        assert await anext(reader) == pictures[0]


async def test_the_level_rises_with_the_voice_and_falls_with_it() -> None:
    _, session = call()
    levels: list[float] = []
    shapes: list[tuple[float, ...]] = []
    async with session:
        session.agent.level.subscribe(levels.append)
        session.agent.waveform(12).subscribe(shapes.append)
        bands = session.agent.bands(3, 200, 800)
        await session.start()
        assert session.agent.level.value == 0.0
        assert bands.value == (0.0, 0.0, 0.0)
        await session.send("one two three four five six")
        await session.wait_until(lambda now: now.agent.state == "speaking", 10)
        await asyncio.sleep(0.5)
        assert session.agent.level.value > 0.3
        low, middle, high = bands.value
        assert middle > max(low, high)
        await session.wait_until(lambda now: now.agent.state == "listening", 10)
        await asyncio.sleep(0.2)
        assert session.agent.level.value == 0.0
        assert bands.value == (0.0, 0.0, 0.0)
        await session.end()
    assert len(levels) < 40
    ends: list[str] = []
    for meter in (session.agent.level, bands):
        meter.subscribe(on_completed=lambda: ends.append("completed"))
    assert ends == ["completed"] * 2
    assert len(shapes[1]) == 12
    assert session.agent.level is session.agent.level
    for wrong in ((0, 100, 200), (3, 200, 200), (3, -1, 200)):
        with pytest.raises(ValueError, match="bands must be 1 or more"):
            session.agent.bands(*wrong)
    with pytest.raises(ValueError, match="bars must be 1 or more"):
        session.agent.waveform(0)


async def test_the_voice_is_played_in_every_run() -> None:
    speaker = Loudspeaker()
    _, session = call(audio_output=speaker)
    async with session:
        for _ in range(2):
            await session.start()
            await answered(session)
            await session.end()
    assert speaker.did == ["open", "write", "interrupt", "close", "open", "interrupt", "close"]
    assert speaker.seconds == pytest.approx(0.6)
    assert session.playback.dropped == 0
    assert repr(session.playback) == "<Playback on loudspeaker, 0 dropped>"


async def test_an_output_that_is_too_slow_drops_and_counts() -> None:
    speaker = Loudspeaker(slow=0.1)
    _, session = call(audio_output=speaker)
    async with session:
        await session.start()
        await answered(session, " ".join(["word"] * 30))
        assert session.playback.dropped > 100
        before = session.playback.dropped
        await session.end()
        assert session.playback.dropped >= before


@pytest.mark.parametrize("where", ["open", "write", "close", "interrupt"])
async def test_an_output_that_fails_is_data_and_nothing_else(where: str) -> None:
    speaker = Loudspeaker(fails=where)
    _, session = call(audio_output=speaker)
    seen: list[str] = []
    session.playback.failure.subscribe(lambda error: seen.append(str(error)))
    async with session:
        await session.start()
        await answered(session)
        await answered(session, "still there")
        await session.end()
        if where in {"open", "write"}:
            failure = session.playback.failure.value
            assert isinstance(failure, MediaError)
            assert str(failure) == f"loudspeaker failed: OSError: no {where}."
        speaker.fails = ""
        await session.start()
        assert session.playback.failure.value is None
        await answered(session)
    assert ("interrupt" in speaker.did) is True


async def test_an_interruption_reaches_the_output() -> None:
    speaker = Loudspeaker()
    _, session = call(audio_output=speaker)
    async with session:
        await session.start()
        session.playback.interrupt()
        assert speaker.did == ["open", "interrupt"]
    _, other = call()
    async with other:
        await other.start()
        other.playback.interrupt()
        assert repr(other.playback) == "<Playback nowhere, 0 dropped>"
