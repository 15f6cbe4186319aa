"""The controls of a session: what they show, and that pressing them is always safe."""

import asyncio
import itertools
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from session_fsm import (
    AgentTimeout,
    MediaError,
    Permissions,
    SendError,
    Session,
    SessionSnapshot,
    SessionState,
    TokenSource,
    VideoFrame,
)
from session_fsm.recording import Replay, record
from session_fsm.testing import ScriptedAgent, cancel_everywhere
from session_fsm.ui import Control, ControlBarModel, ControlName
from unit.media.devices import Device

PICTURE = VideoFrame(bytes(16), 2, 2)


def make(agent: ScriptedAgent | None = None, **options: Any) -> Session:
    return Session(TokenSource.loopback(agent or ScriptedAgent()), **options)


def pressable(model: ControlBarModel) -> set[str]:
    return {name for name, one in model.controls.value.items() if one.is_enabled}


def visible(model: ControlBarModel) -> list[str]:
    return [name for name, one in model.controls.value.items() if one.is_visible]


# Start and end -----------------------------------------------------------------------------------


async def test_start_and_end_take_turns() -> None:
    async with make() as session:
        with ControlBarModel(session, microphone=None, chat=False) as model:
            labels: list[tuple[str, bool, bool]] = []
            model.start.subscribe(
                lambda one: labels.append((one.label, one.is_visible, one.is_enabled))
            )
            assert visible(model) == ["start"]
            await model.press("start")
            assert session.state.value is SessionState.ACTIVE
            assert visible(model) == ["end"]
            assert model.end.value == Control(is_enabled=True, label="End")
            await model.press("end")
            assert visible(model) == ["start"]
            assert labels == [
                ("Start", True, True),
                ("Starting…", True, False),
                ("Start", False, False),
                ("Start", True, True),
            ]


async def test_the_end_cancels_a_start_and_that_is_no_failure() -> None:
    async with make(ScriptedAgent(join_after=None)) as session:
        with ControlBarModel(session) as model:
            starting = asyncio.create_task(model.press("start"))
            await session.wait_until_connected()
            assert model.end.value.label == "Cancel"
            await model.press("end")
            await starting
            assert model.failure.value is None
            assert model.start.value.label == "Start"
            assert pressable(model) >= {"start"}


async def test_a_start_that_fails_is_shown_and_not_raised() -> None:
    async with make(ScriptedAgent(join_after=None)) as session:
        with ControlBarModel(session) as model:
            await model.press("start")
            assert isinstance(model.failure.value, AgentTimeout)
            start = model.start.value
            assert (start.label, start.is_enabled) == ("Try again", True)
            assert start.note == str(model.failure.value)
            model.dismiss()
            assert model.failure.value is None


async def test_presses_while_one_is_pending_are_ignored() -> None:
    async with make() as session:
        with ControlBarModel(session) as model:
            await asyncio.gather(*(model.press("start") for _ in range(3)))
            assert session.snapshot.epoch == 1
            await asyncio.gather(*(model.press("end") for _ in range(3)))
            await model.press("end")
            assert session.state.value is SessionState.IDLE


async def test_a_session_that_others_start_and_end_is_shown_as_well() -> None:
    async with make() as session:
        with ControlBarModel(session) as model:
            starting = asyncio.create_task(session.start())
            await session.wait_until(lambda now: now.state == "connecting")
            assert model.start.value.is_pending
            await starting
            assert not model.start.value.is_visible
            ending = asyncio.create_task(session.end())
            await session.wait_until(lambda now: now.state == "ending")
            assert (model.end.value.label, model.end.value.is_pending) == ("Ending…", True)
            await ending


async def test_in_a_room_without_an_agent_it_has_started() -> None:
    source = TokenSource.loopback(ScriptedAgent(), dispatch=False)
    async with Session(source) as session:
        with ControlBarModel(session) as model:
            await model.press("start")
            assert session.state.value is SessionState.DISPATCHING
            assert not model.start.value.is_visible
            assert (model.end.value.label, model.end.value.is_enabled) == ("End", True)


