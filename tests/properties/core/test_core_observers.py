"""Observers that fail, leave or call back in: nobody else notices."""

from __future__ import annotations

import asyncio
from functools import cache
from typing import TYPE_CHECKING, Any

import attrs
from hypothesis import given, settings
from hypothesis import strategies as st

from model.wire import SilentTokens, SilentTransport, details, settle
from model.worlds import agent, here, says
from session_fsm import Session
from session_fsm.events import (
    Fact,
    LinkLost,
    LinkRestored,
    ParticipantJoined,
    ParticipantLeft,
    TextChunk,
    TextClosed,
)
from session_fsm.testing import run_virtual
from unit.core.chats import opened

if TYPE_CHECKING:
    from collections.abc import Callable

    from reactivex.abc import DisposableBase

SOURCES: dict[str, Callable[[Session], Any]] = {
    "snapshots": lambda session: session.snapshots,
    "state": lambda session: session.state,
    "agent": lambda session: session.agent.state,
    "can_listen": lambda session: session.agent.can_listen,
    "transitions": lambda session: session.transitions,
    "messages": lambda session: session.messages,
    "events": lambda session: session.messages.events,
}
FACTS: tuple[Fact, ...] = (
    ParticipantJoined(agent()),
    says("a", "listening"),
    opened("1", "a"),
    TextChunk("1", "Hel"),
    TextChunk("1", "lo"),
    LinkLost(),
    LinkRestored((agent("b", "speaking"),)),
    TextClosed("1", {"lk.transcription_final": "true"}),
    says("b", "thinking"),
    ParticipantLeft("b", on_purpose=True),
)


@attrs.frozen
class Trouble:
    """An observer that misbehaves from its n-th value on."""

    source: str
    kind: str
    after: int


TROUBLES = st.lists(
    st.builds(
        Trouble,
        st.sampled_from([*SOURCES]),
        st.sampled_from(["fails", "leaves", "leaves and fails"]),
        st.integers(0, 4),
    ),
    max_size=8,
)


@attrs.define
class Told:
    """What two calm observers of each source saw, one before all others and one after them."""

    first: dict[str, list[object]] = attrs.Factory(lambda: {name: [] for name in SOURCES})
    last: dict[str, list[object]] = attrs.Factory(lambda: {name: [] for name in SOURCES})
    unhandled: list[BaseException] = attrs.Factory(list)
    raised: list[BaseException] = attrs.Factory(list)
    done: list[str] = attrs.Factory(list)


def plain(name: str, value: Any) -> object:
    if name == "snapshots":
        return value.to_dict()
    if name == "messages":
        return [(one.text, one.final) for one in value]
    if name == "events":
        return type(value).__name__, value.message.text
    return (value.trigger, value.seq) if name == "transitions" else value


def misbehave(session: Session, trouble: Trouble, told: Told) -> None:
    left = trouble.after
    subscription: DisposableBase | None = None

    def observe(_value: object) -> None:
        nonlocal left
        left -= 1
        if left >= 0:
            return
        if trouble.kind.startswith("leaves") and subscription is not None:
            subscription.dispose()
        if trouble.kind != "leaves":
            error = RuntimeError("a broken observer")
            told.raised.append(error)
            raise error

    subscription = SOURCES[trouble.source](session).subscribe(observe)


