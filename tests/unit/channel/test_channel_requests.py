"""Questions to the agent: when they are asked, how long they wait, and how each of them ends."""

from __future__ import annotations

import asyncio
import logging
from uuid import uuid4

import pytest

from session_fsm import ChannelError, Session, SessionStateError, StreamKind
from session_fsm.channel import ChatMessage, FrameworkInfo
from session_fsm.channel.line import SERVED_WITHIN
from session_fsm.channel.wire import TOPIC, protocol
from session_fsm.data.info import StreamHeader
from session_fsm.testing import ScriptedAgent, cancel_everywhere
from unit.channel.scenes import answered, asked, make, now, until


async def test_before_a_start_and_after_an_end_nobody_can_be_asked() -> None:
    session = make(ScriptedAgent())
    with pytest.raises(SessionStateError, match=r"start\(\)") as caught:
        await session.agent.info()
    assert caught.value.kind == "not-running"
    await session.start()
    assert (await session.agent.framework()) == FrameworkInfo("script", "1")
    await session.end()
    with pytest.raises(SessionStateError):
        await session.agent.info()
    await session.close()


async def test_a_question_waits_until_the_agent_is_ready() -> None:
    agent = ScriptedAgent(initialize_for=4)
    async with make(agent) as session:
        starting = asyncio.create_task(session.start())
        await session.wait_until_connected()
        assert (await session.agent.framework()).sdk == "script"
        assert session.agent.is_connected.value
        await starting


async def test_without_an_agent_its_time_passes() -> None:
    agent = ScriptedAgent(join_after=None)
    async with make(agent, agent_timeout=None) as session:
        starting = asyncio.create_task(session.start())
        await session.wait_until_connected()
        begun = now()
        with pytest.raises(ChannelError, match="no agent to ask") as caught:
            await session.agent.ping(timeout=3)
        assert caught.value.kind == "timeout"
        assert now() - begun == pytest.approx(3)
        await session.end()
        await asyncio.wait({starting})
        assert starting.exception() is not None


async def test_an_agent_that_does_not_serve_it_is_known_after_two_seconds_and_remembered() -> None:
    agent = ScriptedAgent()
    agent.channel.is_served = False
    async with make(agent) as session:
        await session.start()
        begun = now()
        for _ in range(2):
            with pytest.raises(ChannelError) as caught:
                await session.agent.chat_history()
            assert caught.value.kind == "not-served"
            assert now() - begun == pytest.approx(SERVED_WITHIN, abs=0.01)
        assert session._channel.is_served is False


async def test_a_new_link_finds_out_anew() -> None:
    agent = ScriptedAgent()
    agent.channel.is_served = False
    async with make(agent) as session:
        await session.start()
        with pytest.raises(ChannelError):
            await session.agent.ping()
        agent.network.drop()
        agent.channel.is_served = True
        agent.network.restore()
        assert await session.agent.ping() == pytest.approx(0)


async def test_one_that_is_slow_is_served_from_its_first_word_on() -> None:
    agent = ScriptedAgent()
    agent.channel.is_served = False
    async with make(agent) as session:
        await session.start()
        with pytest.raises(ChannelError):
            await session.agent.ping()
        agent.channel.is_served = True
        agent.channel.user("speaking")
        assert await session.agent.ping() == pytest.approx(0)
        await until(lambda: session.agent.usage.value is not None)


async def test_a_question_that_is_not_answered_ends_in_time() -> None:
    agent = ScriptedAgent()
    async with make(agent) as session:
        await session.start()
        await session.agent.ping()
        agent.responsive = False
        begun = now()
        with pytest.raises(ChannelError, match="get_agent_info within 7 s") as caught:
            await session.agent.info(timeout=7)
        assert caught.value.kind == "timeout"
        assert now() - begun == pytest.approx(7)


async def test_a_read_is_asked_again_over_the_next_link() -> None:
    agent = ScriptedAgent()
    async with make(agent) as session:
        await session.start()
        await session.agent.ping()
        agent.responsive = False
        asking = asyncio.create_task(session.agent.framework())
        await asyncio.sleep(0.1)
        agent.network.drop()
        agent.responsive = True
        await asyncio.sleep(3)
        agent.network.restore()
        assert (await asking).sdk == "script"


