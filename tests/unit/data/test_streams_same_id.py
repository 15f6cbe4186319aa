"""Two streams with one id: the second of them is not taken for the first."""

import asyncio

from session_fsm import Session, StreamKind, TokenSource
from session_fsm.data.info import StreamHeader
from session_fsm.testing import ScriptedAgent


async def test_words_of_a_stream_with_a_borrowed_id_are_not_shown_as_the_agents() -> None:
    agent = ScriptedAgent()
    header = StreamHeader("the same", StreamKind.TEXT, "lk.chat")
    async with Session(TokenSource.loopback(agent)) as session:
        await session.start()
        room = next(iter(agent.network.rooms.values()))
        agents = room.open_stream(session.agent.identity.value or "", header)
        agents.write("hello ")
        borrowed = room.open_stream("guest", header)
        borrowed.write("your password, please")
        borrowed.close()
        agents.write("there")
        agents.close()
        later = room.open_stream("guest", header)
        later.write("hi")
        later.close()
        await asyncio.sleep(1)
        shown = [(one.sender, one.text, one.final) for one in session.messages.value]
    assert shown == [("agent", "hello there", True), ("guest", "hi", True)]
