"""Other participants by identity, on a loopback: who they are, what they say and show."""

import asyncio

import pytest

from session_fsm import (
    AudioFrame,
    FrameInput,
    RemoteParticipant,
    Session,
    TokenOptions,
    TokenSource,
    ToneInput,
    VideoFrame,
)
from session_fsm.testing import ScriptedAgent
from session_fsm.transports.loopback.media import LoopbackMediaTrack

RED = VideoFrame(bytes([255, 0, 0, 255]), 1, 1)
BLUE = VideoFrame(bytes([0, 0, 255, 255]), 1, 1)


ANN = TokenOptions(
    room_name="room",
    participant_name="Ann",
    participant_identity="ann",
    participant_metadata="her notes",
    participant_attributes={"mood": "good"},
)
ME = TokenOptions(room_name="room", participant_identity="me")


def both(agent: ScriptedAgent | None = None) -> tuple[Session, Session]:
    """Two people in one room: the one that is tested, and Ann."""
    source = TokenSource.loopback(agent or ScriptedAgent())
    return Session(source, token_options=ME), Session(source, token_options=ANN)


async def test_somebody_comes_changes_and_goes() -> None:
    session, other = both()
    async with session, other:
        ann = session.participant("ann")
        assert session.participant("ann") is ann
        present: list[bool] = []
        ann.is_present.subscribe(present.append)
        await session.start()
        assert (ann.name.value, ann.metadata.value, dict(ann.attributes.value)) == (None, None, {})
        assert repr(ann) == "<RemoteParticipant ann, not in the room>"
        await other.start()
        assert (ann.name.value, ann.metadata.value) == ("Ann", "her notes")
        assert dict(ann.attributes.value) == {"mood": "good"}
        assert repr(ann) == "<RemoteParticipant ann, in the room>"
        assert not ann.is_agent.value
        identity = session.agent.identity.value
        assert identity is not None
        assert set(session.participants.value) == {"ann", identity}
        assert session.participant(identity).is_agent.value
        await other.local.set_name("Anna")
        await other.local.set_attributes({"mood": ""})
        assert ann.name.value == "Anna"
        assert dict(ann.attributes.value) == {}
        await other.end()
        assert session.participants.value == (identity,)
        assert present == [False, True, False]
        assert ann.name.value is None


async def test_who_was_there_before_is_seen_at_once_with_tracks() -> None:
    session, other = both()
    async with session, other:
        frames = FrameInput()
        await other.start(camera=frames, screen_share=frames)
        await frames.put(RED)
        await other.wait_until(lambda now: now.media.camera.track is not None, 30)
        await session.start()
        ann = session.participant("ann")
        assert ann.is_present.value
        assert ann.camera_track.value is other.local.camera.track.value
        assert ann.microphone_track.value is None


async def test_what_is_said_is_heard_over_republishing_rejoining_and_a_lost_link() -> None:
    agent = ScriptedAgent()
    session, other = both(agent)
    again = Session(TokenSource.loopback(agent), token_options=ANN)
    async with session, other, again:
        await session.start()
        ann = session.participant("ann")
        voice = ann.audio()
        tracks: list[bool] = []
        ann.microphone_track.subscribe(lambda track: tracks.append(track is not None))

        async def heard() -> None:
            for _ in range(5):
                frame = await anext(voice)
                while not any(frame.data):
                    frame = await anext(voice)

        async with asyncio.timeout(60):
            await other.start(microphone=ToneInput())
            await heard()
            await other.local.microphone.set_enabled(False)
            await other.local.microphone.set_enabled(True)
            await heard()
            await other.end()
            await again.start(microphone=ToneInput())
            await heard()
            agent.network.drop()
            await asyncio.sleep(1.0)
            agent.network.restore()
            await heard()
        assert tracks == [False, True, False, True, False, True]
        assert ann.level.value == 0.0
        await asyncio.sleep(0.5)
        assert ann.level.value > 0.3
        await again.end()
        await asyncio.sleep(0.5)
        assert ann.level.value == 0.0
        await session.end()
        assert ann.microphone_track.value is None
        async for _ in voice:
            pass