async def test_run_input_is_never_asked_twice() -> None:
    agent = ScriptedAgent()
    async with make(agent) as session:
        await session.start()
        running = asyncio.create_task(session.agent.run_input("hello", timeout=30))
        await until(lambda: asked(agent, "run_input"))
        agent.network.drop()
        await asyncio.sleep(3)
        agent.network.restore()
        with pytest.raises(ChannelError, match=r"link was lost.*chat_history") as caught:
            await running
        assert caught.value.kind == "timeout"
        assert asked(agent, "run_input") == 1
        assert agent.channel.asked.count("get_session_state") >= 1
        history = await session.agent.chat_history()
        assert [one.text for one in history if isinstance(one, ChatMessage)] == [
            "hello",
            "echo: hello",
        ]


async def test_run_input_that_waits_for_the_link_is_asked_once() -> None:
    agent = ScriptedAgent()
    async with make(agent) as session:
        await session.start()
        agent.network.drop()
        running = asyncio.create_task(session.agent.run_input("hello"))
        await asyncio.sleep(3)
        agent.network.restore()
        (answer,) = await running
        assert isinstance(answer, ChatMessage)
        assert answer.text == "echo: hello"
        assert asked(agent, "run_input") == 1


async def test_an_agent_that_refuses_is_quoted() -> None:
    agent = ScriptedAgent()
    async with make(agent) as session:
        await session.start()
        await session.agent.ping()
        agent.channel.is_deaf = True
        with pytest.raises(ChannelError, match="AgentSession is closing") as caught:
            await session.agent.run_input("hello")
        assert caught.value.kind == "refused"


async def test_a_question_ends_with_the_agent_that_was_asked() -> None:
    agent = ScriptedAgent(think_for=5)
    async with make(agent) as session:
        await session.start()
        running = asyncio.create_task(session.agent.run_input("hello"))
        await until(lambda: asked(agent, "run_input"))
        agent.hand_over()
        with pytest.raises(ChannelError, match="left the room") as caught:
            await running
        assert caught.value.kind == "run-ended"
        assert await session.agent.ping() == pytest.approx(0)


async def test_a_question_ends_with_the_session_and_says_why() -> None:
    agent = ScriptedAgent()
    async with make(agent) as session:
        await session.start()
        running = asyncio.create_task(session.agent.run_input("hello"))
        await until(lambda: asked(agent, "run_input"))
        agent.network.cut("removed")
        with pytest.raises(ChannelError, match="session ended") as caught:
            await running
        assert caught.value.kind == "run-ended"
        assert caught.value.__cause__ is session.failure.value


def id_of(session: Session, kind: str) -> str:
    """The id of a question that is not answered yet; whoever is in the room can see it."""
    line = session._channel._line
    assert line is not None
    return next(one.id for one in line._requests._open.values() if one.kind == kind)


async def test_a_question_that_nobody_was_asked_ends_with_the_session() -> None:
    agent = ScriptedAgent(join_after=None)
    async with make(agent, agent_timeout=None) as session:
        starting = asyncio.create_task(session.start())
        await session.wait_until_connected()
        waiting = asyncio.create_task(session.agent.ping(timeout=50))
        await asyncio.sleep(1)
        begun = now()
        await session.end()
        with pytest.raises(ChannelError) as caught:
            await waiting
        assert caught.value.kind == "run-ended"
        assert now() - begun < 1
        await asyncio.wait({starting})
        assert starting.exception() is not None


async def test_whether_it_is_served_is_found_out_for_each_agent() -> None:
    agent = ScriptedAgent()
    async with make(agent) as session:
        await session.start()
        await session.agent.ping()
        agent.crash()
        agent.channel.is_served = False
        agent.come_back()
        with pytest.raises(ChannelError) as caught:
            await session.agent.ping()
        assert caught.value.kind == "not-served"


async def test_an_answer_of_another_kind_is_no_answer() -> None:
    agent = ScriptedAgent()
    async with make(agent) as session:
        await session.start()
        await session.agent.ping()
        agent.responsive = False
        asking = asyncio.create_task(session.agent.info())
        await asyncio.sleep(0.1)
        request_id = id_of(session, "get_agent_info")
        wire = protocol()
        pong = wire.SessionResponse(request_id=request_id, pong=wire.SessionResponse.Pong())
        agent.channel.send(wire.AgentSessionMessage(response=pong).SerializeToString())
        with pytest.raises(ChannelError, match="something else") as caught:
            await asking
        assert caught.value.kind == "refused"


