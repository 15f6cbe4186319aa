"""A text conversation through `Session` with a real agent on a real server."""

import asyncio
import json

from peers.fixtures import Stack
from session_fsm import (
    AgentState,
    MessageUpdated,
    Session,
    SessionState,
    TokenSource,
)


def source(stack: Stack, room: str | None = None, **behaviour: object) -> TokenSource:
    """Mints a new room for every start, unless one is given."""

    def mint() -> dict[str, str]:
        name = room or stack.room()
        token = stack.token(name, agent_metadata=behaviour)
        return {"server_url": stack.url, "participant_token": token}

    return TokenSource.literal(mint)


async def reply(session: Session, text: str) -> None:
    await session.wait_until(
        lambda now: any(one.final and one.text.strip() == text for one in now.messages), 15
    )


async def test_a_conversation_twice_with_one_session(stack: Stack) -> None:
    async with Session(source(stack)) as session:
        for text in ("hello", "once more"):
            changes: list[object] = []
            subscription = session.messages.events.subscribe(changes.append)
            await session.start()
            assert session.state.value is SessionState.ACTIVE
            room = session.room_name.value
            assert room is not None
            sent = await session.send(text)
            assert sent.status == "sent"
            await reply(session, f"echo: {text}")
            answer = session.messages.value[-1]
            assert (answer.kind, answer.sender) == ("agent-transcript", "agent")
            updates = [
                one.message.text
                for one in changes
                if isinstance(one, MessageUpdated) and one.message.id == answer.id
            ]
            assert len(updates) > 1, "the words arrive one by one"
            assert stack.heard(room) == [text]
            await session.end()
            subscription.dispose()
            assert session.state.value is SessionState.IDLE
            assert session.agent.state.value is AgentState.DISCONNECTED
            assert session.local_identity.value is None
            assert "user" not in await stack.server.participants(room)


async def test_messages_stay_readable_after_the_end(stack: Stack) -> None:
    async with Session(source(stack)) as session:
        await session.start()
        await session.send("hello")
        await reply(session, "echo: hello")
    assert [one.text.strip() for one in session.messages.value] == ["hello", "echo: hello"]
    assert json.dumps(session.snapshot.to_dict())


async def test_the_agents_chat_is_a_message(stack: Stack) -> None:
    async with Session(source(stack)) as session:
        await session.start()
        await session.send("!chat")
        await reply(session, "a note from the agent")
        assert (session.messages.value[-1].kind, session.messages.value[-1].sender) == (
            "chat",
            "agent",
        )
        await asyncio.sleep(0)
