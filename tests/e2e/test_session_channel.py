"""The session channel of a real worker: all that it can tell, and a question in an outage."""

import asyncio
import math
from array import array

import pytest
from livekit import rtc

from contract.calls import PATIENCE, converse, said, texts, until
from contract.sides import LiveKitSide
from session_fsm import (
    AgentState,
    ChannelError,
    MessageStatus,
    Session,
    SessionSnapshot,
    SessionState,
    UserState,
)
from session_fsm.channel import (
    AgentConfigUpdate,
    AgentHandoff,
    AgentStateChanged,
    AmdCategory,
    AmdPrediction,
    ChannelEvent,
    ChatMessage,
    ChatRole,
    DebugMessage,
    EotPrediction,
    ErrorReported,
    FalseInterruption,
    FunctionCall,
    FunctionCallOutput,
    ItemAdded,
    LLMUsage,
    OverlappingSpeech,
    ToolCall,
    ToolCallEnded,
    ToolCallStarted,
    ToolCallUpdated,
    ToolReplyStatus,
    ToolReplyUpdated,
    ToolsExecuted,
    ToolStatus,
    TTSUsage,
    UnknownEvent,
    UsageUpdated,
    UserInputTranscribed,
    UserStateChanged,
)

RATE = 48_000


async def speak(session: Session, seconds: float) -> None:
    """Publish a microphone with a loud tone, and silence after it."""
    assert session.room is not None
    source = rtc.AudioSource(RATE, 1)
    track = rtc.LocalAudioTrack.create_audio_track("voice", source)
    options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE)
    publication = await session.room.local_participant.publish_track(track, options)
    await publication.wait_for_subscription()
    size = RATE // 100
    loud = array("h", (int(12_000 * math.sin(0.06 * n)) for n in range(size))).tobytes()
    for frame in [loud] * int(seconds * 100) + [bytes(2 * size)] * 100:
        await source.capture_frame(rtc.AudioFrame(frame, RATE, 1, size))


async def test_everything_that_the_worker_can_tell_is_received_and_typed(side: LiveKitSide) -> None:
    """Only `ToolsStarted` is missing: livekit-agents 1.8.9 never sends it."""
    session = Session(side.source())
    events: list[ChannelEvent] = []
    calls: list[ToolCall] = []
    async with asyncio.timeout(120), session:
        agent = session.agent
        agent.events.subscribe(events.append)
        agent.tool_calls.subscribe(calls.append)
        await session.start()
        await converse(session)
        await session.send("!tool")
        await until(lambda: calls and calls[-1].reply is ToolReplyStatus.COMPLETED)
        for text in ("!false-interruption", "!overlap", "!amd", "!eot", "!debug", "!unknown"):
            await session.send(text)
        await session.send("!error")
        await until(lambda: any(isinstance(one, ErrorReported) for one in events))
        await speak(session, 1.0)
        await until(lambda: any(one.text.startswith("echo: heard") for one in spoken(events)))
        await session.send("!handoff")
        await until(lambda: any(isinstance(getattr(e, "item", 0), AgentHandoff) for e in events))
        history = await agent.chat_history()
    kinds = {type(one) for one in events}
    assert kinds == {
        AgentStateChanged,
        AmdPrediction,
        DebugMessage,
        EotPrediction,
        ErrorReported,
        FalseInterruption,
        ItemAdded,
        OverlappingSpeech,
        ToolCallEnded,
        ToolCallStarted,
        ToolCallUpdated,
        ToolReplyUpdated,
        ToolsExecuted,
        UnknownEvent,
        UsageUpdated,
        UserInputTranscribed,
        UserStateChanged,
    }
    assert {type(one) for one in history} == {
        AgentConfigUpdate,
        AgentHandoff,
        ChatMessage,
        FunctionCall,
        FunctionCallOutput,
    }
    check_what_was_told(events)


def spoken(events: list[ChannelEvent]) -> list[ChatMessage]:
    items = [one.item for one in events if isinstance(one, ItemAdded)]
    return [one for one in items if isinstance(one, ChatMessage)]


