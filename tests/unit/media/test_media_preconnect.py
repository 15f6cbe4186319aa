"""What is said before the agent can hear it: kept, handed over once, and the rest follows."""

import array
import asyncio
from typing import Any

import pytest

from session_fsm import (
    AgentState,
    AudioFrame,
    FrameInput,
    MediaError,
    MediaState,
    Session,
    TokenSource,
)
from session_fsm.media.preconnect import TOPIC
from session_fsm.testing import ScriptedAgent
from session_fsm.transports.received import Received
from unit.media.devices import Device


class Counting:
    """A microphone whose every frame has a number of its own."""

    name = "counting"

    def __init__(self) -> None:
        self.source = FrameInput()
        self.said = 0

    def open(self) -> Any:
        return self.source.open()

    def say(self, frames: int = 1) -> None:
        for _ in range(frames):
            self.said += 1
            self.source.push(AudioFrame(array.array("h", [self.said] * 480).tobytes()))

    async def talk(self) -> None:
        while True:
            self.say()
            await asyncio.sleep(0.01)


class Call:
    def __init__(self, **options: Any) -> None:
        self.agent = ScriptedAgent(**options)
        self.session = Session(
            TokenSource.loopback(self.agent), pre_connect_audio=True, agent_timeout=None
        )
        self.microphone = Counting()
        self.states: list[AgentState] = []
        self.session.agent.state.subscribe(self.states.append)

    async def talk_until_started(self) -> None:
        talking = asyncio.create_task(self.microphone.talk())
        await self.session.start(microphone=self.microphone)
        talking.cancel()

    @property
    def buffers(self) -> list[Received]:
        return [one for one in self.agent.received if one.info.topic == TOPIC]

    def kept(self) -> list[int]:
        (buffer,) = self.buffers
        assert buffer.is_complete
        payload = buffer.payload
        assert isinstance(payload, bytes)
        return list(array.array("h", payload)[::480])


@pytest.mark.parametrize("initialize_for", [0.0, 1.0])
async def test_every_frame_reaches_the_agent_once_and_in_order(initialize_for: float) -> None:
    call = Call(join_after=2.0, initialize_for=initialize_for)
    session = call.session
    async with session:
        talking = asyncio.create_task(call.microphone.talk())
        await session.start(microphone=call.microphone)
        track: Any = session.local.microphone.track.value
        await asyncio.sleep(1)
        talking.cancel()
        await asyncio.sleep(0.5)
        kept = call.kept()
        assert kept == list(range(1, len(kept) + 1))
        assert len(kept) == pytest.approx(210 + initialize_for * 100, abs=20)
        (job,) = call.agent._jobs
        assert job.ear.seconds == pytest.approx(call.microphone.said * 0.01, abs=0.011)
        info = call.buffers[0].info
        assert info.attributes == {"trackId": track.sid, "sampleRate": "48000", "channels": "1"}
        assert info.size == len(kept) * 960
        assert info.mime_type == "audio/pcm"
    assert call.states == [
        "disconnected",
        "connecting",
        "pre-connect-buffering",
        "listening",
        "disconnected",
    ]


async def test_what_was_said_before_is_transcribed_with_the_rest() -> None:
    call = Call(join_after=5.0)
    session = call.session
    loud = AudioFrame(array.array("h", [3_000] * 480).tobytes())
    source = FrameInput()
    async with session:
        for _ in range(90):
            source.push(loud)
        await session.start(microphone=source)
        for frame in [loud] * 60 + [AudioFrame.silence(0.01)] * 40:
            await source.put(frame)
        await session.wait_until(lambda now: any(m.sender == "user" for m in now.messages), 10)
        assert session.messages.value[0].text == "heard 1.5s"


