"""The sentence that a user sees on the way through a conversation, and about each kind of error."""

import asyncio
from typing import Any

import pytest

import session_fsm.errors
from session_fsm import (
    AgentTimeout,
    MediaError,
    Session,
    SessionEnded,
    SessionError,
    TokenError,
    TokenSource,
)
from session_fsm.errors import KINDS
from session_fsm.testing import ScriptedAgent
from session_fsm.ui import Severity, Status, StatusModel, explain
from session_fsm.ui.failures import WORDS
from unit.media.devices import Device


def make(agent: ScriptedAgent | None = None, **options: Any) -> Session:
    return Session(TokenSource.loopback(agent or ScriptedAgent()), **options)


def sentences(model: StatusModel) -> list[str]:
    told: list[str] = []
    model.status.subscribe(lambda status: told.append(status.sentence))
    return told


async def test_a_conversation_is_told_from_its_beginning_to_its_end() -> None:
    agent = ScriptedAgent(think_for=1.0)
    async with make(agent) as session:
        with StatusModel(session) as model:
            told = sentences(model)
            await session.start(microphone=Device())
            await session.wait_until(lambda now: now.media.microphone.state == "live")
            await session.send("hello")
            await session.wait_until(lambda now: now.agent.state == "speaking")
            await session.wait_until(lambda now: now.agent.state == "listening")
            await session.local.microphone.mute()
            muted = model.status.value
            agent.network.drop()
            lost = model.status.value
            agent.network.restore()
            await session.end()
    assert (muted.action, muted.press) == ("Unmute", "microphone")
    assert lost.severity is Severity.WARNING
    assert told == [
        "Nothing is running.",
        "Asking for a token.",
        "Joining the room.",
        "Waiting for the agent.",
        "The agent is getting ready.",
        "The agent listens: you can speak.",
        "The agent is thinking.",
        "The agent is speaking.",
        "The agent listens: you can speak.",
        "The agent listens; your microphone is muted.",
        "The connection is lost, and is being restored.",
        "The agent listens; your microphone is muted.",
        "The session is ending.",
        "The session has ended.",
    ]


async def test_a_failed_start_says_why_and_offers_another_try() -> None:
    async with make(ScriptedAgent(join_after=None)) as session:
        with StatusModel(session) as model:
            with pytest.raises(AgentTimeout) as raised:
                await session.start()
            assert model.status.value == Status(
                "No agent came.", "Try again", str(raised.value), Severity.ERROR, "start"
            )


async def test_a_microphone_that_fails_is_told_beside_the_agent_that_listens() -> None:
    async with make() as session:
        with StatusModel(session) as model:
            await session.start(microphone=Device(fails="open"))
            await session.wait_until(lambda now: now.media.microphone.state == "failed")
            told = model.status.value
            assert told.sentence == "The agent listens; your microphone does not work."
            assert "broken at open" in told.detail
            assert (told.press, told.severity) == ("microphone", Severity.WARNING)


async def test_the_user_is_told_to_speak_while_the_agent_is_awaited_with_a_buffer() -> None:
    agent = ScriptedAgent(join_after=2.0)
    async with make(agent, pre_connect_audio=True) as session:
        with StatusModel(session) as model:
            starting = asyncio.create_task(session.start(microphone=Device()))
            await session.wait_until(lambda now: now.agent.state == "pre-connect-buffering")
            assert model.status.value.sentence.startswith("You can speak: ")
            assert model.status.value.severity is Severity.READY
            await starting


async def test_it_ends_with_the_session_or_before() -> None:
    ended: list[str] = []
    async with make() as session:
        first, second = StatusModel(session), StatusModel(session)
        first.status.subscribe(None, None, lambda: ended.append("first"))
        second.status.subscribe(None, None, lambda: ended.append("second"))
        first.close()
        assert ended == ["first"]
        await session.start()
        assert first.status.value.sentence == "Nothing is running."
    assert ended == ["first", "second"]


# Errors ------------------------------------------------------------------------------------------

EVERY_KIND = [(name, kind) for name, kinds in KINDS.items() for kind in kinds]


def made(name: str, kind: str) -> SessionError:
    error: SessionError = getattr(session_fsm.errors, name)("It happened.", kind=kind)
    return error


def test_every_kind_of_error_has_its_words_and_no_other() -> None:
    assert {name: list(kinds) for name, kinds in WORDS.items()} == {
        name: list(kinds) for name, kinds in KINDS.items()
    }


@pytest.mark.parametrize(("name", "kind"), EVERY_KIND)
def test_every_kind_of_error_is_told_in_one_sentence_with_something_to_do(
    name: str, kind: str
) -> None:
    told = explain(made(name, kind))
    assert told.sentence.endswith(".")
    assert told.sentence[0].isupper()
    assert 0 < len(told.action) < 40
    assert not told.action.endswith(".")
    assert told.detail == "It happened."
    assert told.press in {None, "start"}


def test_the_errors_of_one_class_are_told_apart() -> None:
    for name, kinds in KINDS.items():
        assert len({explain(made(name, kind)).sentence for kind in kinds}) == len(kinds), name


def test_subclasses_and_strangers_are_told_too() -> None:
    late = AgentTimeout("Agent did not join the room.", kind="not-joined")
    assert explain(late).sentence == "No agent came."
    odd = explain(ZeroDivisionError())
    assert (odd.sentence, odd.detail) == ("Something unexpected happened.", "ZeroDivisionError")


@pytest.mark.parametrize(
    ("error", "severity"),
    [
        (TokenError("x", kind="status"), Severity.ERROR),
        (MediaError("x", kind="in-use"), Severity.WARNING),
        (SessionEnded("x", kind="hung-up"), Severity.INFO),
    ],
)
def test_what_ends_a_session_weighs_more(error: SessionError, severity: Severity) -> None:
    assert explain(error).severity is severity
