"""A robot without a screen: it listens to a file, and acts on what the agent does.

Run: python examples/robot.py SAID.wav HEARD.wav [TOKEN_ENDPOINT]
"""

import asyncio
import sys

from session_fsm import AgentState, Session, TokenSource, WavInput, WavOutput

EYES = {
    AgentState.LISTENING: "open",
    AgentState.THINKING: "looking up",
    AgentState.SPEAKING: "smiling",
}


async def live(session: Session, said: WavInput) -> None:
    session.agent.state.subscribe(lambda state: print("eyes:", EYES.get(state, "closed")))
    await session.start(microphone=said)
    answer = await session.wait_until(
        lambda now: [one for one in now.messages if one.sender == "agent" and one.final], timeout=60
    )
    print("heard:", answer.messages[-1].text)


async def main(said: str, heard: str, source: TokenSource) -> None:
    async with Session(source, audio_output=WavOutput(heard)) as session:
        await live(session, WavInput(said))


if __name__ == "__main__":
    where = sys.argv[3:]
    source = TokenSource.endpoint(where[0]) if where else TokenSource.loopback()
    asyncio.run(main(sys.argv[1], sys.argv[2], source))
