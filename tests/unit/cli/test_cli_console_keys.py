"""What the space bar means, and what keys do to the microphone, in virtual time."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from session_fsm import MediaError, Session, TokenSource, ToneInput
from session_fsm.cli.console import conversation
from session_fsm.cli.console.conversation import Conversation
from session_fsm.cli.console.keys import SpaceBar
from session_fsm.cli.console.sound import Sound
from session_fsm.hardware.device import Device
from session_fsm.states import MediaState
from session_fsm.testing import ScriptedAgent, run_virtual

X11 = 0.66
"""Seconds until a key that is held repeats for the first time, at most."""


@pytest.mark.parametrize(
    ("presses", "talked"),
    [
        ([0.0], [(0.0, True)]),
        ([0.0, 3.0], [(0.0, True), (3.0, False)]),
        ([0.0, X11, X11 + 0.04, X11 + 0.08], [(0.0, True), (1.14, False)]),
        ([0.0, 0.25, 0.5, 5.0], [(0.0, True), (0.9, False), (5.0, True)]),
        ([0.0, 0.3], [(0.0, True), (0.7, False)]),
        ([0.0, 2.0, 4.0, 6.0], [(0.0, True), (2.0, False), (4.0, True), (6.0, False)]),
    ],
    ids=["a tap", "tap and tap", "held", "held and tapped later", "two quick taps", "taps"],
)
def test_a_tap_stays_open_and_what_is_held_closes(
    presses: list[float], talked: list[tuple[float, bool]]
) -> None:
    async def pressing() -> list[tuple[float, bool]]:
        loop = asyncio.get_running_loop()
        began = loop.time()
        told: list[tuple[float, bool]] = []
        space = SpaceBar(lambda on: told.append((round(loop.time() - began, 2), on)))
        for at in presses:
            loop.call_at(began + at, space.press)
        await asyncio.sleep(60)
        return told

    assert run_virtual(pressing()) == talked


class Listening(ScriptedAgent):
    """Counts what it is given to hear."""

    frames = 0

    def listen(self, *arguments: object) -> None:
        self.frames += 1
        super().listen(*arguments)  # type: ignore[arg-type]


def converse(
    work: Callable[[Conversation, Listening], Awaitable[None]],
    sound: Sound,
    *,
    is_push_to_talk: bool = False,
) -> None:
    """Do it in a conversation that is open."""

    async def main() -> None:
        agent = Listening()
        async with asyncio.timeout(600), Session(TokenSource.loopback(agent)) as session:
            talk = Conversation(session, sound, is_push_to_talk=is_push_to_talk)
            await talk.open()
            await session.wait_until(lambda now: now.media.microphone.state != "opening", 60)
            await work(talk, agent)

    run_virtual(main())


@pytest.fixture
def two(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Two microphones; returns what was opened. The one that is called broken cannot be."""
    opened: list[str] = []

    class Microphone(ToneInput):
        def __init__(self, device: Device) -> None:
            super().__init__()
            self.name = device.name

        def open(self):  # type: ignore[no-untyped-def] # noqa: ANN202
            if self.name == "broken":
                raise MediaError("It is broken.", kind="other")
            opened.append(self.name)
            return super().open()

    there = tuple(Device(f"input:{name}", name, "input") for name in ("one", "broken", "two"))
    monkeypatch.setattr(conversation, "devices", lambda kind: there)
    monkeypatch.setattr(conversation, "MicrophoneInput", Microphone)
    return opened


def test_with_push_to_talk_nothing_is_heard_before_it_is_meant_to_be() -> None:
    async def work(talk: Conversation, agent: Listening) -> None:
        microphone = talk.session.local.microphone
        await asyncio.sleep(5)
        assert microphone.state.value is MediaState.MUTED
        assert agent.frames == 0
        await talk.talk(on=True)
        await asyncio.sleep(1)
        await talk.talk(on=False)
        heard = agent.frames
        assert heard == pytest.approx(50, abs=8)  # 20 ms each
        await asyncio.sleep(5)
        assert agent.frames == heard

    converse(work, Sound(ToneInput()), is_push_to_talk=True)


def test_mute_goes_to_and_fro() -> None:
    async def work(talk: Conversation, agent: Listening) -> None:
        microphone = talk.session.local.microphone
        seen = [microphone.state.value]
        for _ in range(2):
            await talk.toggle_mute()
            seen.append(microphone.state.value)
        assert seen == ["live", "muted", "live"]

    converse(work, Sound(ToneInput()))


class Plugged(ToneInput):
    """A microphone that is plugged in later."""

    is_there = False

    def open(self):  # type: ignore[no-untyped-def] # noqa: ANN201
        if not self.is_there:
            raise MediaError("Nothing is plugged in.", kind="not-found")
        return super().open()


def test_what_has_failed_is_tried_again_by_the_same_key() -> None:
    source = Plugged()

    async def work(talk: Conversation, agent: Listening) -> None:
        microphone = talk.session.local.microphone
        assert microphone.state.value is MediaState.FAILED
        source.is_there = True
        await talk.toggle_mute()
        assert microphone.state.value is MediaState.LIVE

    converse(work, Sound(source))


def test_the_next_microphone_follows_on_the_present_one(two: list[str]) -> None:
    async def work(talk: Conversation, agent: Listening) -> None:
        microphone = talk.session.local.microphone
        await talk.next_microphone()
        assert microphone.device.value == "one"
        with pytest.raises(MediaError, match="broken"):
            await talk.next_microphone()
        assert microphone.device.value == "one", "what cannot be opened replaces nothing"
        await talk.next_microphone()
        assert microphone.device.value == "two"
        await talk.next_microphone()
        assert two == ["one", "two", "one"]
        assert microphone.state.value is MediaState.LIVE

    converse(work, Sound(ToneInput()))


def test_the_next_microphone_is_turned_on_where_the_first_has_failed(two: list[str]) -> None:
    async def work(talk: Conversation, agent: Listening) -> None:
        assert talk.session.local.microphone.state.value is MediaState.FAILED
        await talk.next_microphone()
        assert talk.session.local.microphone.state.value is MediaState.LIVE
        assert two == ["one"]

    converse(work, Sound(Plugged()))


def test_without_any_microphone_the_next_one_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(talk: Conversation, agent: Listening) -> None:
        with pytest.raises(MediaError, match="There is no microphone"):
            await talk.next_microphone()

    monkeypatch.setattr(conversation, "devices", lambda kind: ())
    converse(work, Sound(ToneInput()))