async def test_answers_and_events_of_others_are_nothing() -> None:
    """Mallory even knows the id of the question."""
    agent = ScriptedAgent()
    async with make(agent) as session:
        await session.start()
        await session.agent.ping()
        seen: list[object] = []
        session.agent.events.subscribe(seen.append)
        agent.responsive = False
        asking = asyncio.create_task(session.agent.framework(timeout=2))
        await asyncio.sleep(0.1)
        request_id = id_of(session, "get_framework_info")
        wire = protocol()
        info = wire.SessionResponse.GetFrameworkInfoResponse(sdk="forged")
        answer = wire.SessionResponse(request_id=request_id, get_framework_info=info)
        error = wire.AgentSessionEvent(error=wire.AgentSessionEvent.Error(message="forged"))
        for message in (
            wire.AgentSessionMessage(response=answer),
            wire.AgentSessionMessage(event=error),
        ):
            for room in agent.network.rooms.values():
                header = StreamHeader(uuid4().hex, StreamKind.BYTES, TOPIC)
                stream = room.open_stream("mallory", header)
                stream.write(message.SerializeToString())
                stream.close()
        with pytest.raises(ChannelError) as caught:
            await asking
        assert caught.value.kind == "timeout"
        assert seen == []


async def test_garbage_is_counted_and_told_once(caplog: pytest.LogCaptureFixture) -> None:
    agent = ScriptedAgent()
    async with make(agent) as session:
        await session.start()
        for _ in range(3):
            agent.channel.send(b"\xff\xff\xff")
        line = session._channel._line
        assert line is not None
        assert line.garbage == 3
        await answered(session, "hello")
    warnings = [one for one in caplog.records if one.levelno >= logging.WARNING]
    assert [one.getMessage()[:60] for one in warnings] == [
        "a message on the agent's session channel makes no sense: Dec"
    ]


async def test_what_cannot_be_sent_ends_at_once() -> None:
    agent = ScriptedAgent()
    async with make(agent) as session:
        await session.start()
        await session.agent.ping()
        run = session._mailbox.run
        assert run is not None
        assert run.link is not None
        run.link.streams.break_off("the test says so")  # type: ignore[attr-defined]
        run.link.streams.open = _refuse  # type: ignore[method-assign]
        with pytest.raises(ChannelError, match="could not be sent") as caught:
            await session.agent.ping()
        assert caught.value.kind == "transport"


async def _refuse(_: StreamHeader) -> None:  # type: ignore[misc]
    from session_fsm import StreamError  # noqa: PLC0415

    raise StreamError("The stream could not be opened.", kind="transport")


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda agent: agent.run_input(""), ValueError),
        (lambda agent: agent.run_input(7), TypeError),
        (lambda agent: agent.run_input("hello", timeout=0), ValueError),
        (lambda agent: agent.ping(timeout="soon"), TypeError),
        (lambda agent: agent.mute_io(), ValueError),
        (lambda agent: agent.mute_io(audio_input="yes"), TypeError),
    ],
)
async def test_bad_arguments_are_named(call: object, error: type[Exception]) -> None:
    async with make(ScriptedAgent()) as session:
        await session.start()
        with pytest.raises(error):
            await call(session.agent)  # type: ignore[operator]
        assert session.agent._channel.is_served is not False


async def test_what_is_muted_and_what_is_not() -> None:
    agent = ScriptedAgent()
    async with make(agent) as session:
        await session.start()
        await session.agent.mute_io(audio_input=True, video_output=True, transcription=True)
        assert agent.channel.muted == {"input.audio", "output.video", "output.transcription"}
        await session.agent.mute_io(audio_input=False, video_input=True)
        assert agent.channel.muted == {"input.video", "output.video", "output.transcription"}


async def test_a_bad_ping_interval_is_refused() -> None:
    with pytest.raises(ValueError, match="agent_ping"):
        make(ScriptedAgent(), agent_ping=0)


async def started() -> tuple[ScriptedAgent, Session]:
    agent = ScriptedAgent()
    session = make(agent, agent_ping=1)
    await session.start()
    return agent, session


async def is_usable(world: tuple[ScriptedAgent, Session]) -> None:
    agent, session = world
    assert await session.agent.run_input("again")
    assert session._channel._line._requests._open == {}  # type: ignore[union-attr]
    await session.close()
    agent.network.delete_rooms()


@pytest.mark.parametrize(
    "call",
    [
        lambda world: world[1].agent.ping(),
        lambda world: world[1].agent.chat_history(),
        lambda world: world[1].agent.run_input("hello"),
        lambda world: world[1].agent.mute_io(audio_input=True),
    ],
    ids=["ping", "chat_history", "run_input", "mute_io"],
)
def test_cancelling_a_question_anywhere_leaves_a_session_that_can_be_asked(call: object) -> None:
    assert cancel_everywhere(started, call, is_usable) >= 2  # type: ignore[arg-type]