async def test_camera_and_screen_are_seen_apart_and_only_the_newest() -> None:
    session, other = both()
    camera, screen = FrameInput(), FrameInput()
    async with session, other, asyncio.timeout(60):
        await session.start()
        ann = session.participant("ann")
        face, desk = ann.video(), ann.screen_share()
        await other.start(camera=camera, screen_share=screen)
        camera.push(RED)
        screen.push(BLUE)
        assert await anext(face) == RED
        assert await anext(desk) == BLUE
        for picture in (RED, BLUE):
            await camera.put(picture)
            await asyncio.sleep(0.1)
        assert face.dropped == 1
        assert await anext(face) == BLUE
        assert ann.screen_share_track.value is not ann.camera_track.value


async def test_nobody_reads_somebody_whom_nobody_listens_to() -> None:
    session, other = both()
    async with session, other:
        await session.start()
        await other.start(microphone=ToneInput())
        await other.wait_until(lambda now: now.media.microphone.state == "live", 30)
        ann = session.participant("ann")
        track = ann.microphone_track.value
        assert isinstance(track, LoopbackMediaTrack)
        assert not track.is_listened_to
        reader = ann.audio()
        assert track.is_listened_to
        await session.end()
        assert not track.is_listened_to
        assert [one async for one in reader] == []


async def test_somebody_unknown_is_waited_for_until_the_end() -> None:
    session, _ = both()
    async with session:
        before = session.participant("nobody").audio()
        await session.start()
        nobody = session.participant("nobody")
        assert not nobody.is_present.value
        waiting = asyncio.ensure_future(anext(nobody.video()))
        await asyncio.sleep(100)
        assert not waiting.done()
        await session.end()
        with pytest.raises(StopAsyncIteration):
            await waiting
        assert [one async for one in before] == []
    assert [one async for one in nobody.audio()] == []
    assert [one async for one in session.participant("late").audio()] == []
    ends: list[str] = []
    nobody.level.subscribe(on_completed=lambda: ends.append("level"))
    nobody.is_present.subscribe(on_completed=lambda: ends.append("is_present"))
    assert ends == ["level", "is_present"]


async def test_a_meter_that_is_asked_for_before_the_start_completes_with_the_session() -> None:
    session, _ = both()
    level = session.participant("ann").level
    ends: list[str] = []
    level.subscribe(on_completed=lambda: ends.append("level"))
    async with session:
        await session.start()
        await session.end()
        assert ends == []
    assert ends == ["level"]


async def test_the_agents_screen_is_seen() -> None:
    agent = ScriptedAgent()
    session, _ = both(agent)
    async with session:
        await session.start()
        pictures = session.agent.screen_share()
        track = LoopbackMediaTrack()
        (room,) = agent.network.rooms.values()
        (one,) = room.roster
        room.publish(one.identity, "screen_share", track)
        assert session.agent.screen_share_track.value is track
        track.push(AudioFrame.silence(0.01))
        track.push(RED)
        assert await anext(pictures) == RED


async def test_who_takes_the_identity_of_another_is_that_one() -> None:
    source = TokenSource.loopback(ScriptedAgent())
    session = Session(source, token_options=ME)
    other, again = Session(source, token_options=ANN), Session(source, token_options=ANN)
    async with session, other, again:
        await session.start()
        await other.start()
        present: list[bool] = []
        session.participant("ann").is_present.subscribe(present.append)
        await again.start()
        await other.wait_until_disconnected()
        assert session.participant("ann").is_present.value
        assert present == [True, False, True]


def test_an_identity_is_a_text_with_something_in_it() -> None:
    session, _ = both()
    with pytest.raises(ValueError, match="identity must not be empty"):
        session.participant(" ")
    with pytest.raises(TypeError, match="identity must be a str, not int"):
        session.participant(1)  # type: ignore[arg-type]
    assert isinstance(session.participant("x"), RemoteParticipant)
