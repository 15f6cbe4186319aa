"""One thing that is sent: wishes, one after the other; devices that fail; the end of the run."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import attrs
import pytest

from session_fsm import (
    ConnectionDetails,
    FrameInput,
    MediaError,
    MediaState,
    Permissions,
    Session,
    SessionEnded,
    SessionState,
    SessionStateError,
    TokenSource,
    ToneInput,
    VideoFrame,
)
from session_fsm.testing import ScriptedAgent, cancel_everywhere
from session_fsm.transports.loopback.media import LoopbackMedia, LoopbackOwnMedia
from unit.media.devices import Device

STATES: dict[str, MediaState] = {state.value: state for state in MediaState}


def call(**options: Any) -> tuple[ScriptedAgent, Session]:
    agent = ScriptedAgent()
    return agent, Session(TokenSource.loopback(agent), **options)


def watch(session: Session) -> list[str]:
    seen: list[str] = []
    session.local.microphone.state.subscribe(lambda state: seen.append(state.value))
    return seen


def published(agent: ScriptedAgent) -> list[LoopbackOwnMedia]:
    rooms = agent.network.rooms.values()
    return [own for room in rooms for link in room.links for own in link.media.published]


async def reaches(session: Session, state: str) -> None:
    await session.wait_until(lambda now: now.media.microphone.state == state, 30)


async def test_it_goes_live_beside_the_start_and_off_at_the_end() -> None:
    agent, session = call()
    seen = watch(session)
    device = Device("desk")
    async with session:
        await session.start(microphone=device)
        await reaches(session, "live")
        (own,) = published(agent)
        assert session.local.microphone.track.value is own.track
        assert session.snapshot.local.tracks == {own.track.sid}
        assert session.local.microphone.device.value == "desk"
        assert session.local.microphone.is_enabled.value
        assert repr(session.local.microphone) == "<MediaSlot microphone: live, desk>"
        await session.end()
        assert not device.is_open
    assert seen == ["off", "opening", "live", "off"]


async def test_a_slow_device_holds_up_nobody() -> None:
    _, session = call()
    async with session:
        await session.start(microphone=Device(open_after=100))
        assert session.state.value is SessionState.ACTIVE
        assert session.local.microphone.state.value is MediaState.OPENING
        await session.send("hello")


async def test_what_is_not_wished_for_any_more_is_not_waited_for() -> None:
    _, session = call()
    microphone = session.local.microphone
    seen = watch(session)
    slow, quick = Device(open_after=100), Device("quick")
    loop = asyncio.get_running_loop()
    async with session:
        await session.start(microphone=slow)
        began = loop.time()
        await microphone.set_enabled(False)
        assert microphone.state.value is MediaState.OFF
        on = asyncio.create_task(microphone.set_enabled(True))
        await asyncio.sleep(1)
        await microphone.switch(quick)
        await on
        assert microphone.state.value is MediaState.LIVE
        assert microphone.device.value == "quick"
        assert loop.time() - began < 2
        assert not slow.is_open
    assert seen == ["off", "opening", "off", "opening", "off", "opening", "live", "off"]


async def test_of_several_wishes_the_last_one_counts_and_all_return() -> None:
    _, session = call()
    microphone = session.local.microphone
    device = Device(open_after=0.5, close_after=0.5)
    async with session:
        await session.start()
        await microphone.switch(device)
        wishes = [microphone.set_enabled(number % 2 == 0) for number in range(9)]
        await asyncio.gather(*wishes)
        assert microphone.state.value is MediaState.LIVE
        await asyncio.gather(*(microphone.set_enabled(number % 2 == 0) for number in range(8)))
        assert microphone.state.value is MediaState.OFF
        assert not device.is_open


async def test_muted_while_it_opens_nothing_ever_left() -> None:
    agent, session = call()
    microphone = session.local.microphone
    async with session:
        await session.start()
        await microphone.switch(ToneInput())
        opening = asyncio.create_task(microphone.set_enabled(True))
        await asyncio.sleep(0)
        await microphone.mute()
        await opening
        assert microphone.state.value is MediaState.MUTED
        (own,) = published(agent)
        assert own.track.is_muted
        heard: list[object] = []
        own.track.listen(heard.append)
        await asyncio.sleep(1)
        assert heard == []
        await microphone.unmute()
        await asyncio.sleep(1)
        assert len(heard) == pytest.approx(50, abs=8)
        await microphone.mute()
        await microphone.set_enabled(True)
        assert microphone.state.value is MediaState.LIVE


async def test_where_it_is_off_nothing_is_muted_and_a_switch_waits_for_the_next_time() -> None:
    _, session = call()
    microphone = session.local.microphone
    async with session:
        await session.start()
        await microphone.mute()
        await microphone.unmute()
        await microphone.switch(Device("next"))
        assert microphone.state.value is MediaState.OFF
        await microphone.set_enabled(True)
        assert microphone.device.value == "next"
        await session.end()
        await session.start(microphone=True)
        await reaches(session, "live")
        assert microphone.device.value == "next"


async def test_a_switch_that_fails_leaves_the_present_input() -> None:
    _, session = call()
    microphone = session.local.microphone
    good = Device("good")
    async with session:
        await session.start(microphone=good)
        await reaches(session, "live")
        with pytest.raises(MediaError, match="bad failed: RuntimeError: broken at open") as caught:
            await microphone.switch(Device("bad", fails="open"))
        assert caught.value.kind == "other"
        assert isinstance(caught.value.__cause__, RuntimeError)
        assert microphone.state.value is MediaState.LIVE
        assert microphone.failure.value is None
        assert microphone.device.value == "good"
        before = good.given
        await asyncio.sleep(1)
        assert good.given > before + 50
        await microphone.switch(Device("better"))
        assert not good.is_open


@pytest.mark.parametrize("where", ["open", "first frame", "end"])
async def test_a_device_that_fails_is_data(where: str) -> None:
    agent, session = call()
    microphone = session.local.microphone
    device = Device("desk", fails=where, frames=20)
    async with session:
        await session.start(microphone=device)
        await reaches(session, "failed")
        failure = microphone.failure.value
        assert isinstance(failure, MediaError)
        assert str(failure) == f"desk failed: RuntimeError: broken at {where}."
        assert microphone.track.value is None
        assert session.snapshot.to_dict()["local"]["microphone"] == {
            "state": "failed",
            "device": None,
            "is_published": False,
            "failure": {"kind": "other", "message": str(failure)},
        }
        await asyncio.sleep(1)
        assert published(agent) == []
        assert session.state.value is SessionState.ACTIVE
        await microphone.set_enabled(False)
        assert microphone.state.value is MediaState.OFF
        assert microphone.failure.value is None
        if where == "open":
            with pytest.raises(MediaError, match="broken at open"):
                await microphone.set_enabled(True)
            await session.end()
            assert microphone.state.value is MediaState.FAILED
            await session.start()
            assert microphone.state.value is MediaState.OFF


async def test_a_device_that_fails_when_it_is_closed_is_closed(
    caplog: pytest.LogCaptureFixture,
) -> None:
    _, session = call()
    async with session:
        await session.start(microphone=Device("desk", fails="close"))
        await reaches(session, "live")
        await session.local.microphone.set_enabled(False)
        assert session.local.microphone.state.value is MediaState.OFF
    assert "desk could not be closed" in caplog.text


async def test_a_room_that_takes_no_track_is_a_failure() -> None:
    agent = ScriptedAgent()
    allowed = await TokenSource.loopback(agent).fetch()
    device = Device()
    async with Session(TokenSource.literal(lambda: without_publishing(allowed))) as session:
        await session.start(microphone=device)
        await reaches(session, "failed")
        assert "canPublish" in str(session.local.microphone.failure.value)
        assert not device.is_open


async def test_a_permission_that_is_taken_back_meanwhile_is_a_failure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    agent, session = call()
    device = Device()
    publish = LoopbackMedia.publish_audio

    async def taken_back(media: LoopbackMedia, *given: Any, **options: Any) -> LoopbackOwnMedia:
        own = await publish(media, *given, **options)
        (room,) = agent.network.rooms.values()
        room.links[0].participant.permit(Permissions(frozenset()))
        return own

    monkeypatch.setattr(LoopbackMedia, "publish_audio", taken_back)
    async with session:
        await session.start(microphone=device)
        await reaches(session, "failed")
        assert published(agent) == []
        assert not device.is_open


def without_publishing(details: ConnectionDetails) -> ConnectionDetails:
    import jwt  # noqa: PLC0415 - only here

    claims = jwt.decode(details.participant_token, options={"verify_signature": False})
    claims["video"]["canPublish"] = False
    return attrs.evolve(details, participant_token=jwt.encode(claims, "x" * 32))


async def test_an_input_that_ends_is_turned_off() -> None:
    agent, session = call()
    async with session:
        await session.start(microphone=Device(frames=200))
        await reaches(session, "live")
        await reaches(session, "off")
        await asyncio.sleep(1)
        assert published(agent) == []
        assert session.local.microphone.failure.value is None


async def test_any_async_iterator_of_frames_will_do() -> None:
    agent, session = call()

    async def sound() -> Any:
        async with ToneInput().open() as frames:
            async for frame in frames:
                yield frame

    async with session:
        await session.start(microphone=sound())
        await reaches(session, "live")
        assert session.local.microphone.device.value == "async_generator"
        heard: list[object] = []
        published(agent)[0].track.listen(heard.append)
        await asyncio.sleep(1)
        assert len(heard) == pytest.approx(50, abs=3)


async def test_frames_of_the_wrong_kind_are_a_failure() -> None:
    _, session = call()
    picture = VideoFrame(bytes(16), 2, 2)
    async with session:
        await session.start(camera=Device("ear"), microphone=aiter_of("no frame"))
        await reaches(session, "failed")
        assert "a frame must be an AudioFrame or a VideoFrame, not str" in str(
            session.local.microphone.failure.value
        )
        assert "ear gives no pictures" in str(session.local.camera.failure.value)
        await session.local.camera.switch(Device("eye", frame=picture))
        await session.local.camera.set_enabled(True)
        assert session.local.camera.state.value is MediaState.LIVE


async def aiter_of(*frames: Any) -> Any:
    for frame in frames:
        yield frame


async def test_the_level_of_what_is_sent_rises_and_falls() -> None:
    _, session = call()
    levels: list[float] = []
    microphone = session.local.microphone
    async with session:
        microphone.level.subscribe(levels.append)
        await session.start(microphone=ToneInput())
        await asyncio.sleep(0.5)
        assert microphone.level.value > 0.3
        await microphone.mute()
        await asyncio.sleep(0.3)
        assert microphone.level.value == 0.0
        await microphone.unmute()
        await asyncio.sleep(0.3)
    assert microphone.level.value == 0.0
    assert levels[0] == 0.0


async def test_pictures_reach_the_agent() -> None:
    agent, session = call()
    camera, screen = FrameInput("eye"), FrameInput("screen")
    async with session:
        await session.start(camera=camera, screen_share=screen)
        for number in range(10):
            camera.push(VideoFrame(bytes([number]) * 16, 2, 2))
            screen.push(VideoFrame(bytes([100 + number]) * 6, 2, 2, "i420"))
            await asyncio.sleep(0.1)
        assert agent.seen["camera"] == VideoFrame(bytes([9]) * 16, 2, 2)
        assert agent.seen["screen_share"].data == bytes([109]) * 6
        assert session.local.camera.level.value == 0.0


async def test_the_server_mutes_and_the_user_unmutes() -> None:
    agent, session = call()
    seen = watch(session)
    async with session:
        await session.start(microphone=Device())
        await reaches(session, "live")
        (own,) = published(agent)
        own.on_muted(True)  # noqa: FBT003
        assert session.local.microphone.state.value is MediaState.MUTED
        await session.local.microphone.unmute()
        own.on_muted(True)  # noqa: FBT003
        own.on_muted(False)  # noqa: FBT003
        await session.local.microphone.mute()
    own.on_muted(False)  # noqa: FBT003 - it comes too late
    path = ["off", "opening", "live", "muted", "live", "muted", "live", "muted", "off"]
    assert seen == path


async def test_the_run_ends_while_a_device_opens() -> None:
    _, session = call()
    microphone = session.local.microphone
    device = Device(open_after=1)
    async with session:
        await session.start()
        await microphone.switch(device)
        opening = asyncio.create_task(microphone.set_enabled(True))
        await asyncio.sleep(0.5)
        await session.end()
        with pytest.raises(SessionEnded, match="before the microphone was as asked for"):
            await opening
        await asyncio.sleep(2)
        assert device.opened == device.closed
        assert microphone.state.value is MediaState.OFF


async def test_the_end_waits_for_a_device_that_is_slow_to_close_five_seconds_at_most() -> None:
    _, session = call()
    loop = asyncio.get_running_loop()
    async with session:
        for seconds, takes in ((2.0, 2.0), (60.0, 5.0)):
            await session.start(microphone=Device(close_after=seconds))
            await reaches(session, "live")
            began = loop.time()
            await session.end()
            assert loop.time() - began == pytest.approx(takes, abs=0.1)


async def test_asked_for_while_the_token_is_fetched_it_waits_for_the_room() -> None:
    agent = ScriptedAgent()
    agent.network.connect_delay = 1.0
    session = Session(TokenSource.loopback(agent))
    microphone = session.local.microphone
    async with session:
        starting = asyncio.create_task(session.start(microphone=Device()))
        await asyncio.sleep(0)
        await microphone.switch(Device("other"))
        await microphone.set_enabled(True)
        assert microphone.state.value is MediaState.LIVE
        assert microphone.device.value == "other"
        await starting
        await session.end()
        starting = asyncio.create_task(session.start())
        await asyncio.sleep(0)
        asking = asyncio.create_task(microphone.set_enabled(True))
        await asyncio.sleep(0)
        starting.cancel()
        with pytest.raises(SessionEnded):
            await asking


async def test_it_waits_for_a_link_that_is_being_restored() -> None:
    agent, session = call(agent_return_timeout=None)
    microphone = session.local.microphone
    device = Device()
    async with session:
        await session.start()
        await microphone.switch(device)
        agent.network.drop()
        opening = asyncio.create_task(microphone.set_enabled(True))
        await asyncio.sleep(1)
        assert microphone.state.value is MediaState.OPENING
        agent.network.restore()
        await opening
        agent.network.drop()
        closing = asyncio.create_task(microphone.set_enabled(False))
        await asyncio.sleep(1)
        assert microphone.state.value is MediaState.OFF
        assert not device.is_open
        agent.network.restore()
        await closing
        assert published(agent) == []


@pytest.mark.parametrize("method", ["set_enabled", "mute", "unmute", "switch"])
async def test_it_needs_a_running_session(method: str) -> None:
    _, session = call()
    arguments: tuple[object, ...] = ()
    if method in {"set_enabled", "switch"}:
        arguments = (True,)
    async with session:
        with pytest.raises(SessionStateError, match=rf"call start\(\) before {method}\(\)"):
            await getattr(session.local.microphone, method)(*arguments)


async def test_bad_input_is_refused_before_anything_begins(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with pytest.raises(TypeError, match="audio_output must be an AudioOutput, not str"):
        call(audio_output="speaker")
    _, session = call()
    async with session:
        with pytest.raises(TypeError, match="microphone must be True, False, an input"):
            await session.start(microphone=3)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="screen_share must be True, False, an input"):
            await session.start(screen_share="monitor")
        assert session.state.value is SessionState.IDLE
        await session.start()
        with pytest.raises(TypeError, match="microphone must be True, False, an input"):
            await session.local.microphone.switch(3)  # type: ignore[arg-type]
        await session.start(microphone=Device())
        assert session.local.microphone.state.value is MediaState.OFF
        assert "start() has begun before" in caplog.text


class World:
    """A session whose microphone takes its time."""

    def __init__(self) -> None:
        self.agent, self.session = call()
        self.device = Device(open_after=0.1, close_after=0.1)

    async def is_usable(self) -> None:
        microphone = self.session.local.microphone
        async with asyncio.timeout(60):
            if self.session.state.value is not SessionState.ACTIVE:
                await self.session.start()
            await microphone.switch(self.device)
            await microphone.set_enabled(True)
            assert microphone.state.value is MediaState.LIVE
            assert len(published(self.agent)) == 1
            await self.session.send("hello")
            await self.session.close()
        assert not self.device.is_open
        assert published(self.agent) == []
        self.agent.network.delete_rooms()


async def running() -> World:
    world = World()
    await world.session.start()
    await world.session.local.microphone.switch(world.device)
    return world


async def live() -> World:
    world = await running()
    await world.session.local.microphone.set_enabled(True)
    return world


async def fresh() -> World:
    return World()


CALLS: dict[str, tuple[Callable[[], Coroutine[Any, Any, World]], Callable[[World], Any], int]] = {
    "start": (fresh, lambda world: world.session.start(microphone=world.device), 10),
    "on": (running, lambda world: world.session.local.microphone.set_enabled(True), 3),
    "off": (live, lambda world: world.session.local.microphone.set_enabled(False), 3),
    "mute": (live, lambda world: world.session.local.microphone.mute(), 2),
    "switch": (live, lambda world: world.session.local.microphone.switch(Device("other")), 2),
    "end": (live, lambda world: world.session.end(), 3),
}


@pytest.mark.parametrize("name", CALLS)
def test_cancelled_anywhere_it_can_be_used_again(name: str) -> None:
    setup, what, least = CALLS[name]
    assert cancel_everywhere(setup, what, World.is_usable) >= least