async def test_the_agent_is_buffering_only_while_frames_are_kept() -> None:
    call = Call(join_after=None)
    session, microphone = call.session, call.microphone
    local = session.local.microphone
    async with session:
        starting = asyncio.create_task(session.start(microphone=microphone))
        await asyncio.sleep(1)
        assert local.state.value is MediaState.LIVE
        assert session.agent.state.value is AgentState.CONNECTING
        microphone.say()
        await asyncio.sleep(0.1)
        assert session.agent.state.value is AgentState.PRE_CONNECT_BUFFERING
        assert session.agent.can_listen.value
        muting = asyncio.create_task(local.mute())
        await asyncio.sleep(0.1)
        assert session.agent.state.value is AgentState.CONNECTING
        microphone.say(5)
        await asyncio.sleep(0.1)
        unmuting = asyncio.create_task(local.unmute())
        await asyncio.sleep(0.1)
        assert session.agent.state.value is AgentState.CONNECTING
        microphone.say()
        await asyncio.sleep(0.1)
        assert session.agent.state.value is AgentState.PRE_CONNECT_BUFFERING
        await local.set_enabled(False)
        await muting
        await unmuting
        assert session.agent.state.value is AgentState.CONNECTING
        starting.cancel()
    assert call.buffers == []


async def test_without_the_wish_nothing_is_kept() -> None:
    agent = ScriptedAgent(join_after=2.0)
    session = Session(TokenSource.loopback(agent))
    async with session:
        await session.start(microphone=Device())
        await asyncio.sleep(1)
        assert [one.info.topic for one in agent.received if one.info.topic == TOPIC] == []


async def test_opened_when_the_agent_is_there_nothing_is_kept() -> None:
    call = Call()
    async with call.session as session:
        await session.start()
        await session.local.microphone.switch(Device())
        await session.local.microphone.set_enabled(True)
        await asyncio.sleep(1)
        assert call.buffers == []
        assert AgentState.PRE_CONNECT_BUFFERING not in call.states


async def test_an_agent_that_never_comes_leaves_nothing() -> None:
    call = Call(join_after=None)
    device = Device()
    session = Session(TokenSource.loopback(call.agent), pre_connect_audio=True, agent_timeout=5.0)
    with pytest.raises(Exception, match="Agent did not join"):
        await session.start(microphone=device)
    assert session.agent.state.value is AgentState.FAILED
    assert session.local.microphone.state.value is MediaState.OFF
    assert not device.is_open
    assert call.buffers == []
    await session.close()


async def test_the_newest_half_minute_is_kept() -> None:
    call = Call(join_after=60.0)
    session = call.session
    async with session:
        await call.talk_until_started()
        await asyncio.sleep(2)
        kept = call.kept()
        assert len(kept) == pytest.approx(3_000, abs=50)
        assert kept == list(range(kept[0], kept[0] + len(kept)))
        assert call.microphone.said - kept[-1] < 100


async def test_an_input_that_ends_while_it_is_kept_is_still_handed_over() -> None:
    call = Call(join_after=3.0)
    session, microphone = call.session, call.microphone
    microphone.say(80)
    microphone.source.end()
    async with session:
        await session.start(microphone=microphone)
        await session.wait_until(lambda now: now.media.microphone.state == "off", 10)
        await asyncio.sleep(1)
        assert call.kept() == list(range(1, 81))
        assert session.local.microphone.failure.value is None


async def test_what_is_on_its_way_arrives_when_the_microphone_is_turned_off() -> None:
    call = Call(join_after=2.0)
    session = call.session
    async with session:
        await call.talk_until_started()
        await asyncio.sleep(0.03)
        assert not call.buffers[0].is_complete
        await session.local.microphone.set_enabled(False)
        await asyncio.sleep(1)
        kept = call.kept()
        assert kept == list(range(1, len(kept) + 1))
        assert len(kept) == pytest.approx(call.microphone.said, abs=20)


