"""What the agent tells about the user and its models, as stores."""

from __future__ import annotations

import asyncio

from session_fsm import UserState
from session_fsm.channel import ErrorReported, LLMUsage, ToolCall, UnknownEvent
from session_fsm.channel.wire import protocol
from session_fsm.events import Event, SpeechCorrected
from session_fsm.testing import ScriptedAgent
from unit.channel.scenes import answered, asked, make, until


async def test_they_follow_what_the_agent_tells() -> None:
    agent = ScriptedAgent()
    async with make(agent) as session:
        states: list[UserState | None] = []
        session.agent.user_state.subscribe(states.append)
        await session.start()
        await until(lambda: session.agent.usage.value is not None)
        for state in ("speaking", "listening", "away"):
            agent.channel.user(state)
        agent.channel.use(7)
        assert session.agent.usage.value is not None
        assert session.agent.usage.value.models == (LLMUsage("script", "script", output_tokens=7),)
        shown = session.snapshot.to_dict()["agent"]
        assert shown["user_state"] == "away"
        assert shown["usage"][0]["output_tokens"] == 7
    assert states == [None, "listening", "speaking", "listening", "away", None]


async def test_a_word_that_is_not_known_is_none() -> None:
    agent = ScriptedAgent()
    async with make(agent) as session:
        await session.start()
        agent.channel.user("speaking")
        changed = protocol().AgentSessionEvent.UserStateChanged(old_state=0, new_state=44)
        agent.channel.event(user_state_changed=changed)
        assert session.agent.user_state.value is None


async def test_they_are_cleared_with_the_agent_and_asked_for_again() -> None:
    agent = ScriptedAgent()
    async with make(agent) as session:
        await session.start()
        agent.channel.use(7)
        agent.channel.user("away")
        agent.crash()
        assert session.agent.user_state.value is None
        assert session.agent.usage.value is None
        agent.come_back()
        await session.wait_until(lambda seen: seen.agent.user_state is UserState.AWAY, 5)
        await session.wait_until(lambda seen: seen.agent.usage is not None, 5)


async def test_what_was_missed_while_the_link_was_lost_is_asked_for() -> None:
    agent = ScriptedAgent()
    async with make(agent) as session:
        await session.start()
        await until(lambda: asked(agent, "get_session_usage") == 1)
        agent.network.drop()
        agent.channel.user("away")
        agent.channel.use(3)
        await asyncio.sleep(5)
        assert session.agent.user_state.value is UserState.LISTENING
        agent.network.restore()
        await session.wait_until(lambda seen: seen.agent.user_state is UserState.AWAY, 1)
        await session.wait_until(lambda seen: bool(seen.agent.usage and seen.agent.usage.llm), 1)


async def test_an_observer_that_raises_disturbs_nobody() -> None:
    agent = ScriptedAgent()
    failed: list[BaseException] = []

    def fail(_: object) -> None:
        raise RuntimeError("an observer's own")

    async with make(agent, on_unhandled=lambda error, _: failed.append(error)) as session:
        await session.start()
        seen: list[object] = []
        session.agent.errors.subscribe(fail)
        session.agent.events.subscribe(fail)
        session.agent.errors.subscribe(seen.append)
        agent.channel.fail("it broke")
        assert [getattr(one, "message", None) for one in seen] == ["it broke"]
        assert len(failed) == 2


async def test_an_observer_sees_the_stores_as_the_event_left_them() -> None:
    agent = ScriptedAgent()
    async with make(agent) as session:
        await session.start()
        states: list[UserState | None] = []
        session.agent.events.subscribe(lambda _: states.append(session.agent.user_state.value))
        agent.channel.user("speaking")
        assert states == [UserState.SPEAKING]


async def test_the_streams_outlive_runs_and_end_with_the_session() -> None:
    agent = ScriptedAgent()
    session = make(agent)
    errors: list[ErrorReported] = []
    ended: list[bool] = []
    session.agent.errors.subscribe(errors.append, on_completed=lambda: ended.append(True))
    for number in range(2):
        await session.start()
        agent.channel.fail(str(number))
        await session.end()
        agent.network.delete_rooms()
    assert [one.message for one in errors] == ["0", "1"]
    assert ended == []
    await session.close()
    assert ended == [True]


async def test_a_call_that_another_agent_made_is_another_call() -> None:
    agent = ScriptedAgent()
    async with make(agent) as session:
        await session.start()
        calls: list[ToolCall] = []
        session.agent.tool_calls.subscribe(calls.append)
        call_id = agent.channel.call_tool("dig", status="running")
        agent.crash()
        agent.come_back()
        await session.wait_until(lambda seen: seen.agent.is_connected, 5)
        step = protocol().AgentSessionEvent.ToolExecutionUpdated
        ended = step.Ended(id=call_id, call_id=call_id, status=1)
        agent.channel.event(tool_execution_updated=step(ended=ended))
        assert [(one.name, one.is_running) for one in calls] == [("dig", True), ("", False)]


async def test_users_words_are_told_to_who_follows_them() -> None:
    agent = ScriptedAgent()
    async with make(agent) as session:
        heard: list[str] = []
        following = session._channel.on_user_item(lambda item: heard.append(item.text))
        await session.start()
        await answered(session, "one")
        await answered(session, "two")
        history = await session._channel.history()
        assert heard == ["one", "two"]
        following.dispose()
        await answered(session, "three")
        assert heard == ["one", "two"]
        assert [getattr(one, "text", "") for one in history] == [
            "one",
            "echo: one",
            "two",
            "echo: two",
        ]


async def test_what_was_really_said_is_told_as_a_fact_about_the_agent() -> None:
    agent = ScriptedAgent()
    async with make(agent) as session:
        await session.start()
        facts: list[object] = []
        box = session._mailbox
        post = box.post

        def spy(event: Event) -> None:
            facts.append(getattr(event, "fact", event))
            post(event)

        box.post = spy  # type: ignore[method-assign]
        agent.channel.said("assistant", "this far", interrupted=True)
        agent.channel.said("user", "stop")
        identity = session.agent.identity.value or ""
    corrections = [one for one in facts if isinstance(one, SpeechCorrected)]
    assert corrections == [SpeechCorrected(identity, "this far", interrupted=True)]


async def test_an_event_of_a_later_version_is_kept() -> None:
    agent = ScriptedAgent()
    async with make(agent) as session:
        await session.start()
        seen: list[object] = []
        session.agent.events.subscribe(seen.append)
        agent.channel.send(b"\x1a\x03\x9a\x06\x00")
        assert seen == [UnknownEvent("field-99")]
