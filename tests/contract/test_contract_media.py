"""What is sent and heard: the microphone in all its states, and the agent's voice."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from contract.calls import PATIENCE, converse, said, until
from contract.sides import Side
from contract.sound import Recording, tone_file
from session_fsm import (
    AudioFrame,
    FrameInput,
    MediaError,
    MediaState,
    Session,
    SilenceInput,
    ToneInput,
    WavInput,
    WavOutput,
)
from session_fsm.media.pace import FRAME_SECONDS


def heard_seconds(session: Session) -> list[float]:
    """How long the agent took each thing to be that was said to it."""
    texts = [one.text for one in session.messages.value if one.sender == "user" and one.final]
    return [float(text.split()[1][:-1]) for text in texts if text.startswith("heard ")]


async def understood(session: Session, seconds: float, *, before: int = 0) -> None:
    """Wait until so much was heard since then, in one piece or, on a busy machine, in several."""
    await session.wait_until(
        lambda _: sum(heard_seconds(session)[before:]) >= seconds - 0.3, PATIENCE
    )
    assert sum(heard_seconds(session)[before:]) == pytest.approx(seconds, abs=0.5)


@pytest.mark.parametrize("channels", [1, 2])
async def test_what_is_spoken_is_heard_and_the_answer_recorded(
    side: Side, tmp_path: Path, channels: int
) -> None:
    side.speaks_at_length()
    spoken = tone_file(tmp_path / "in.wav", 1.5, channels=channels)
    session = Session(side.source(), audio_output=WavOutput(tmp_path / "out.wav"))
    async with asyncio.timeout(60), session:
        await session.start(microphone=SilenceInput())
        await session.wait_until(lambda now: now.media.microphone.state == "live", PATIENCE)
        await session.local.microphone.switch(WavInput(spoken))
        await understood(session, 1.5)
        answer = await said(session, f"echo: heard {heard_seconds(session)[0]:.1f}s")
        assert answer.sender == "agent"
        await session.agent.wait_until_connected()
        await session.wait_until(lambda now: now.agent.state == "listening", PATIENCE)
        await asyncio.sleep(0.3)  # for what is still on its way
    recording = Recording(tmp_path / "out.wav")
    assert recording.pitch() == pytest.approx(440, abs=3)
    print(f"\n{side.name}: the longest gap {recording.longest_gap() * 1000:.1f} ms")
    assert len(recording.spoken()) / recording.rate == pytest.approx(0.3, abs=0.2)
    assert recording.longest_gap() < 0.25  # below 0.06 where nothing else runs
    assert session.playback.dropped == 0


async def test_muted_it_is_not_heard_and_can_be_heard_again_twenty_times(side: Side) -> None:
    session = Session(side.source())
    microphone = session.local.microphone
    async with asyncio.timeout(90), session:
        await session.start()
        await converse(session)
        await microphone.switch(ToneInput(volume=0.0))
        await microphone.set_enabled(True)
        for _ in range(20):
            await microphone.mute()
            assert microphone.state.value is MediaState.MUTED
            await microphone.unmute()
            assert microphone.state.value is MediaState.LIVE
        await microphone.mute()
        await microphone.switch(ToneInput())
        await asyncio.sleep(1.0)
        assert heard_seconds(session) == []
        await microphone.unmute()
        await asyncio.sleep(1.0)
        await microphone.switch(SilenceInput())
        await understood(session, 1.0)


async def test_another_input_goes_on_on_the_same_track(side: Side) -> None:
    session = Session(side.source())
    microphone = session.local.microphone
    async with asyncio.timeout(60), session:
        await session.start()
        await converse(session)
        await microphone.switch(ToneInput())
        await microphone.set_enabled(True)
        track = microphone.track.value
        assert track is not None
        assert microphone.device.value == "tone of 440 Hz"
        await asyncio.sleep(0.5)
        await microphone.switch(ToneInput(300.0, sample_rate=16_000))
        await asyncio.sleep(0.5)
        await microphone.switch(SilenceInput())
        assert microphone.device.value == "silence"
        assert microphone.track.value is track
        await understood(session, 1.0)


async def test_turned_off_and_on_again_it_is_heard_again(side: Side) -> None:
    session = Session(side.source())
    microphone = session.local.microphone
    async with asyncio.timeout(60), session:
        await session.start()
        await converse(session)
        for _ in range(2):
            before = len(heard_seconds(session))
            frames = FrameInput()
            await microphone.switch(frames)
            await microphone.set_enabled(True)
            await session.wait_until(lambda now: len(now.local.tracks) == 1, PATIENCE)
            await speak(frames, 1.0)
            await understood(session, 1.0, before=before)
            await microphone.set_enabled(False)
            assert microphone.state.value is MediaState.OFF
            assert microphone.track.value is None
            assert microphone.device.value is None
            await session.wait_until(lambda now: not now.local.tracks, PATIENCE)


async def speak(frames: FrameInput, seconds: float) -> None:
    """So long a tone, and the silence after which it counts as said."""
    for source, length in ((ToneInput(), seconds), (SilenceInput(), 0.8)):
        async with source.open() as sound:
            for _ in range(round(length / FRAME_SECONDS)):
                await frames.put(await anext(sound))


class Broken:
    """Fails when it is opened, or after so many frames."""

    name = "broken microphone"

    def __init__(self, frames: int | None, error: Exception) -> None:
        self.frames = frames
        self.error = error
        self.is_open = False

    @asynccontextmanager
    async def open(self) -> AsyncIterator[AsyncIterator[AudioFrame]]:
        if self.frames is None:
            raise self.error
        self.is_open = True
        try:
            yield self._frames(self.frames)
        finally:
            self.is_open = False

    async def _frames(self, count: int) -> AsyncIterator[AudioFrame]:
        for _ in range(count):
            yield AudioFrame.silence(0.01)
        raise self.error


@pytest.mark.parametrize("frames", [None, 0, 30])
@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (PermissionError("no"), "permission-denied"),
        (MediaError("It is used by another program.", kind="in-use"), "in-use"),
        (RuntimeError("boom"), "other"),
    ],
    ids=["permission", "in use", "other"],
)
async def test_a_device_that_fails_does_not_end_the_session(
    side: Side, frames: int | None, error: Exception, kind: str
) -> None:
    session = Session(side.source())
    microphone = session.local.microphone
    device = Broken(frames, error)
    async with asyncio.timeout(60), session:
        await session.start(microphone=device)
        await session.wait_until(lambda now: now.media.microphone.state == "failed", PATIENCE)
        failure = microphone.failure.value
        assert isinstance(failure, MediaError)
        assert failure.kind == kind
        assert microphone.track.value is None
        assert not device.is_open
        await converse(session)
        await microphone.switch(ToneInput())
        await microphone.set_enabled(True)
        assert microphone.state.value is MediaState.LIVE
        assert microphone.failure.value is None
    assert microphone.state.value is MediaState.OFF


async def test_an_input_that_ends_turns_it_off(side: Side) -> None:
    session = Session(side.source())
    frames = FrameInput()
    async with asyncio.timeout(60), session:
        await session.start(microphone=frames)
        await converse(session)
        await speak(frames, 0.5)
        frames.end()
        await session.wait_until(lambda now: now.media.microphone.state == "off", PATIENCE)
        assert session.local.microphone.failure.value is None
        await session.wait_until(lambda now: not now.local.tracks, PATIENCE)


async def test_the_end_of_the_session_lets_go_of_the_input_and_the_next_start_takes_it_again(
    side: Side,
) -> None:
    session = Session(side.source())
    device = Broken(100_000, RuntimeError("never"))
    async with asyncio.timeout(90), session:
        for _ in range(2):
            await session.start(microphone=device)
            await session.wait_until(lambda now: now.media.microphone.state == "live", PATIENCE)
            assert device.is_open
            await session.end()
            assert not device.is_open
            assert session.local.microphone.state.value is MediaState.OFF


async def test_a_deleted_room_lets_go_of_the_input(side: Side) -> None:
    session = Session(side.source())
    device = Broken(100_000, RuntimeError("never"))
    async with asyncio.timeout(60), session:
        await session.start(microphone=device)
        await session.wait_until(lambda now: now.media.microphone.state == "live", PATIENCE)
        await side.delete_room(side.rooms[0])
        await session.wait_until_disconnected()
        await until(lambda: not device.is_open)


async def test_it_is_heard_over_a_link_that_was_lost(side: Side) -> None:
    session = Session(side.source(), agent_return_timeout=30.0)
    frames = FrameInput()
    async with asyncio.timeout(90), session:
        await session.start(microphone=frames)
        await converse(session)
        await side.break_link(session, "resumed")
        await side.mend_link(session)
        await converse(session, "back again")
        assert session.local.microphone.state.value is MediaState.LIVE
        await speak(frames, 1.0)
        await understood(session, 1.0)


async def test_a_link_that_was_made_anew_publishes_the_same_track_again(side: Side) -> None:
    # The agent is no use here: livekit-agents 1.8.9 closes its session when somebody who had
    # published a track makes a new link (6 of 6; without a track 0 of 6).
    session = Session(side.source(), agent_return_timeout=30.0)
    microphone = session.local.microphone
    async with asyncio.timeout(90), session:
        await session.start(microphone=SilenceInput())
        await session.wait_until(lambda now: bool(now.local.tracks), PATIENCE)
        track = microphone.track.value
        await side.break_link(session, "rebuilt")
        await side.mend_link(session)
        await session.wait_until(lambda now: not now.is_reconnecting, PATIENCE)
        await session.wait_until(lambda now: len(now.local.tracks) == 1, PATIENCE)
        assert microphone.state.value is MediaState.LIVE
        assert microphone.track.value is track
        await microphone.set_enabled(False)
        await session.wait_until(lambda now: not now.local.tracks, PATIENCE)


async def test_who_comes_later_hears_the_agent_that_is_there(side: Side) -> None:
    room = side.fresh_room()
    first = Session(side.source(room))
    second = Session(side.source(room, identity="second", dispatch=False))
    async with asyncio.timeout(60), first, second:
        await first.start()
        await first.wait_until(lambda now: now.agent.microphone_track is not None, PATIENCE)
        await second.start()
        await second.wait_until(lambda now: now.agent.microphone_track is not None, PATIENCE)
        assert second.failure.value is None


async def test_the_agent_can_be_heard_frame_by_frame_and_its_level_seen(side: Side) -> None:
    side.speaks_at_length()
    session = Session(side.source())
    levels: list[float] = []
    bands: list[tuple[float, ...]] = []
    async with asyncio.timeout(60), session:
        session.agent.level.subscribe(levels.append)
        session.agent.bands(4, 200, 1000).subscribe(bands.append)
        await session.start()
        voice = session.agent.audio()
        await converse(session, "one two three four five")
        loud = 0.0
        async for frame in voice:
            assert (frame.sample_rate, frame.num_channels) == (48_000, 1)
            if max(memoryview(frame.data).cast("h")) > 500:
                loud += frame.duration
            if loud > 0.2:
                break
        assert max(levels) > 0.2
        loudest = max(bands, key=sum)
        assert max(loudest) == loudest[1]  # 400 to 600 Hz
        await session.wait_until(lambda now: now.agent.state == "listening", PATIENCE)
        await until(lambda: session.agent.level.value < 0.01)
    assert session.agent.level.value == 0.0
    assert [one async for one in voice if False] == []
