"""Texts of the user: shown at once, sent when the agent is ready for them, never lost silently."""

import asyncio

import pytest

from session_fsm import (
    MessageAdded,
    MessageStatus,
    SendError,
    Session,
    SessionState,
    SessionStateError,
    TokenOptions,
    TokenSource,
)
from session_fsm.testing import ScriptedAgent


def make(agent: ScriptedAgent, **options: object) -> Session:
    return Session(TokenSource.loopback(agent), **options)  # type: ignore[arg-type]


def now() -> float:
    return asyncio.get_running_loop().time()


def statuses(session: Session) -> list[MessageStatus | None]:
    return [one.status for one in session.messages.value if one.sender == "user"]


async def settled(session: Session) -> None:
    await session.wait_until(
        lambda seen: all(one.status is not MessageStatus.SENDING for one in seen.messages)
    )


async def test_it_is_shown_at_once() -> None:
    agent = ScriptedAgent()
    async with make(agent) as session:
        await session.start()
        call = asyncio.create_task(session.send("hello"))
        await asyncio.sleep(0)
        assert statuses(session) == ["sending"]
        message = await call
        assert message == session.messages.value[0]
        assert (message.status, message.final, message.sender) == ("sent", True, "user")
        assert message.timestamp.utcoffset() is not None
        assert agent.heard == ["hello"]


@pytest.mark.parametrize("greeting", [None, "good morning to everybody out there"])
async def test_sent_before_the_agent_is_ready_it_waits_and_is_answered(
    greeting: str | None,
) -> None:
    agent = ScriptedAgent(greeting=greeting, track_after=0.5)
    async with make(agent) as session:
        start = asyncio.create_task(session.start())
        await asyncio.sleep(0)
        assert session.state.value is SessionState.FETCHING_TOKEN
        send = asyncio.create_task(session.send("first"))
        await start
        await session.send("second")
        await send
        await session.wait_until(
            lambda seen: any(one.text == "echo: second" and one.final for one in seen.messages)
        )
        assert agent.heard == ["first", "second"]


async def test_texts_leave_in_the_order_in_which_they_were_sent() -> None:
    agent = ScriptedAgent()
    async with make(agent) as session:
        start = asyncio.create_task(session.start())
        await asyncio.sleep(0)
        texts = [f"text {place}" for place in range(20)]
        await asyncio.gather(start, *(session.send(text) for text in texts))
        assert agent.heard == texts
        assert statuses(session) == ["sent"] * 20


async def test_an_agent_without_a_track_is_waited_for_two_seconds() -> None:
    agent = ScriptedAgent(join_after=0, initialize_for=0, track_after=None)
    async with make(agent) as session:
        await session.start()
        began = now()
        await session.send("hello")
        assert now() - began == pytest.approx(2.0)


@pytest.mark.parametrize("connect_delay", [0.05, 4.0])
async def test_an_agent_that_was_there_first_must_have_heard_of_us(connect_delay: float) -> None:
    agent = ScriptedAgent(join_after=0, initialize_for=0, track_after=0)
    source = TokenSource.loopback(agent)

    def guest(name: str) -> Session:
        options = TokenOptions(room_name="shared", participant_identity=name)
        return Session(source, token_options=options)

    async with guest("ann") as first, guest("bob") as second:
        await first.start()
        agent.network.connect_delay = connect_delay
        await second.start()
        began = now()
        await second.send("hello")
        assert now() - began == pytest.approx(3.5, abs=0.1)


async def test_while_the_link_is_down_it_waits_and_is_sent_once() -> None:
    agent = ScriptedAgent()
    async with make(agent) as session:
        await session.start()
        await session.send("before")
        agent.network.drop()
        send = asyncio.create_task(session.send("meanwhile"))
        await asyncio.sleep(30)
        assert statuses(session) == ["sent", "sending"]
        agent.network.restore()
        await send
        assert agent.heard == ["before", "meanwhile"]


async def test_only_the_sessions_agent_hears_it() -> None:
    agent = ScriptedAgent(join_after=0, initialize_for=0)
    async with make(agent) as session:
        await session.start()
        first = session.agent.identity.value
        agent.come_back()
        await asyncio.sleep(5)
        assert len(session.snapshot.roster) == 2
        await session.send("hello")
        await asyncio.sleep(5)
        assert session.agent.identity.value == first
        assert agent.heard == ["hello"]
        assert [one.text for one in session.messages.value] == ["hello", "echo: hello"]


