"""The agent's session channel: what it tells, what it answers, and whether it is alive."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar
from uuid import uuid4

import pytest

from contract.calls import PATIENCE, converse, said, until
from contract.sides import Side
from session_fsm import AgentState, ChannelError, Session, SessionStateError, UserState
from session_fsm.channel import (
    AgentStateChanged,
    ChannelEvent,
    ChatMessage,
    ChatRole,
    ErrorReported,
    FalseInterruption,
    ItemAdded,
    ToolCall,
    ToolStatus,
    UnknownEvent,
    UsageUpdated,
)
from session_fsm.channel.wire import TOPIC, protocol
from session_fsm.data.info import StreamHeader, StreamKind
from stores import EventStream

T = TypeVar("T")


@contextmanager
def told(stream: EventStream[T]) -> Iterator[list[T]]:
    """Everything from now on."""
    seen: list[T] = []
    subscription = stream.subscribe(seen.append)
    try:
        yield seen
    finally:
        subscription.dispose()


def messages(events: list[ChannelEvent]) -> list[ChatMessage]:
    return [
        one.item
        for one in events
        if isinstance(one, ItemAdded) and isinstance(one.item, ChatMessage)
    ]


async def test_a_turn_is_told_as_events_metrics_and_usage(side: Side) -> None:
    session = Session(side.source())
    async with asyncio.timeout(60), session:
        assert session.agent.user_state.value is None
        assert session.agent.usage.value is None
        await session.start()
        agent = session.agent
        with told(agent.events) as events, told(agent.metrics) as metrics:
            await converse(session, "hello")
            await until(lambda: len(messages(events)) == 2 and metrics)
        question, answer = messages(events)
        assert (question.role, question.text) == (ChatRole.USER, "hello")
        assert (answer.role, answer.text) == (ChatRole.ASSISTANT, "echo: hello")
        assert not answer.interrupted
        assert metrics[-1].item_id == answer.id
        assert metrics[-1].llm_node_ttft is not None
        reports = [one.after for one in events if isinstance(one, AgentStateChanged)]
        begun = reports.index(AgentState.THINKING)
        assert reports[begun + 1] is AgentState.SPEAKING
        assert any(isinstance(one, UsageUpdated) for one in events)
        assert all(one.at is not None and one.at.utcoffset() is not None for one in events)
        await until(lambda: agent.usage.value is not None and agent.usage.value.llm)
        assert agent.user_state.value is UserState.LISTENING
    assert session.agent.user_state.value is None
    assert session.agent.usage.value is None


async def test_every_question_is_answered(side: Side) -> None:
    session = Session(side.source())
    async with asyncio.timeout(60), session:
        await session.start()
        agent = session.agent
        assert 0 <= await agent.ping() < PATIENCE
        await converse(session, "hello")
        await until(lambda: agent.usage.value is not None and agent.usage.value.llm)
        history = await agent.chat_history()
        words = [(one.role, one.text) for one in history if isinstance(one, ChatMessage)]
        assert words[:2] == [(ChatRole.USER, "hello"), (ChatRole.ASSISTANT, "echo: hello")]
        info = await agent.info()
        assert info.id
        assert info.instructions
        assert info.tools
        assert [one.text for one in info.items if isinstance(one, ChatMessage)][-2:] == [
            "hello",
            "echo: hello",
        ]
        state = await agent.session_state()
        assert state.agent_state is AgentState.LISTENING
        assert state.user_state is UserState.LISTENING
        assert state.agent_id == info.id
        assert state.options
        framework = await agent.framework()
        assert framework.sdk
        assert framework.version
        usage = await agent.fetch_usage()
        assert usage.llm[0].output_tokens > 0
        assert agent.usage.value == usage
        stats = await agent.rtc_stats()
        assert isinstance(stats.publisher, tuple)
        await agent.mute_io(audio_output=True, transcription=False)
        await agent.mute_io(audio_output=False)


async def test_run_input_returns_what_the_agent_made_of_it(side: Side) -> None:
    session = Session(side.source())
    async with asyncio.timeout(60), session:
        await session.start()
        items = await session.agent.run_input("by the back door")
        assert [one.text for one in items if isinstance(one, ChatMessage)] == [
            "echo: by the back door"
        ]
        await said(session, "echo: by the back door")
        await converse(session, "and by the front")


async def test_two_questions_at_once_get_their_own_answers(side: Side) -> None:
    session = Session(side.source())
    async with asyncio.timeout(60), session:
        await session.start()
        agent = session.agent
        seconds, info, state, history = await asyncio.gather(
            agent.ping(), agent.info(), agent.session_state(), agent.chat_history()
        )
        assert seconds < PATIENCE
        assert info.id == state.agent_id
        assert isinstance(history, tuple)


async def test_a_tool_call_is_one_call_with_its_progress(side: Side) -> None:
    session = Session(side.source())
    async with asyncio.timeout(60), session:
        await session.start()
        with told(session.agent.tool_calls) as calls:
            await side.on_channel(session, "tool")
            await until(lambda: calls and not calls[-1].is_running)
        assert {one.call_id for one in calls} == {calls[0].call_id}
        assert {one.name for one in calls} == {"count"}
        first, last = calls[0], calls[-1]
        assert (first.status, first.updates, first.result) == (ToolStatus.RUNNING, (), None)
        assert first.arguments == '{"to": 3}'
        assert [len(one.updates) for one in calls] == sorted(len(one.updates) for one in calls)
        assert [one.message for one in last.updates] == ["at 1", "at 2", "at 3"]
        assert (last.status, last.result) == (ToolStatus.DONE, "counted to 3")
        assert last.started_at is not None
        assert last.ended_at is not None
        assert last.ended_at >= last.started_at


async def test_a_tool_that_fails_says_how(side: Side) -> None:
    session = Session(side.source())
    async with asyncio.timeout(60), session:
        await session.start()
        with told(session.agent.tool_calls) as calls:
            await side.on_channel(session, "toolfail")
            await until(lambda: calls and not calls[-1].is_running)
        last: ToolCall = calls[-1]
        assert (last.name, last.status, last.result) == ("fail", ToolStatus.ERROR, "it broke")


async def test_a_hand_off_an_error_and_a_false_interruption_have_their_streams(side: Side) -> None:
    session = Session(side.source())
    async with asyncio.timeout(60), session:
        await session.start()
        agent = session.agent
        with (
            told(agent.handoffs) as handoffs,
            told(agent.errors) as errors,
            told(agent.false_interruptions) as falses,
        ):
            for what in ("false-interruption", "error", "handoff"):
                await side.on_channel(session, what)
            # The first agent of all is told as a hand-off, too.
            await until(lambda: handoffs and handoffs[-1].old_agent_id and errors and falses)
        assert isinstance(falses[0], FalseInterruption)
        assert falses[0].resumed
        assert isinstance(errors[0], ErrorReported)
        assert "the model broke" in errors[0].message
        assert (handoffs[-1].old_agent_id, handoffs[-1].new_agent_id) == (
            "echo_agent",
            "other_agent",
        )
        assert session.agent.identity.value is not None


async def test_interrupted_speech_is_told_with_what_was_said(side: Side) -> None:
    session = Session(side.source())
    async with asyncio.timeout(60), session:
        await session.start()
        with told(session.agent.events) as events:
            await side.on_channel(session, "interrupt")
            await until(lambda: any(one.interrupted for one in messages(events)))
        cut = next(one for one in messages(events) if one.interrupted)
        assert cut.role is ChatRole.ASSISTANT
        assert cut.text.startswith("word1 word2")
        assert "word60" not in cut.text


@pytest.mark.parametrize("nonsense", ["garbage", "huge"])
async def test_nonsense_of_the_agent_is_skipped_with_a_warning(
    side: Side, nonsense: str, caplog: pytest.LogCaptureFixture
) -> None:
    session = Session(side.source())
    async with asyncio.timeout(60), session:
        await session.start()
        for _ in range(2):
            await side.on_channel(session, nonsense)
        await until(lambda: "session channel" in caplog.text)
        assert await session.agent.ping() >= 0
        await converse(session, "as if nothing had been")
    warnings = [one for one in caplog.records if "session channel" in one.getMessage()]
    assert len(warnings) == 1


async def test_an_event_that_is_not_known_keeps_its_number(side: Side) -> None:
    session = Session(side.source())
    async with asyncio.timeout(60), session:
        await session.start()
        with told(session.agent.events) as events:
            await side.on_channel(session, "unknown")
            await until(lambda: any(isinstance(one, UnknownEvent) for one in events))
        assert UnknownEvent("field-99") in events


async def test_what_others_say_on_the_channel_is_nothing(side: Side) -> None:
    """Another user forges events, answers, and the agent's usage."""
    room = side.fresh_room()
    session = Session(side.source(room))
    mallory = Session(side.source(room, identity="mallory", dispatch=False))
    async with asyncio.timeout(60), session, mallory:
        await session.start()
        await mallory.start()
        await session.agent.ping()
        with told(session.agent.events) as events:
            for _ in range(3):
                await forge(mallory)
            await converse(session, "who is there")
            answers = await asyncio.gather(forge(mallory), session.agent.framework())
        assert not [one for one in events if isinstance(one, ErrorReported)]
        assert answers[1].sdk != "forged"
        usage = session.agent.usage.value
        assert usage is None or all(one.provider != "forged" for one in usage.models)
        assert session.agent.user_state.value is UserState.LISTENING


