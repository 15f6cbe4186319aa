"""Bars that move as LiveKit's do, and only while somebody looks."""

import asyncio
import math
import struct
from typing import Any

import pytest

from session_fsm import AudioFrame, Session, TokenSource
from session_fsm.testing import ScriptedAgent
from session_fsm.transports.loopback.media import LoopbackMediaTrack
from session_fsm.ui import VisualizerModel


def make(**options: Any) -> Session:
    return Session(TokenSource.loopback(ScriptedAgent(**options)))


def now() -> float:
    return asyncio.get_running_loop().time()


class Watcher:
    """Notes which bars were highlighted from when on."""

    def __init__(self, model: VisualizerModel) -> None:
        self.began = now()
        self.seen: list[tuple[float, list[int]]] = []
        self.subscription = model.highlighted.subscribe(self._note)

    def _note(self, bars: frozenset[int]) -> None:
        self.seen.append((round(now() - self.began, 3), sorted(bars)))


def moves(model: VisualizerModel) -> bool:
    return "moving" in repr(model)


def hiss() -> AudioFrame:
    """A hundredth of a second of what the bands look at: 3 kHz."""
    samples = [round(20_000 * math.sin(2 * math.pi * 3_000 * n / 48_000)) for n in range(480)]
    return AudioFrame(struct.pack("<480h", *samples))


async def reach(session: Session, state: str) -> None:
    await session.wait_until(lambda seen: seen.agent.state == state)


async def test_while_connecting_it_runs_from_both_ends_in_two_seconds() -> None:
    async with make(join_after=None) as session:
        with VisualizerModel(session) as model:
            starting = asyncio.create_task(session.start())
            await reach(session, "connecting")
            watcher = Watcher(model)
            await asyncio.sleep(2.1)
            assert watcher.seen == [
                (0.0, [0, 4]),
                (0.4, [1, 3]),
                (0.8, [2]),
                (1.2, [1, 3]),
                (1.6, [0, 4]),
                # The last and the first are the same two bars: it does not move at 2.0.
            ]
            await asyncio.sleep(0.4)
            assert watcher.seen[-1] == (2.4, [1, 3])
            starting.cancel()


@pytest.mark.parametrize(("state", "seconds"), [("listening", 0.5), ("thinking", 0.15)])
async def test_while_it_listens_or_thinks_the_centre_blinks(state: str, seconds: float) -> None:
    async with make(think_for=10.0) as session:
        with VisualizerModel(session, bars=3) as model:
            await session.start()
            if state == "thinking":
                await session.send("hello")
            await reach(session, state)
            watcher = Watcher(model)
            await asyncio.sleep(seconds * 3.5)
            assert watcher.seen == [
                (0.0, [1]),
                (pytest.approx(seconds), []),
                (pytest.approx(2 * seconds), [1]),
                (pytest.approx(3 * seconds), []),
            ]


async def test_while_it_speaks_all_are_highlighted_and_only_then_they_have_heights() -> None:
    agent = ScriptedAgent(word_every=0.2)
    track = LoopbackMediaTrack()

    async def hum() -> None:
        while True:
            track.push(hiss())
            await asyncio.sleep(0.01)

    async with Session(TokenSource.loopback(agent)) as session:
        with VisualizerModel(session, bars=4) as model:
            heights: list[tuple[str, tuple[float, ...]]] = []
            model.heights.subscribe(lambda one: heights.append((session.agent.state.value, one)))
            await session.start()
            await session.send("one two three four")
            (room,) = agent.network.rooms.values()
            room.publish(session.agent.identity.value or "", "microphone", track)
            humming = asyncio.create_task(hum())
            await asyncio.sleep(0.1)
            assert model.heights.value == (0.0,) * 4
            await reach(session, "speaking")
            assert model.highlighted.value == frozenset(range(4))
            await asyncio.sleep(0.3)
            low, second, third, high = model.heights.value
            assert second > max(low, high, third)
            await reach(session, "listening")
            assert model.heights.value == (0.0,) * 4
            await asyncio.sleep(0.3)
            assert {state for state, one in heights if any(one)} == {"speaking"}
            humming.cancel()


async def test_the_voice_of_the_scripted_agent_moves_every_bar() -> None:
    async with make() as session:
        with VisualizerModel(session) as model:
            heights: list[tuple[float, ...]] = []
            model.heights.subscribe(heights.append)
            await session.start()
            await session.send(" ".join(["word"] * 20))
            await reach(session, "speaking")
            await reach(session, "listening")
            assert max(map(min, heights)) > 0.3
            assert len(set(heights)) > 10


async def test_nothing_moves_in_the_other_states() -> None:
    async with make(greeting=None) as session:
        with VisualizerModel(session) as model:
            watcher = Watcher(model)
            await session.start()
            await session.end()
            before = len(watcher.seen)
            await asyncio.sleep(10)
            assert watcher.seen[-1][1] == []
            assert len(watcher.seen) == before
            assert not moves(model)


async def test_nothing_runs_while_nobody_looks() -> None:
    async with make() as session:
        with VisualizerModel(session) as model:
            await session.start()
            await session.send("hello")
            await reach(session, "speaking")
            await reach(session, "listening")
            await asyncio.sleep(30)
            assert not moves(model)
            voice = session._senses.voice
            assert voice._listeners == [], "nothing is measured"
            watcher = Watcher(model)
            await asyncio.sleep(1.2)
            assert [bars for _, bars in watcher.seen] == [[2], [], [2]]
            watcher.subscription.dispose()
            await asyncio.sleep(30)
            assert not moves(model)
            assert model.frame.value.highlighted == frozenset({2}), "back at the first picture"


async def test_what_is_selected_from_it_counts_as_looking() -> None:
    async with make() as session:
        with VisualizerModel(session) as model:
            await session.start()
            seen: list[int] = []
            first = (
                model.frame.select(lambda frame: frame.highlighted)
                .select(len)
                .subscribe(seen.append)
            )
            await asyncio.sleep(1.2)
            assert seen == [1, 0, 1]
            first.dispose()
            values = model.frame.values()
            assert (await anext(values)).highlighted
            assert not (await anext(values)).highlighted
            await values.aclose()


async def test_the_meters_are_shared_by_all_models_of_a_session() -> None:
    async with make() as session:
        await session.start()
        for _ in range(5):
            with VisualizerModel(session) as model:
                model.frame.subscribe(lambda _: None)
                await session.send("hello")
                await reach(session, "speaking")
                await reach(session, "listening")
        assert len(session._senses.voice._listeners) == 1


async def test_closing_stops_everything_and_completes() -> None:
    async with make() as session:
        await session.start()
        model = VisualizerModel(session)
        ended: list[str] = []
        model.heights.subscribe(None, None, lambda: ended.append("heights"))
        await asyncio.sleep(0.6)
        assert moves(model)
        model.close()
        assert (moves(model), ended) == (False, ["heights"])


def test_there_must_be_a_bar() -> None:
    with pytest.raises(ValueError, match="bars must be 1 or more, not 0"):
        VisualizerModel(make(), bars=0)