async def test_the_end_does_not_wait_for_what_is_on_its_way(
    caplog: pytest.LogCaptureFixture,
) -> None:
    call = Call(join_after=25.0)
    session = call.session
    async with session:
        await call.talk_until_started()
        await asyncio.sleep(0.03)
        began = asyncio.get_running_loop().time()
        await session.end()
        assert asyncio.get_running_loop().time() - began < 0.5
        await asyncio.sleep(2)
        assert not call.buffers[0].is_complete
    assert caplog.text == ""


async def test_a_device_that_breaks_while_it_is_kept_is_a_failure() -> None:
    call = Call(join_after=3.0)
    session = call.session
    async with session:
        await session.start(microphone=Device(frames=50, fails="end"))
        assert session.local.microphone.state.value is MediaState.FAILED
        assert isinstance(session.local.microphone.failure.value, MediaError)
        await asyncio.sleep(1)
        assert call.buffers == []
        assert AgentState.PRE_CONNECT_BUFFERING in call.states


async def test_an_input_that_is_faster_than_the_clock_is_held_back() -> None:
    call = Call(join_after=3.0)

    async def sound() -> Any:
        while True:
            call.microphone.said += 1
            yield AudioFrame.silence(0.01)
            await asyncio.sleep(0)

    async with call.session as session:
        starting = asyncio.create_task(session.start(microphone=sound()))
        await asyncio.sleep(2)
        assert call.microphone.said == pytest.approx(210, abs=20)
        await starting


@pytest.mark.parametrize("connect_delay", [0.05, 5.0], ids=["published", "not yet published"])
async def test_another_input_while_it_is_kept(connect_delay: float) -> None:
    call = Call(join_after=3.0)
    call.agent.network.connect_delay = connect_delay
    session, microphone = call.session, call.microphone
    local = session.local.microphone
    other = Counting()
    other.name = "another"
    async with session:
        starting = asyncio.create_task(session.start(microphone=microphone))
        microphone.say(10)
        await asyncio.sleep(1)
        broken = asyncio.create_task(local.switch(Device(fails="open")))
        await asyncio.sleep(0.1)
        with pytest.raises(MediaError, match="broken at open"):
            await broken
        switching = asyncio.create_task(local.switch(other))
        other.said = 10
        other.say(10)
        await starting
        await switching
        await asyncio.sleep(0.5)
        assert call.kept() == list(range(1, 21))
        assert local.device.value == "another"


async def test_muted_while_it_is_kept_and_not_yet_published() -> None:
    call = Call(join_after=1.0)
    call.agent.network.connect_delay = 5.0
    session, microphone = call.session, call.microphone
    local = session.local.microphone
    async with session:
        starting = asyncio.create_task(session.start(microphone=microphone))
        microphone.say(10)
        await asyncio.sleep(1)
        assert session.agent.state.value is AgentState.PRE_CONNECT_BUFFERING
        muting = asyncio.create_task(local.mute())
        await asyncio.sleep(0.1)
        assert session.agent.state.value is AgentState.CONNECTING
        microphone.say(10)
        await starting
        await muting
        assert local.state.value is MediaState.MUTED
        await asyncio.sleep(0.5)
        assert call.kept() == list(range(1, 11))


async def test_a_device_that_breaks_while_it_is_kept_and_not_yet_published() -> None:
    call = Call(join_after=1.0)
    call.agent.network.connect_delay = 5.0
    session = call.session
    async with session:
        starting = asyncio.create_task(session.start(microphone=Device(frames=50, fails="end")))
        await asyncio.sleep(2)
        assert session.local.microphone.state.value is MediaState.FAILED
        assert session.agent.state.value is AgentState.CONNECTING
        await starting
        assert call.buffers == []


async def test_a_start_that_fails_before_the_room_lets_go_of_the_device() -> None:
    def nothing(options: Any) -> Any:
        raise OSError("no token")

    device = Device()
    session = Session(TokenSource.custom(nothing), pre_connect_audio=True)
    async with session:
        with pytest.raises(Exception, match="source raised OSError"):
            await session.start(microphone=device)
        assert not device.is_open
        assert session.local.microphone.state.value is MediaState.OFF