def check_what_was_told(events: list[ChannelEvent]) -> None:
    def only(kind: type[ChannelEvent]) -> list[ChannelEvent]:
        return [one for one in events if isinstance(one, kind)]

    assert only(FalseInterruption)[0] == FalseInterruption(
        resumed=True, at=only(FalseInterruption)[0].at
    )
    overlap = only(OverlappingSpeech)[0]
    assert isinstance(overlap, OverlappingSpeech)
    assert (overlap.is_interruption, overlap.detection_delay) == (True, 0.25)
    assert overlap.detected_at is not None
    assert overlap.overlap_started_at is not None
    assert 0.9 < (overlap.detected_at - overlap.overlap_started_at).total_seconds() < 1.1
    amd = only(AmdPrediction)[0]
    assert amd == AmdPrediction(
        AmdCategory.MACHINE_VM, "a beep", "leave a message", 1.5, 0.5, amd.at
    )
    assert only(EotPrediction)[0] == EotPrediction(
        0.75, 0.5, 0.02, pytest.approx(0.3), only(EotPrediction)[0].at
    )
    debug = only(DebugMessage)[0]
    assert isinstance(debug, DebugMessage)
    assert debug.payload == {"what": "a note", "numbers": [1, None], "more": {"yes": True}}
    states = [one.after for one in events if isinstance(one, UserStateChanged)]
    assert states[:2] == [UserState.SPEAKING, UserState.LISTENING]
    heard = [one.text for one in events if isinstance(one, UserInputTranscribed)]
    assert all(one.startswith("heard ") for one in heard)
    of_user = [one for one in spoken(events) if one.role is ChatRole.USER]
    assert any(one.text.startswith("heard ") for one in of_user)
    usage = [one.usage for one in events if isinstance(one, UsageUpdated)][-1]
    assert {type(one) for one in usage.models} >= {LLMUsage, TTSUsage}


async def test_what_a_slow_tool_says_is_told_with_the_words_about_it(side: LiveKitSide) -> None:
    session = Session(side.source())
    calls: list[ToolCall] = []
    async with asyncio.timeout(60), session:
        session.agent.tool_calls.subscribe(calls.append)
        await session.start()
        items = await session.agent.run_input("!tool")
        assert {type(one) for one in items} >= {FunctionCall, FunctionCallOutput, ChatMessage}
        await until(lambda: calls[-1].reply is ToolReplyStatus.COMPLETED)
    assert ToolReplyStatus.SCHEDULED in {one.reply for one in calls}
    assert calls[-1].status is ToolStatus.DONE
    assert calls[-1].result == "counted to 3"


async def test_what_is_muted_is_not_written_any_more(side: LiveKitSide) -> None:
    session = Session(side.source())
    async with asyncio.timeout(60), session:
        await session.start()
        await converse(session, "one")
        await session.agent.mute_io(transcription=True)
        items = await session.agent.run_input("two")
        assert [one.text for one in items if isinstance(one, ChatMessage)] == ["echo: two"]
        await session.agent.mute_io(transcription=False)
        await converse(session, "three")
        assert "echo: two" not in texts(session)


def ignored(now: SessionSnapshot) -> str | None:
    """What became of the text that nobody took up."""
    return next(one.status for one in now.messages if one.text == "are you there")


async def test_an_agent_that_answers_pings_and_takes_up_nothing_is_deaf(side: LiveKitSide) -> None:
    session = Session(side.source(), agent_ping=0.5)
    async with asyncio.timeout(90), session:
        await session.start()
        await converse(session, "hello")
        await session.send("!deaf")
        sent = await session.send("are you there")
        assert sent.status is MessageStatus.SENT
        await session.wait_until(lambda now: not now.agent.is_responsive, 20)
        assert session.agent.state.value is AgentState.LISTENING
        await session.wait_until(lambda now: ignored(now) == "unconfirmed", PATIENCE)
        pings = [await session.agent.ping() for _ in range(3)]
        await asyncio.sleep(1.5)
        assert max(pings) < PATIENCE
        assert not session.agent.is_responsive.value
        await session.agent.run_input("by the back door")
        await session.wait_until(lambda now: now.agent.is_responsive, PATIENCE)


async def test_the_server_is_killed_while_the_agent_works(own_side: LiveKitSide) -> None:
    session = Session(own_side.source(), agent_return_timeout=60)
    async with asyncio.timeout(150), session:
        await session.start()
        await converse(session, "before")
        question = asyncio.create_task(session.agent.run_input("!long", timeout=60))
        await session.wait_until(lambda now: "word2" in now.messages[-1].text, PATIENCE)
        own_side.stack.server.kill()
        await session.wait_until(lambda now: now.is_reconnecting, 30)
        reads = [
            asyncio.create_task(session.agent.chat_history(timeout=60)),
            asyncio.create_task(session.agent.framework(timeout=60)),
        ]
        await asyncio.to_thread(own_side.stack.server.start)
        (outcome,) = await asyncio.gather(question, return_exceptions=True)
        # The agent works on, and its answer arrives where the link is back in time for it.
        kind = outcome.kind if isinstance(outcome, ChannelError) else type(outcome).__name__
        assert kind in {"run-ended", "timeout", "transport", "tuple"}
        history, framework = await asyncio.gather(*reads)
        assert framework.sdk == "python"
        assert any(isinstance(one, ChatMessage) and one.text == "!long" for one in history)
        await session.wait_until(
            lambda now: now.state is SessionState.ACTIVE and now.agent.user_state is not None, 60
        )
        await session.send("after")
        await said(session, "echo: after", 60)
        assert await session.agent.ping() >= 0
