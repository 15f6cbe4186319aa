"""Every edge of the model, taken by a real session in virtual time: nothing differs."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import attrs
import pytest

from model.checks import arrows_of
from model.view import view_of
from model.wire import SilentTokens, SilentTransport, details, settle
from model.worlds import BACK, HANDOVER, LINK, SOON, TWO, World, agent, here, ready, says
from session_fsm import ConnectError, Session, SessionError, SessionSnapshot, TokenError
from session_fsm.events import (
    BufferingStarted,
    BufferingStopped,
    DeadlinePassed,
    End,
    Event,
    FromRun,
    LinkGone,
    LinkLost,
    LinkRestored,
    ParticipantJoined,
    ParticipantLeft,
    RoomJoined,
    RunClosed,
    RunFailed,
    Start,
    TokenReady,
)
from session_fsm.reducer import step
from session_fsm.testing import explore, run_virtual

if TYPE_CHECKING:
    from collections.abc import Iterator

    from model.spec import Arrow
    from session_fsm import Transition

NO_TOKEN = RunFailed(TokenError("No token.", kind="status"))
NO_ROOM = RunFailed(ConnectError("No room.", kind="refused"))
WITHOUT_DISPATCH = TokenReady(dispatches=False)
CONVERSATION = World(
    "conversation",
    (
        WITHOUT_DISPATCH,
        NO_TOKEN,
        NO_ROOM,
        here(),
        here(agent(says="listening")),
        *(ParticipantJoined(agent(says=word)) for word in ("", "initializing")),
        *(says("a", word) for word in ("idle", "initializing", "listening", "thinking")),
        says("a", "speaking"),
        ParticipantLeft("a"),
        ParticipantLeft("a", on_purpose=True),
        LinkLost(),
        LinkRestored(),
        LinkRestored((agent("a", "listening"),)),
        LinkGone("room-deleted"),
        BufferingStarted(),
        BufferingStopped(),
        SOON,
        BACK,
        ready("a"),
    ),
)


def can_happen(world: World, snapshot: SessionSnapshot) -> Iterator[Event]:
    """Yield what a transport, a token source and a clock can really do in this state."""
    for event in world.events(snapshot):
        now = snapshot.state
        match event:
            case Start():
                possible = now == "idle"
            case FromRun(_, TokenReady()):
                possible = now == "fetching-token"
            case FromRun(_, RunFailed() as fact):
                possible = now == ("fetching-token" if fact is NO_TOKEN else "connecting")
            case FromRun(_, RoomJoined()):
                possible = now == "connecting"
            case FromRun(_, DeadlinePassed(deadline)):
                possible = snapshot.run.deadline == deadline and not snapshot.is_reconnecting
            case FromRun(_, RunClosed()):
                possible = now == "ending"
            case FromRun():
                possible = snapshot.connection_state != "disconnected"
            case _:
                possible = True
        if possible:
            yield event


def edges_of(world: World) -> list[list[Event]]:
    """Return a shortest path that ends with each edge between combinations of states."""
    found = explore(
        SessionSnapshot(), lambda now: can_happen(world, now), world.step, world.key, most=5_000
    )
    edges: dict[object, list[Event]] = {}
    for source, event, _ in found.steps:
        after, effects = step(source, event)
        arrows = arrows_of(effects)
        if arrows:
            edge = (view_of(source).triple, view_of(after).triple, *arrows)
            edges.setdefault(edge, [*found.path(source), event])
    return list(edges.values())


@attrs.define
class Model:
    """What the reducer alone makes of the events."""

    now: SessionSnapshot = attrs.Factory(SessionSnapshot)
    seen: list[tuple[str, str, str]] = attrs.Factory(list)
    arrows: list[tuple[int, int, Arrow]] = attrs.Factory(list)

    def take(self, event: Event) -> None:
        if isinstance(event, FromRun):
            event = FromRun(self.now.epoch, event.fact)
        self.now, effects = step(self.now, event)
        self.arrows += [(self.now.seq, self.now.epoch, arrow) for arrow in arrows_of(effects)]
        self.seen.append(view_of(self.now).triple)


class Real:
    """A session, and hands for everything around it."""

    def __init__(self) -> None:
        self.tokens = SilentTokens()
        self.wires = SilentTransport()
        self.session = Session(self.tokens, transport=self.wires)
        self.calls: list[asyncio.Task[None]] = []
        self.snapshots: list[SessionSnapshot] = []
        self.arrows: list[Transition] = []
        self.session.snapshots.subscribe(self.snapshots.append)
        self.session.transitions.subscribe(self.arrows.append)

    async def take(self, event: Event) -> None:
        fact = event.fact if isinstance(event, FromRun) else event
        match fact:
            case Start():
                self.calls.append(asyncio.create_task(self.session.start()))
            case End():
                self.calls.append(asyncio.create_task(self.session.end()))
            case TokenReady(dispatches):
                self.tokens.answer.set_result(details(dispatches=dispatches))
            case RunFailed(error) if fact is NO_TOKEN:
                self.tokens.answer.set_exception(error)
            case RunFailed(error):
                self.wires.links[-1].joined.set_result(error)
            case RoomJoined():
                self.wires.links[-1].joined.set_result(fact)
            case DeadlinePassed(deadline):
                await asyncio.sleep(5.0 if deadline.returning else 20.0)
            case RunClosed():
                self.let_go()
            case _:
                self.wires.tell(fact)
        await settle()

    def let_go(self) -> None:
        self.tokens.let_go.set()
        for link in self.wires.links:
            link.let_go.set()

    @property
    def ends_by_itself(self) -> bool:
        """A token that could not be had leaves nothing that would have to be waited for."""
        return self.session.end_reason.value == "failed" and isinstance(
            self.session.failure.value, TokenError
        )


async def replay(path: list[Event]) -> None:
    model, real = Model(), Real()
    for event in path:
        if isinstance(event, FromRun) and isinstance(event.fact, RunClosed) and real.ends_by_itself:
            model.take(event)
            continue
        model.take(event)
        await real.take(event)
        if not real.ends_by_itself:
            assert view_of(real.session.snapshot).triple == view_of(model.now).triple
            assert real.session.snapshot.to_dict() == model.now.to_dict()
    if model.now.state not in {"idle", "ending"}:
        model.take(End())
    if model.now.state != "idle":
        model.take(FromRun(0, RunClosed()))
    closing = asyncio.create_task(real.session.close())
    await settle()
    real.let_go()
    await closing
    outcomes = await asyncio.gather(*real.calls, return_exceptions=True)
    assert all(one is None or isinstance(one, SessionError) for one in outcomes)
    assert [view_of(one).triple for one in real.snapshots][1:] == model.seen
    assert [one.seq for one in real.snapshots] == list(range(model.now.seq + 1))
    told = [
        (one.seq, one.epoch, (one.machine, one.trigger, one.source, one.dest))
        for one in real.arrows
    ]
    assert told == model.arrows
    assert real.tokens.forced == [False, True, True, True][: model.now.epoch]
    await settle()
    assert asyncio.all_tasks() == {asyncio.current_task()}


@pytest.mark.parametrize("world", [CONVERSATION, LINK, TWO, HANDOVER], ids=lambda world: world.name)
def test_a_session_takes_every_edge_as_the_model_does(world: World) -> None:
    edges = edges_of(world)
    assert len(edges) > 30
    for path in edges:
        try:
            run_virtual(replay(path))
        except BaseException as error:
            error.add_note(f"on the path {path}")
            raise