# The microphone, the camera, the screen ----------------------------------------------------------


async def live(session: Session, name: str = "microphone") -> None:
    await session.wait_until(lambda now: getattr(now.media, name).state == "live")


async def test_the_microphone_is_muted_and_heard_again() -> None:
    device = Device("mic")
    async with make() as session:
        with ControlBarModel(session, microphone=device) as model:
            assert model.microphone.value == Control(is_enabled=True, is_on=True, label="Mute")
            await model.press("start")
            await live(session)
            assert model.microphone.value == Control(
                is_enabled=True, is_on=True, label="Mute", note="mic"
            )
            await model.press("microphone")
            assert session.local.microphone.state.value == "muted"
            assert model.microphone.value == Control(is_enabled=True, label="Unmute", note="mic")
            await model.press("microphone")
            assert session.local.microphone.state.value == "live"
            assert device.opened == 1


async def test_what_was_chosen_before_the_start_and_in_the_last_run_holds_for_the_next() -> None:
    mic, cam = Device("mic"), Device("cam", frame=PICTURE)
    async with make() as session:
        with ControlBarModel(session, microphone=mic, camera=cam) as model:
            await model.press("microphone")
            await model.press("camera")
            assert not model.microphone.value.is_on
            await model.press("start")
            assert (mic.opened, cam.opened) == (0, 0)
            await model.press("microphone")
            assert mic.opened == 1
            await model.press("end")
            assert (model.microphone.value.is_on, model.camera.value.is_on) == (True, False)
            await model.press("start")
            await live(session)
            assert (mic.opened, cam.opened) == (2, 0)


async def test_the_camera_and_the_screen_are_let_go_of() -> None:
    cam, screen = Device("cam", frame=PICTURE), Device("screen", frame=PICTURE)
    async with make() as session:
        with ControlBarModel(session, camera=cam, screen_share=screen) as model:
            await model.press("screen_share")
            assert not model.screen_share.value.is_on
            await model.press("start")
            await session.wait_until(lambda now: now.media.camera.state == "live")
            await model.press("camera")
            assert (cam.is_open, session.local.camera.state.value) == (False, "off")
            await model.press("screen_share")
            assert (screen.is_open, model.screen_share.value.label) == (True, "Stop sharing")
            await model.press("end")
            assert not model.screen_share.value.is_on, "a screen is not shared by memory"
            assert not model.camera.value.is_on


async def test_a_device_that_fails_is_shown_with_its_control_and_can_be_tried_again() -> None:
    device = Device("mic", fails="open")
    async with make() as session:
        with ControlBarModel(session, microphone=device) as model:
            await model.press("start")
            await session.wait_until(lambda now: now.media.microphone.state == "failed")
            assert "broken at open" in model.microphone.value.note
            assert model.failure.value is None, "nobody has pressed it"
            await model.press("microphone")
            assert isinstance(model.failure.value, MediaError)
            device.fails = ""
            await model.press("microphone")
            assert model.failure.value is None
            assert (model.microphone.value.is_on, model.microphone.value.note) == (True, "mic")


async def test_a_device_that_takes_its_time_is_pending() -> None:
    device = Device("mic", open_after=2.0)
    async with make() as session:
        with ControlBarModel(session, microphone=device) as model:
            await model.press("microphone")
            await model.press("start")
            pressing = [asyncio.create_task(model.press("microphone")) for _ in range(3)]
            await asyncio.sleep(1.0)
            assert model.microphone.value.is_pending
            assert not model.microphone.value.is_enabled
            await asyncio.gather(*pressing)
            assert (device.opened, model.microphone.value.is_on) == (1, True)