async def forge(mallory: Session) -> None:
    wire = protocol()
    event = wire.AgentSessionEvent
    usage = wire.AgentSessionUsage(
        model_usage=[wire.ModelUsage(llm=wire.LLMModelUsage(provider="forged"))]
    )
    forged = [
        wire.AgentSessionMessage(event=event(error=event.Error(message="forged"))),
        wire.AgentSessionMessage(
            event=event(user_state_changed=event.UserStateChanged(new_state=2))
        ),
        wire.AgentSessionMessage(
            event=event(session_usage_updated=event.SessionUsageUpdated(usage=usage))
        ),
    ]
    run = mallory._mailbox.run
    assert run is not None
    assert run.link is not None
    for one in forged:
        data = one.SerializeToString()
        header = StreamHeader(str(uuid4()), StreamKind.BYTES, TOPIC, size=len(data))
        writer = await run.link.streams.open(header)
        await writer.write(data)
        await writer.close()


async def test_an_agent_without_the_channel_is_known_within_seconds(side: Side) -> None:
    session = Session(side.source(host=False))
    async with asyncio.timeout(60), session:
        await session.start()
        loop = asyncio.get_running_loop()
        begun = loop.time()
        with pytest.raises(ChannelError) as caught:
            await session.agent.chat_history()
        assert caught.value.kind == "not-served"
        assert loop.time() - begun < 5
        begun = loop.time()
        with pytest.raises(ChannelError, match="does not serve"):
            await session.agent.run_input("hello")
        assert loop.time() - begun < 1.5, "known by now: not the two seconds again"
        await converse(session, "you can still talk")
        assert session.agent.user_state.value is None
        assert session.agent.usage.value is None
        assert session.agent.is_responsive.value


