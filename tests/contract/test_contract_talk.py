"""The conversation: what is sent, what is answered, and what the list of messages shows of it."""

import asyncio
from itertools import pairwise

import pytest

from contract.calls import PATIENCE, changes, converse, found, said, texts, until
from contract.sides import CHAT, LONG, Side
from session_fsm import (
    MessageAdded,
    MessageKind,
    MessageStatus,
    MessageUpdated,
    SendError,
    Session,
    SessionStateError,
)


async def test_a_conversation(side: Side) -> None:
    session = Session(side.source())
    async with asyncio.timeout(60), session:
        await session.start()
        for text in ("hello", "how are you", "goodbye"):
            answer = await converse(session, text)
            assert answer.kind is MessageKind.AGENT_TRANSCRIPT
            assert answer.sender == "agent"
            assert answer.status is None
        assert texts(session) == [
            "hello",
            "echo: hello",
            "how are you",
            "echo: how are you",
            "goodbye",
            "echo: goodbye",
        ]
        assert side.heard(side.rooms[0]) == ["hello", "how are you", "goodbye"]
        times = [one.timestamp for one in session.messages.value]
        assert all(one.utcoffset() is not None for one in times)


async def test_the_words_of_a_reply_are_updates_of_one_message(side: Side) -> None:
    session = Session(side.source())
    async with asyncio.timeout(60), session:
        await session.start()
        with changes(session) as seen:
            answer = await converse(session, "one two three four")
        of_it = [one for one in seen if one.message.id == answer.id]
        assert isinstance(of_it[0], MessageAdded)
        assert len(of_it) > 2
        assert all(isinstance(one, MessageUpdated) for one in of_it[1:])
        growing = [one.message.text for one in of_it]
        assert all(later.startswith(sooner) for sooner, later in pairwise(growing))
        finals = [one.message.final for one in of_it]
        assert finals == sorted(finals)
        assert finals[-1]
        assert {one.message.timestamp for one in of_it} == {answer.timestamp}


async def test_the_users_text_shows_at_once_and_what_became_of_it(side: Side) -> None:
    session = Session(side.source())
    async with asyncio.timeout(60), session:
        await session.start()
        with changes(session) as seen:
            sending = asyncio.create_task(session.send("hello"))
            await asyncio.sleep(0)
            (mine,) = session.messages.value
            assert (mine.text, mine.kind, mine.sender) == ("hello", MessageKind.CHAT, "user")
            assert mine.status is MessageStatus.SENDING
            sent = await sending
        assert sent.id == mine.id
        assert sent.status is MessageStatus.SENT
        assert [one.message.status for one in seen if one.message.id == mine.id] == [
            MessageStatus.SENDING,
            MessageStatus.SENT,
        ]


async def test_the_agents_chat_is_a_message(side: Side) -> None:
    session = Session(side.source())
    async with asyncio.timeout(40), session:
        await session.start()
        await side.agent_chats(session)
        note = await said(session, CHAT)
        assert (note.kind, note.sender, note.status) == (MessageKind.CHAT, "agent", None)


async def test_a_greeting_is_a_message(side: Side) -> None:
    session = Session(side.source(greet="good day to you"))
    async with asyncio.timeout(40), session:
        await session.start()
        greeting = await said(session, "good day to you")
        assert greeting.sender == "agent"
        await converse(session)


async def test_texts_sent_while_starting_wait_for_the_agent(side: Side) -> None:
    session = Session(side.source(slow=0.5))
    async with asyncio.timeout(60), session:
        starting = asyncio.create_task(session.start())
        await asyncio.sleep(0)
        sending = [asyncio.create_task(session.send("first"))]
        for moment in ("connecting", "dispatching"):
            await session.wait_until(lambda now, moment=moment: now.state == moment, PATIENCE)
            sending.append(asyncio.create_task(session.send(moment)))
        assert [one.status for one in await asyncio.gather(*sending)] == [MessageStatus.SENT] * 3
        await starting
        await until(lambda: len(side.heard(side.rooms[0])) == 3)
        assert sorted(side.heard(side.rooms[0])) == ["connecting", "dispatching", "first"]
        await asyncio.sleep(0.5)
        assert len(side.heard(side.rooms[0])) == 3, "nothing twice"


async def test_before_a_start_and_after_the_end_there_is_nobody_to_send_to(side: Side) -> None:
    session = Session(side.source())
    async with asyncio.timeout(40), session:
        with pytest.raises(SessionStateError, match=r"call start\(\) before"):
            await session.send("hello")
        await session.start()
        await session.end()
        with pytest.raises(SessionStateError):
            await session.send("hello")
        assert texts(session) == []


async def test_five_texts_at_once_leave_in_order(side: Side) -> None:
    session = Session(side.source())
    numbers = ["one", "two", "three", "four", "five"]
    async with asyncio.timeout(60), session:
        await session.start()
        with changes(session) as seen:
            await asyncio.gather(*(session.send(number) for number in numbers))
        settled = [
            one.message.text
            for one in seen
            if isinstance(one, MessageUpdated) and one.message.status is MessageStatus.SENT
        ]
        assert settled == numbers
        assert [text for text in texts(session) if text in numbers] == numbers
        await until(lambda: len(side.heard(side.rooms[0])) == 5)
        assert sorted(side.heard(side.rooms[0])) == sorted(numbers)


async def test_a_send_that_is_cancelled_has_failed_and_is_not_heard(side: Side) -> None:
    session = Session(side.source(slow=0.5))
    async with asyncio.timeout(60), session:
        starting = asyncio.create_task(session.start())
        await asyncio.sleep(0)
        sending = asyncio.create_task(session.send("never mind"))
        await asyncio.sleep(0.05)
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        assert session.messages.value[0].status is MessageStatus.FAILED
        await starting
        await converse(session)
        assert side.heard(side.rooms[0]) == ["hello"]


async def test_the_end_comes_before_a_text_could_be_sent(side: Side) -> None:
    session = Session(side.source(silent=True))
    async with asyncio.timeout(40), session:
        starting = asyncio.create_task(session.start())
        await session.wait_until(lambda now: now.agent.identity is not None, PATIENCE)
        sending = asyncio.create_task(session.send("hello"))
        await asyncio.sleep(0)
        await session.end()
        with pytest.raises(SendError) as caught:
            await sending
        assert caught.value.kind == "run-ended"
        assert session.messages.value[0].status is MessageStatus.FAILED
        await asyncio.wait({starting})


async def test_end_in_the_middle_of_a_reply_makes_it_final(side: Side) -> None:
    session = Session(side.source())
    async with asyncio.timeout(60), session:
        await session.start()
        await session.send("!long")
        await session.wait_until(lambda now: now.messages[-1].text.startswith("word1 "), PATIENCE)
        assert not session.messages.value[-1].final
        await session.end()
        last = session.messages.value[-1]
        assert last.final
        assert LONG.startswith(last.text.strip())
        assert last.text.strip() != LONG
        before = list(session.messages.value)
        await asyncio.sleep(0.3)
        assert list(session.messages.value) == before, "nothing comes after the end"


async def test_messages_stay_until_the_next_start(side: Side) -> None:
    session = Session(side.source())
    async with asyncio.timeout(60), session:
        await session.start()
        await converse(session)
        await session.end()
        assert texts(session) == ["hello", "echo: hello"]
        starting = asyncio.create_task(session.start())
        await session.wait_until(lambda now: now.state != "idle", PATIENCE)
        assert texts(session) == []
        await starting
        assert not found(session.snapshot, "hello")