async def test_another_device_that_was_chosen_meanwhile_stays() -> None:
    first, second = Device("first"), Device("second")
    async with make() as session:
        with ControlBarModel(session, microphone=first) as model:
            await model.press("start")
            await live(session)
            await session.local.microphone.switch(second)
            await model.press("end")
            await model.press("start")
            await live(session)
            assert model.microphone.value.note == "second"


async def test_what_the_token_does_not_allow_is_not_there() -> None:
    agent = ScriptedAgent()
    async with make(agent) as session:
        device = Device()
        with ControlBarModel(session, microphone=device, camera=True) as model:
            assert visible(model) == ["start", "microphone", "camera", "chat"]
            await model.press("start")
            await live(session)
            (room,) = agent.network.rooms.values()
            (link,) = room.links
            link.participant.permit(Permissions(frozenset({"camera"}), can_publish_data=False))
            assert visible(model) == ["camera", "end"]
            await session.wait_until(lambda now: now.media.microphone.state == "failed")
            assert not device.is_open
            await model.press("microphone")
            assert model.failure.value is None
            await model.send("hello")
            assert isinstance(model.failure.value, SendError)
            link.participant.permit(Permissions())
            assert visible(model) == ["microphone", "camera", "chat", "end"]
            await model.press("microphone")
            await live(session)


def test_what_is_no_input_is_refused_at_once() -> None:
    with pytest.raises(TypeError, match="microphone must be"):
        ControlBarModel(make(), microphone=3)  # type: ignore[arg-type]


async def test_an_unknown_control_is_the_programmers_mistake() -> None:
    model = ControlBarModel(make())
    with pytest.raises(ValueError, match="there is no control 'mute', only start"):
        await model.press("mute")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="there is no control"):
        model.control("mute")  # type: ignore[arg-type]


# The chat ----------------------------------------------------------------------------------------


async def test_texts_are_sent_with_the_chat_open_or_closed() -> None:
    agent = ScriptedAgent()
    async with make(agent) as session:
        with ControlBarModel(session) as model:
            assert not model.chat.value.is_on
            await model.press("chat")
            assert (model.chat.value.is_on, model.chat.value.label) == (True, "Close chat")
            await model.press("start")
            sending = [asyncio.create_task(model.send(f" text {n} ")) for n in range(3)]
            await asyncio.sleep(0)
            assert model.chat.value.note == "Sending…"
            sent = await asyncio.gather(*sending)
            assert [one and one.text for one in sent] == ["text 0", "text 1", "text 2"]
            assert agent.heard == ["text 0", "text 1", "text 2"]
            assert await model.send("  \n") is None
            assert model.chat.value.note == ""


async def test_a_text_that_fails_is_shown_and_not_raised() -> None:
    async with make() as session:
        with ControlBarModel(session) as model:
            assert await model.send("too early") is None
            assert "call start() before send()" in model.chat.value.note
            await model.press("start")
            assert model.failure.value is None
            sending = asyncio.create_task(model.send("too late"))
            await asyncio.sleep(0)
            await model.press("end")
            assert await sending is None
            assert isinstance(model.failure.value, SendError)
            assert await model.send("with a file", ["/nowhere/at/all"]) is None
            assert model.chat.value.note


async def test_a_new_run_forgets_what_failed_before() -> None:
    agent = ScriptedAgent(join_after=None)
    async with make(agent) as session:
        with ControlBarModel(session) as model:
            await model.press("start")
            await model.send("too early")
            assert model.start.value.note
            assert model.chat.value.note
            agent.join_after = 0.1
            await session.start()
            assert model.failure.value is None
            assert (model.start.value.note, model.chat.value.note) == ("", "")


# Whatever happens --------------------------------------------------------------------------------


