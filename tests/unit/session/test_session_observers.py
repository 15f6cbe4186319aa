"""What observers see, and what they cannot break."""

import asyncio
import logging

import pytest

from session_fsm import (
    AgentState,
    ConnectionState,
    Session,
    SessionState,
    TokenSource,
    Transition,
)
from session_fsm.testing import ScriptedAgent


def make(agent: ScriptedAgent, **options: object) -> Session:
    return Session(TokenSource.loopback(agent), **options)  # type: ignore[arg-type]


async def test_transitions_are_told_after_the_snapshot_that_shows_them() -> None:
    async with make(ScriptedAgent()) as session:
        seen: list[Transition] = []

        def follow(one: Transition) -> None:
            seen.append(one)
            assert session.snapshot.seq == one.seq
            assert session.snapshot.epoch == one.epoch
            assert session.last_transitions[one.machine] is one

        session.transitions.subscribe(follow)
        await session.start()
        await session.end()
        assert [(one.machine, one.trigger) for one in seen] == [
            ("session", "start"),
            ("agent", "await_agent"),
            ("session", "token_ready"),
            ("connection", "connect"),
            ("connection", "connected"),
            ("session", "room_connected"),
            ("agent", "joined"),
            ("agent", "reported_listening"),
            ("session", "agent_ready"),
            ("session", "end"),
            ("agent", "finish"),
            ("connection", "disconnected"),
            ("session", "room_closed"),
        ]
        assert all(one.at.utcoffset() is not None for one in seen)


async def test_every_snapshot_is_told_once_and_in_order() -> None:
    async with make(ScriptedAgent(greeting="one two three")) as session:
        seqs: list[int] = []
        session.snapshots.subscribe(lambda snapshot: seqs.append(snapshot.seq))
        await session.start()
        await session.send("hello")
        await session.end()
        assert seqs == list(range(len(seqs)))


async def test_one_step_is_one_commit() -> None:
    agent = ScriptedAgent(join_after=0, initialize_for=0)
    async with make(agent) as session:
        pairs: set[tuple[SessionState, ConnectionState, bool]] = set()
        session.snapshots.subscribe(
            lambda now: pairs.add((now.state, now.connection_state, now.agent.can_listen))
        )
        await session.start()
        await session.end()
        assert (SessionState.IDLE, ConnectionState.CONNECTED, False) not in pairs
        assert (SessionState.ENDING, ConnectionState.CONNECTED, True) not in pairs
        assert (SessionState.ACTIVE, ConnectionState.CONNECTED, False) not in pairs


async def test_a_failing_observer_disturbs_nobody(caplog: pytest.LogCaptureFixture) -> None:
    errors: list[BaseException] = []
    agent = ScriptedAgent()
    async with make(agent, on_unhandled=lambda error, _: errors.append(error)) as session:

        def fails(value: object) -> None:
            raise ZeroDivisionError(repr(value))

        states: list[AgentState] = []
        session.agent.state.subscribe(fails)
        session.agent.state.subscribe(states.append)
        session.transitions.subscribe(fails)
        session.messages.events.subscribe(fails)
        session.messages.subscribe(fails)
        session.snapshots.subscribe(fails)
        with caplog.at_level(logging.ERROR, "stores"):
            await session.start()
            await session.send("hello")
            await session.wait_until(lambda now: now.messages[-1].text == "echo: hello")
        assert states == [
            "disconnected",
            "connecting",
            "initializing",
            *(
                "listening",
                "thinking",
                "speaking",
            ),
        ]
        assert len(errors) > 20
        assert "ZeroDivisionError" in caplog.text


async def test_re_entrant_observers_see_the_same_order() -> None:
    agent = ScriptedAgent()
    async with make(agent) as session:
        await session.start()
        first: list[str] = []
        second: list[str] = []

        def talks_back(state: AgentState) -> None:
            first.append(state)
            if state is AgentState.THINKING:
                agent.report("speaking")
                agent.report("listening")

        session.agent.state.subscribe(talks_back)
        session.agent.state.subscribe(second.append)
        agent.report("thinking")
        assert first == second == ["listening", "thinking", "speaking", "listening"]


async def test_an_observer_that_unsubscribes_in_the_middle() -> None:
    agent = ScriptedAgent()
    async with make(agent) as session:
        await session.start()
        seen: list[str] = []
        later: list[str] = []
        second = session.agent.state.subscribe(lambda _: None)

        def once(state: AgentState) -> None:
            seen.append(state)
            second.dispose()

        session.agent.state.subscribe(once)
        second = session.agent.state.subscribe(later.append)
        agent.report("thinking")
        assert seen == ["listening", "thinking"]
        assert later == ["listening"]


async def test_a_warm_transfer_shows_only_its_end() -> None:
    """The new agent is there before the old one hangs up: one step, observers see its end."""
    agent = ScriptedAgent()
    async with make(agent) as session:
        await session.start()
        states: list[SessionState] = []
        session.state.subscribe(states.append)
        arrows: list[str] = []
        session.transitions.subscribe(lambda one: arrows.append(one.trigger))
        first = session.agent.identity.value
        agent.hand_over()
        await session.wait_until(lambda now: now.agent.identity not in {None, first})
        assert states == ["active"]
        assert arrows[:5] == ["left", "agent_lost", "joined", "reported_listening", "agent_ready"]
        await asyncio.sleep(60)
        assert session.state.value is SessionState.ACTIVE


async def test_an_unknown_state_changes_nothing_and_is_warned_of_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    agent = ScriptedAgent()
    async with make(agent) as session:
        await session.start()
        with caplog.at_level(logging.WARNING, "session_fsm"):
            agent.report("dreaming")
            agent.change({"mood": "good"})
        assert session.agent.state.value is AgentState.LISTENING
        assert session.agent.attributes.value["lk.agent.state"] == "dreaming"
        assert [record.message for record in caplog.records] == [
            f"agent {session.agent.identity.value!r} reports an unknown state 'dreaming': ignored"
        ]


def test_a_session_has_a_short_repr() -> None:
    session = make(ScriptedAgent())
    assert repr(session) == "<Session idle, disconnected, agent disconnected>"
    assert repr(session.agent) == "<Agent not in the room: disconnected>"
    with pytest.raises(TypeError, match=r"use \.value"):
        bool(session.agent.can_listen)
