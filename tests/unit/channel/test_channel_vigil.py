"""Whether the agent is alive, as far as its channel tells."""

from __future__ import annotations

import asyncio

import pytest

from session_fsm import AgentState, Session
from session_fsm.channel.vigil import UPTAKE
from session_fsm.testing import ScriptedAgent
from unit.channel.scenes import answered, asked, make, now, until


def verdicts(session: Session) -> list[bool]:
    seen: list[bool] = []
    session.agent.is_responsive.subscribe(seen.append)
    return seen


async def test_no_pings_unless_asked_for() -> None:
    agent = ScriptedAgent()
    async with make(agent) as session:
        await session.start()
        await until(lambda: asked(agent, "get_session_usage"))
        before = asked(agent, "ping")
        await asyncio.sleep(60)
        assert asked(agent, "ping") == before


async def test_two_pings_without_an_answer_and_one_with_one() -> None:
    agent = ScriptedAgent()
    async with make(agent, agent_ping=5) as session:
        await session.start()
        await asyncio.sleep(20)
        assert session.agent.is_responsive.value
        agent.responsive = False
        begun = now()
        await session.wait_until(lambda seen: not seen.agent.is_responsive, 30)
        assert 10 <= now() - begun <= 15.1
        agent.responsive = True
        await session.wait_until(lambda seen: seen.agent.is_responsive, 5.1)


async def test_a_ping_that_an_outage_swallows_does_not_count() -> None:
    agent = ScriptedAgent()
    async with make(agent, agent_ping=2) as session:
        seen = verdicts(session)
        await session.start()
        for _ in range(4):
            await asyncio.sleep(5)
            agent.network.drop()
            await asyncio.sleep(7)
            agent.network.restore()
        assert seen == [True]


async def test_an_agent_without_the_channel_is_not_pinged_and_not_judged() -> None:
    agent = ScriptedAgent()
    agent.channel.is_served = False
    async with make(agent, agent_ping=1) as session:
        seen = verdicts(session)
        await session.start()
        await asyncio.sleep(10)
        agent.channel.is_deaf = True  # as if: it takes up nothing
        await session.send("hello")
        await asyncio.sleep(20)
        assert seen == [True]


async def test_who_takes_up_nothing_is_deaf_though_it_answers_pings(
    caplog: pytest.LogCaptureFixture,
) -> None:
    agent = ScriptedAgent()
    async with make(agent, agent_ping=1) as session:
        await session.start()
        await answered(session, "hello")
        agent.channel.is_deaf = True
        await session.send("are you there")
        sent = now()
        await session.wait_until(lambda seen: not seen.agent.is_responsive, 30)
        assert now() - sent == pytest.approx(UPTAKE, abs=0.1)
        assert session.agent.state.value is AgentState.LISTENING
        await asyncio.sleep(10)
        await session.send("and now")
        await asyncio.sleep(10)
        assert not session.agent.is_responsive.value
        warnings = [one for one in caplog.records if "seems to have ended" in one.getMessage()]
        assert len(warnings) == 1
        mine = [one.status for one in session.messages.value if one.sender == "user"]
        assert mine == ["sent", "unconfirmed", "unconfirmed"], "what may be lost is not sent"


async def test_what_comes_late_and_is_of_the_time_before_does_not_take_a_text_up() -> None:
    agent = ScriptedAgent()
    async with make(agent) as session:
        await session.start()
        await answered(session, "hello")
        agent.channel.is_deaf = True
        await session.send("are you there")
        await asyncio.sleep(UPTAKE - 1)
        agent.channel.use(3)
        agent.channel.said("assistant", "echo: hello")
        await asyncio.sleep(UPTAKE - 0.5)
        assert session.agent.is_responsive.value
        await session.wait_until(lambda seen: not seen.agent.is_responsive, 1)


@pytest.mark.parametrize("late", [UPTAKE - 0.1, UPTAKE + 0.1, 2 * UPTAKE])
async def test_one_that_takes_a_text_up_while_it_is_being_judged_is_not_deaf(late: float) -> None:
    agent = ScriptedAgent()
    async with make(agent) as session:
        await session.start()
        await answered(session, "hello")
        agent.channel.is_deaf = True
        await session.send("are you there")
        await asyncio.sleep(UPTAKE - 0.05)
        agent.responsive = False  # the question about its history waits for an answer
        await asyncio.sleep(late - UPTAKE + 0.05)
        seen = verdicts(session)
        agent.channel.said("user", "are you there")
        agent.report("thinking")
        agent.responsive = True
        await asyncio.sleep(1)
        agent.report("listening")
        await asyncio.sleep(5 * UPTAKE)
        assert seen[-1]
        assert len(seen) <= 2


async def test_one_that_ended_in_the_middle_of_a_word_is_known_later() -> None:
    agent = ScriptedAgent()
    async with make(agent) as session:
        await session.start()
        await answered(session, "hello")
        agent.report("speaking")
        agent.channel.is_deaf = True
        await session.send("are you there")
        await asyncio.sleep(4 * UPTAKE)
        assert session.agent.is_responsive.value
        await session.wait_until(lambda seen: not seen.agent.is_responsive, 4 * UPTAKE)
        assert session.agent.state.value is AgentState.SPEAKING