async def test_an_unanswered_probe_is_not_responsive_and_gives_texts_up() -> None:
    agent = ScriptedAgent()
    async with make(agent) as session:
        await session.start()
        await session.send("before")
        agent.responsive = False
        agent.network.drop()
        agent.network.restore()
        began = now()
        with pytest.raises(SendError, match="did not answer for 10 seconds") as caught:
            await session.send("lost?")
        assert caught.value.kind == "unanswered"
        assert 10 <= now() - began < 14
        assert statuses(session) == ["sent", "failed"]
        assert not session.agent.is_responsive.value
        agent.responsive = True
        await session.send("again")
        assert session.agent.is_responsive.value
        assert agent.heard == ["before", "again"]


async def test_a_text_that_the_outage_overtakes_is_sent_once_more() -> None:
    agent = ScriptedAgent()
    async with make(agent) as session:
        await session.start()
        await session.send("before")
        link = session._mailbox.run.link  # type: ignore[union-attr]
        original = link.send_text  # type: ignore[union-attr]

        async def slow(*what: object) -> None:
            await asyncio.sleep(1)
            await original(*what)

        link.send_text = slow  # type: ignore[method-assign,union-attr]
        send = asyncio.create_task(session.send("on its way"))
        await asyncio.sleep(0.5)
        agent.network.drop()
        await asyncio.sleep(5)
        agent.network.restore()
        await send
        assert statuses(session) == ["sent", "sent"]
        assert agent.heard == ["before", "on its way"]


async def test_the_run_ends_first() -> None:
    agent = ScriptedAgent(initialize_for=None)
    async with make(agent, agent_timeout=2.0) as session:
        start = asyncio.create_task(session.start())
        await asyncio.sleep(0)
        with pytest.raises(SendError, match="Send it again after a new start") as caught:
            await session.send("hello")
        assert caught.value.kind == "run-ended"
        assert statuses(session) == ["failed"]
        await asyncio.wait({start})
        assert start.exception() is session.failure.value


async def test_cancelled_while_it_waits_it_is_never_sent() -> None:
    agent = ScriptedAgent(join_after=5.0)
    async with make(agent) as session:
        start = asyncio.create_task(session.start())
        await asyncio.sleep(0)
        first, second = (asyncio.create_task(session.send(text)) for text in ("one", "two"))
        await asyncio.sleep(1)
        first.cancel()
        await asyncio.wait({first})
        assert first.cancelled()
        assert statuses(session) == ["failed", "sending"]
        await start
        await second
        assert agent.heard == ["two"]


async def test_when_idle_or_ending_it_is_an_error() -> None:
    async with make(ScriptedAgent()) as session:
        with pytest.raises(SessionStateError, match=r"The session is idle: call start\(\)"):
            await session.send("hello")
        await session.start()
        end = asyncio.create_task(session.end())
        await asyncio.sleep(0)
        with pytest.raises(SessionStateError, match="ending") as caught:
            await session.send("hello")
        assert caught.value.kind == "not-running"
        await end
        assert len(session.messages.value) == 0


@pytest.mark.parametrize("text", ["", "  \n"])
async def test_an_empty_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="text must not be empty"):
        await make(ScriptedAgent()).send(text)


@pytest.mark.parametrize("text", [None, 7, b"bytes"])
async def test_only_str_is_text(text: object) -> None:
    with pytest.raises(TypeError, match="text must be a str, not "):
        await make(ScriptedAgent()).send(text)  # type: ignore[arg-type]


async def test_messages_stay_after_the_end_and_go_with_the_next_start() -> None:
    agent = ScriptedAgent()
    async with make(agent) as session:
        await session.start()
        await session.send("hello")
        await session.end()
        assert [one.text for one in session.messages.value] == ["hello"]
        await session.start()
        assert list(session.messages.value) == []


async def test_a_reply_that_breaks_off_is_final_with_what_arrived() -> None:
    agent = ScriptedAgent(reply=lambda _: "one two three four five six seven eight", think_for=0)
    async with make(agent) as session:
        await session.start()
        await session.send("hello")
        await session.wait_until(lambda seen: seen.messages[-1].text == "one two three")
        await session.end()
        last = session.messages.value[-1]
        assert (last.text, last.final) == ("one two three", True)


async def test_events_tell_each_change_after_the_store_shows_it() -> None:
    agent = ScriptedAgent()
    async with make(agent) as session:
        seen: list[bool] = []
        session.messages.events.subscribe(
            lambda change: seen.append(change.message in session.messages.value)
        )
        added: list[str] = []
        session.messages.events.subscribe(
            lambda change: (
                added.append(change.message.text) if isinstance(change, MessageAdded) else None
            )
        )
        await session.start()
        await session.send("hello")
        await session.wait_until(lambda now: now.messages[-1].text == "echo: hello")
        await settled(session)
        assert all(seen)
        assert added == ["hello", "echo:"]