class World:
    """A bar whose devices take their time."""

    def __init__(self) -> None:
        self.agent = ScriptedAgent()
        self.session = make(self.agent)
        self.microphone = Device("mic", open_after=0.1, close_after=0.1)
        self.camera = Device("cam", open_after=0.1, close_after=0.1, frame=PICTURE)
        self.model = ControlBarModel(self.session, microphone=self.microphone, camera=self.camera)

    async def is_usable(self) -> None:
        model, session = self.model, self.session
        async with asyncio.timeout(60):
            await session.wait_until(lambda now: now.state in {"idle", "active"})
            await model.press("start")
            assert session.state.value is SessionState.ACTIVE
            for name in ("microphone", "camera"):
                await session.wait_until(lambda now, name=name: is_settled(now, name))
                before = model.control(name).value.is_on
                await model.press(name)
                assert model.control(name).value.is_on is not before
            assert await model.send("hello")
            assert not any(one.is_pending for one in model.controls.value.values())
            assert model.failure.value is None
            await model.press("end")
            await session.close()
        assert not self.microphone.is_open
        assert not self.camera.is_open
        self.agent.network.delete_rooms()


def is_settled(now: SessionSnapshot, name: str) -> bool:
    return getattr(now.media, name).state != "opening"


async def fresh() -> World:
    return World()


async def running() -> World:
    world = World()
    await world.model.press("start")
    await live(world.session)
    return world


async def muted() -> World:
    world = await running()
    await world.model.press("microphone")
    return world


async def without_camera() -> World:
    world = World()
    await world.model.press("camera")
    await world.model.press("start")
    return world


PRESSES: dict[str, tuple[Callable[[], Coroutine[Any, Any, World]], ControlName, int]] = {
    "start": (fresh, "start", 10),
    "end": (running, "end", 3),
    "mute": (running, "microphone", 2),
    "unmute": (muted, "microphone", 2),
    "camera off": (running, "camera", 2),
    "camera on": (without_camera, "camera", 2),
}


@pytest.mark.parametrize("name", PRESSES)
def test_a_press_that_is_cancelled_anywhere_leaves_everything_usable(name: str) -> None:
    setup, control, least = PRESSES[name]
    cancelled = cancel_everywhere(setup, lambda world: world.model.press(control), World.is_usable)
    assert cancelled >= least


async def test_an_end_that_is_cancelled_goes_on() -> None:
    async with make() as session:
        with ControlBarModel(session) as model:
            await model.press("start")
            ending = asyncio.create_task(model.press("end"))
            await asyncio.sleep(0)
            ending.cancel()
            await asyncio.wait({ending})
            assert ending.cancelled()
            await session.wait_until(lambda now: now.state == "idle")
            assert model.start.value.is_enabled


async def test_a_closed_model_presses_nothing_and_a_closed_session_cannot_be_started() -> None:
    async with make() as session:
        model, other = ControlBarModel(session), ControlBarModel(session)
        ended: list[str] = []
        other.start.subscribe(None, None, lambda: ended.append("start"))
        model.close()
        await model.press("start")
        assert await model.send("hello") is None
        assert session.state.value is SessionState.IDLE
    assert ended == ["start"]
    assert pressable(other) == set()
    await other.press("start")


async def test_a_replay_shows_its_controls_and_none_can_be_pressed(tmp_path: Path) -> None:
    path = tmp_path / "talk.jsonl"
    async with make() as session:
        with record(session, path):
            await session.start(microphone=Device("mic"))
            await live(session)
            await session.local.microphone.mute()
    with Replay(path) as replay, ControlBarModel(replay) as model:
        seen: list[tuple[bool, bool]] = []
        model.microphone.subscribe(lambda one: seen.append((one.is_on, one.is_pending)))
        while replay.step():
            assert pressable(model) == set()
        await model.press("start")
        assert [one for one, _ in itertools.groupby(seen)] == [
            (False, False),
            (True, True),
            (True, False),
            (False, False),
        ]


async def test_it_changes_nothing_by_itself() -> None:
    async with make() as session:
        with ControlBarModel(session, microphone=Device(), camera=Device()):
            await session.start()
            assert session.local.microphone.state.value == "off"
        assert session.state.value is SessionState.ACTIVE
