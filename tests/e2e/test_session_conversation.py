"""A text conversation through `Session` with a real agent on a real server."""

import asyncio
import json

from contract.calls import PATIENCE, changes, converse, texts, until
from contract.sides import LiveKitSide
from peers.admin import API_KEY, API_SECRET
from session_fsm import AgentState, MessageUpdated, Session, SessionState, TokenSource


async def test_a_conversation_twice_with_one_session(side: LiveKitSide) -> None:
    async with asyncio.timeout(60), Session(side.source()) as session:
        for text in ("hello", "once more"):
            await session.start()
            assert session.state.value is SessionState.ACTIVE
            room = session.room_name.value
            assert room is not None
            with changes(session) as seen:
                answer = await converse(session, text)
            assert (answer.kind, answer.sender) == ("agent-transcript", "agent")
            updates = [
                one.message.text
                for one in seen
                if isinstance(one, MessageUpdated) and one.message.id == answer.id
            ]
            assert len(updates) > 1, "the words arrive one by one"
            assert side.heard(room) == [text]
            await session.end()
            assert session.state.value is SessionState.IDLE
            assert session.agent.state.value is AgentState.DISCONNECTED
            assert session.local_identity.value is None
            await side.nobody_left()


async def test_messages_stay_readable_after_the_end(side: LiveKitSide) -> None:
    async with asyncio.timeout(60), Session(side.source()) as session:
        await session.start()
        await converse(session)
    assert texts(session) == ["hello", "echo: hello"]
    assert json.dumps(session.snapshot.to_dict())


async def test_an_api_key_is_all_that_is_needed(side: LiveKitSide) -> None:
    source = TokenSource.api_key(side.stack.url, API_KEY, API_SECRET)
    async with asyncio.timeout(60), Session(source, agent_name="echo") as session:
        await session.start()
        await converse(session)
        room = session.room_name.value
        assert session.agent.name.value == "echo"
        await session.end()
        await session.start()
        assert session.room_name.value != room
        await converse(session)


async def test_a_warm_transfer_goes_on_with_the_other_agent(side: LiveKitSide) -> None:
    session = Session(side.source())
    async with asyncio.timeout(90), session:
        await session.start()
        before = session.agent.identity.value
        await side.send_agent(side.rooms[0])
        assert session.room is not None
        there = session.room.remote_participants
        await until(lambda: sum("lk.agent.state" in one.attributes for one in there.values()) == 2)
        assert session.agent.identity.value == before, "the first one stays until it leaves"
        assert session.room is not None
        await session.room.local_participant.send_text(
            "!shutdown", topic="lk.chat", destination_identities=[str(before)]
        )
        await session.wait_until(lambda now: now.agent.identity not in {None, before}, PATIENCE)
        await session.wait_until(lambda now: now.state is SessionState.ACTIVE, PATIENCE)
        assert session.end_reason.value is None