async def test_the_first_text_of_all_tells_it_too() -> None:
    agent = ScriptedAgent()
    async with make(agent) as session:
        await session.start()
        agent.channel.is_deaf = True
        await session.send("hello")
        await session.wait_until(lambda seen: not seen.agent.is_responsive, UPTAKE + 1)


async def test_one_whose_session_is_closed_answers_nothing_at_all() -> None:
    agent = ScriptedAgent()
    async with make(agent) as session:
        await session.start()
        await answered(session, "hello")
        agent.channel.is_deaf = True
        agent.channel.is_served = False
        await session.send("are you there")
        await session.wait_until(lambda seen: not seen.agent.is_responsive, 2 * UPTAKE + 1)


@pytest.mark.parametrize("how", ["report", "event", "words"])
async def test_whatever_is_heard_of_it_takes_that_back(how: str) -> None:
    agent = ScriptedAgent()
    async with make(agent) as session:
        await session.start()
        await answered(session, "hello")
        agent.channel.is_deaf = True
        await session.send("are you there")
        await session.wait_until(lambda seen: not seen.agent.is_responsive, 30)
        match how:
            case "report":
                agent.report("thinking")
            case "event":
                agent.channel.user("speaking")
            case _:
                agent.chat("I was asleep")
        await session.wait_until(lambda seen: seen.agent.is_responsive, 1)
        agent.report("listening")


async def test_another_agent_is_not_deaf() -> None:
    agent = ScriptedAgent()
    async with make(agent) as session:
        await session.start()
        agent.channel.is_deaf = True
        await session.send("are you there")
        await session.wait_until(lambda seen: not seen.agent.is_responsive, 30)
        agent.channel.is_deaf = False
        agent.hand_over()
        await session.wait_until(lambda seen: seen.agent.is_responsive, 5)
        await answered(session, "hello")


@pytest.mark.parametrize(
    "agent",
    [
        ScriptedAgent(think_for=0, word_every=0),
        ScriptedAgent(think_for=3 * UPTAKE),
        ScriptedAgent(think_for=0, word_every=UPTAKE * 0.9, reply=lambda _: "slow but sure"),
        ScriptedAgent(greeting="a greeting of some length that is spoken", track_after=1),
    ],
    ids=["quick", "thoughtful", "slow", "greeting"],
)
async def test_a_living_agent_is_never_deaf(agent: ScriptedAgent) -> None:
    async with make(agent) as session:
        seen = verdicts(session)
        await session.start()
        for text in ("one", "two", "three"):
            await session.send(text)
        await asyncio.sleep(20 * UPTAKE)
        assert seen == [True]
        assert agent.heard == ["one", "two", "three"]


async def test_one_that_answers_before_the_transport_returns_is_not_deaf() -> None:
    agent = ScriptedAgent(think_for=0, word_every=0)
    async with make(agent) as session:
        seen = verdicts(session)
        await session.start()
        run = session._mailbox.run
        assert run is not None
        assert run.link is not None
        send_text = run.link.send_text

        async def slow(*arguments: object) -> None:
            await send_text(*arguments)  # type: ignore[arg-type]
            await asyncio.sleep(2)

        run.link.send_text = slow  # type: ignore[method-assign,assignment]
        await session.send("one")
        await session.send("two")
        await asyncio.sleep(3 * UPTAKE)
        assert seen == [True]
        assert agent.heard == ["one", "two"]


async def test_one_that_writes_down_what_it_hears_and_says_nothing_is_not_deaf() -> None:
    agent = ScriptedAgent()
    async with make(agent) as session:
        seen = verdicts(session)
        await session.start()
        await answered(session, "hello")
        agent.channel.is_deaf = True
        await session.send("for the record")
        agent.channel.is_served = False  # so that no event tells of it
        agent.channel.said("user", "for the record")
        agent.channel.is_served = True
        await asyncio.sleep(3 * UPTAKE)
        assert seen == [True]


async def test_a_text_whose_link_is_lost_says_nothing_about_the_agent() -> None:
    agent = ScriptedAgent()
    async with make(agent) as session:
        seen = verdicts(session)
        await session.start()
        await answered(session, "hello")
        agent.channel.is_deaf = True
        await session.send("are you there")
        await asyncio.sleep(UPTAKE / 2)
        agent.network.drop()
        await asyncio.sleep(2 * UPTAKE)
        assert seen == [True]
        agent.network.restore()


async def test_the_probe_does_not_call_a_deaf_agent_alive() -> None:
    """A new link probes the same agent again, which answers."""
    agent = ScriptedAgent()
    async with make(agent) as session:
        await session.start()
        await answered(session, "hello")
        agent.channel.is_deaf = True
        await session.send("are you there")
        await session.wait_until(lambda seen: not seen.agent.is_responsive, 30)
        agent.network.drop()
        await asyncio.sleep(1)
        agent.network.restore()
        await asyncio.sleep(10)
        assert not session.agent.is_responsive.value
