"""How to test one's own user interface, with an agent that does what it is told.

Run: pytest examples/test_my_interface.py
"""

from session_fsm import AgentState, Session, SessionThread
from session_fsm.testing import ScriptedAgent

pytest_plugins = ["session_fsm.testing.fixtures"]


class Lamp:
    """The interface: a lamp that is green while the user may talk, and red after a failure."""

    def __init__(self, session: Session) -> None:
        self.colour = "off"
        session.agent.can_listen.subscribe(self.show)
        session.failure.subscribe(lambda failure: failure and self.turn("red"))

    def show(self, can_listen: bool) -> None:
        self.turn("green" if can_listen else "off")

    def turn(self, colour: str) -> None:
        self.colour = colour


def test_the_lamp_is_green_while_the_user_may_talk(scripted_thread: SessionThread) -> None:
    session = scripted_thread.session
    lamp = Lamp(session)
    assert lamp.colour == "off"
    scripted_thread.run(session.start(), timeout=30)
    assert lamp.colour == "green"
    scripted_thread.run(session.end(), timeout=30)
    assert lamp.colour == "off"


async def test_the_lamp_is_red_when_the_agent_is_gone(
    scripted_agent: ScriptedAgent, scripted_session: Session
) -> None:
    lamp = Lamp(scripted_session)
    async with scripted_session as session:
        await session.start()
        scripted_agent.crash()
        await session.wait_until(lambda now: now.agent.state is AgentState.CONNECTING, timeout=30)
        assert lamp.colour == "off"
        await session.wait_until(lambda now: now.failure is not None, timeout=30)
        assert lamp.colour == "red"