async def test_an_agent_whose_session_has_ended_is_not_responsive(
    side: Side, caplog: pytest.LogCaptureFixture
) -> None:
    session = Session(side.source())
    async with asyncio.timeout(60), session:
        await session.start()
        await converse(session, "hello")
        await session.wait_until(lambda now: now.agent.state is AgentState.LISTENING, PATIENCE)
        await side.close_agent_session(session)
        assert session.agent.state.value is AgentState.LISTENING
        sending = asyncio.create_task(session.send("can you hear me"))
        await session.wait_until(lambda now: not now.agent.is_responsive, 20)
        await sending
        assert session.agent.state.value is AgentState.LISTENING
    warnings = [one for one in caplog.records if "seems to have ended" in one.getMessage()]
    assert len(warnings) == 1


async def test_a_living_agent_stays_responsive(side: Side) -> None:
    session = Session(side.source(), agent_ping=0.3)
    async with asyncio.timeout(60), session:
        await session.start()
        seen: list[bool] = []
        session.agent.is_responsive.subscribe(seen.append)
        for text in ("one", "two", "three"):
            await converse(session, text)
        await asyncio.sleep(1.5)
        assert seen == [True]


async def test_pings_tell_of_an_agent_that_is_frozen_and_thaws(side: Side) -> None:
    room = side.fresh_room()
    session = Session(side.source(room), agent_ping=0.5)
    async with asyncio.timeout(60), session:
        await session.start()
        await converse(session)
        side.freeze_agent(room)
        try:
            await session.wait_until(lambda now: not now.agent.is_responsive, 10)
        finally:
            side.thaw_agent(room)
        await session.wait_until(lambda now: now.agent.is_responsive, 10)
        await converse(session, "awake again")


@pytest.mark.parametrize("how", ["resumed", "rebuilt"])
async def test_questions_of_an_outage_are_answered_after_it(side: Side, how: str) -> None:
    session = Session(side.source())
    async with asyncio.timeout(90), session:
        await session.start()
        await converse(session)
        await side.break_link(session, how)
        asking = asyncio.create_task(session.agent.framework(timeout=30))
        await asyncio.sleep(0.05)
        assert not asking.done()
        await side.mend_link(session)
        assert (await asking).sdk
        await session.wait_until(lambda now: now.agent.user_state is UserState.LISTENING, PATIENCE)


async def test_a_question_ends_with_its_agent_and_with_its_session(side: Side) -> None:
    session = Session(side.source(), agent_return_timeout=None)
    async with asyncio.timeout(60), session:
        with pytest.raises(SessionStateError):
            await session.agent.ping()
        await session.start()
        asking = asyncio.create_task(session.agent.run_input("!long"))
        await session.wait_until(lambda now: now.agent.state is AgentState.SPEAKING, PATIENCE)
        assert not asking.done()
        await side.throw_agent_out(side.rooms[0], session.agent.identity.value or "")
        with pytest.raises(ChannelError) as caught:
            await asking
        assert caught.value.kind == "run-ended"
        waiting = asyncio.create_task(session.agent.framework(timeout=30))
        await asyncio.sleep(0.05)
        await session.end()
        with pytest.raises(ChannelError) as caught:
            await waiting
        assert caught.value.kind == "run-ended"
        with pytest.raises(SessionStateError):
            await session.agent.ping()
        await session.start()
        assert await session.agent.ping() >= 0