async def conversation(troubles: list[Trouble], reenter: Callable[..., None] | None = None) -> Told:
    told = Told()
    tokens, wires = SilentTokens(), SilentTransport()
    session = Session(tokens, transport=wires, on_unhandled=lambda e, _: told.unhandled.append(e))
    for name, source in SOURCES.items():
        source(session).subscribe(lambda value, n=name: told.first[n].append(plain(n, value)))
    for trouble in troubles:
        misbehave(session, trouble, told)
    if reenter is not None:
        reenter(session, wires)
    for name, source in SOURCES.items():
        source(session).subscribe(
            lambda value, n=name: told.last[n].append(plain(n, value)),
            on_completed=lambda n=name: told.done.append(n),
        )
    starting = asyncio.create_task(session.start())
    await settle()
    if tokens.answer is not None and not tokens.answer.done():
        tokens.answer.set_result(details(dispatches=True))
    await settle()
    for link in wires.links:
        link.joined.set_result(here())
        await settle()
        for fact in FACTS:
            link.sink(fact)
        link.let_go.set()
    tokens.let_go.set()
    await asyncio.gather(starting, return_exceptions=True)
    await session.close()
    await settle()
    assert asyncio.all_tasks() == {asyncio.current_task()}
    return told


@cache
def calm() -> Told:
    """Return what everybody sees where nobody misbehaves."""
    return run_virtual(conversation([]))


def test_calm_observers_see_the_whole_conversation() -> None:
    assert calm().first == calm().last
    assert calm().unhandled == []
    assert sorted(calm().done) == sorted(SOURCES)
    assert calm().first["state"] == [
        "idle",
        "fetching-token",
        "connecting",
        "dispatching",
        "active",
        "ending",
        "idle",
    ]
    assert [text for _, text in calm().first["events"]] == ["Hel", "Hello", "Hello"]


def test_a_takeover_is_one_step_for_whoever_looks_at_states() -> None:
    assert calm().first["agent"] == [
        "disconnected",
        "connecting",
        "initializing",
        "listening",
        "speaking",
        "thinking",
        "disconnected",
    ]
    triggers = [trigger for trigger, _ in calm().first["transitions"]]
    place = triggers.index("left")
    assert triggers[place - 1 : place + 5] == [
        "connection_restored",
        "left",
        "agent_lost",
        "joined",
        "reported_speaking",
        "agent_ready",
    ]
    assert len({seq for _, seq in calm().first["transitions"][place - 1 : place + 5]}) == 1


@settings(max_examples=40, deadline=None)
@given(TROUBLES)
def test_calm_observers_do_not_notice_the_others(troubles: list[Trouble]) -> None:
    told = run_virtual(conversation(troubles))
    assert told.first == calm().first
    assert told.last == calm().last
    assert told.done == calm().done
    assert told.unhandled == told.raised


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from([*SOURCES]),
    st.integers(1, 12),
    st.sampled_from([says("a", "thinking"), says("b", "idle"), LinkLost(), ParticipantLeft("a")]),
    TROUBLES,
)
def test_an_observer_may_call_back_in(
    source: str, at: int, fact: Fact, troubles: list[Trouble]
) -> None:
    def reenter(session: Session, wires: SilentTransport) -> None:
        left = at

        def observe(_value: object) -> None:
            nonlocal left
            left -= 1
            if left == 0 and wires.links:
                before = session.snapshot
                wires.tell(fact)
                assert session.snapshot is before, "an event that waits for its turn"

        SOURCES[source](session).subscribe(observe)

    told = run_virtual(conversation(troubles, reenter))
    assert told.first == told.last
    assert told.unhandled == told.raised
    assert [one["seq"] for one in told.first["snapshots"]] == list(
        range(len(told.first["snapshots"]))
    )
    assert told.first["state"][-1] == "idle"


@settings(max_examples=20, deadline=None)
@given(st.sampled_from([*SOURCES]), st.integers(1, 12))
def test_an_observer_may_end_the_session(source: str, at: int) -> None:
    ended: list[asyncio.Task[None]] = []

    def reenter(session: Session, _wires: SilentTransport) -> None:
        left = at

        def observe(_value: object) -> None:
            nonlocal left
            left -= 1
            if left == 0:
                ended.append(asyncio.ensure_future(session.end()))

        SOURCES[source](session).subscribe(observe)

    told = run_virtual(conversation([], reenter))
    assert told.first == told.last
    assert told.first["state"][-1] == "idle"
    assert all(one.done() and one.exception() is None for one in ended)
