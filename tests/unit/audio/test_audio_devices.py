"""Microphone and loudspeaker, on a sound system of the test's own."""

import json
import subprocess
import sys
from typing import Any

import pytest

from session_fsm import MediaError, MicrophoneInput, SpeakerOutput, devices
from session_fsm.audio import portaudio
from session_fsm.audio.echo import Processing
from session_fsm.video import libraries

PRELUDE = """
import array, asyncio, json
from session_fsm import *

def peaks(frames): return [max(array.array("h", one.data)) for one in frames]
def say(**facts): print(json.dumps(facts))
PLAIN = dict(noise_suppression=False, auto_gain_control=False, high_pass_filter=False)

async def playing(output):
    async with ToneInput().open() as frames:
        async for frame in frames:
            await output.write(frame)

async def heard(source, count):
    async with source.open() as frames:
        return [await anext(frames) for _ in range(count)]
"""


def run(program: str, env: dict[str, str]) -> Any:
    """What a program says in that environment; PortAudio reads it once and for all."""
    code = PRELUDE + program + "\nasyncio.run(main())"
    done = subprocess.run(  # noqa: S603 - this interpreter
        [sys.executable, "-c", code],
        env=env,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_what_is_played_is_heard_unless_its_echo_is_cancelled(
    sound_system: dict[str, str],
) -> None:
    said = run(
        """
async def main():
    speaker = SpeakerOutput()
    await speaker.open()
    player = asyncio.create_task(playing(speaker))
    plain = MicrophoneInput(echo_cancellation=False, **PLAIN)
    loud = peaks(await heard(plain, 200))
    quiet = peaks(await heard(MicrophoneInput(**PLAIN), 400))
    player.cancel()
    speaker.interrupt()
    await asyncio.sleep(0.5)
    after = peaks(await heard(plain, 50))
    await speaker.close()
    say(loud=max(loud[100:]), quiet=max(quiet[200:]), after=max(after[20:]))
""",
        sound_system,
    )
    # A busy machine breaks the tone up, and the canceller loses its place: 1/100 on an idle one.
    assert said["loud"] == pytest.approx(9_830, rel=0.2)
    assert said["quiet"] < said["loud"] / 3
    assert said["after"] < said["loud"] / 3


def test_a_session_speaks_and_is_heard_by_devices(sound_system: dict[str, str]) -> None:
    said = run(
        """
async def main():
    from session_fsm.testing import ScriptedAgent
    agent = ScriptedAgent(word_every=0.2)
    speaker = SpeakerOutput()
    async with Session(TokenSource.loopback(agent), audio_output=speaker) as session:
        await session.start(microphone=True)
        await session.wait_until(lambda now: now.media.microphone.state == "live", 10)
        levels = []
        session.local.microphone.level.subscribe(levels.append)
        await session.local.microphone.switch(MicrophoneInput(echo_cancellation=False, **PLAIN))
        await session.send("one two three four five six")
        await session.wait_until(lambda now: now.agent.state == "speaking", 10)
        await session.wait_until(lambda now: any("heard" in one.text for one in now.messages), 20)
        say(device=session.local.microphone.device.value, level=max(levels),
            failure=str(session.playback.failure.value))
""",
        sound_system,
    )
    assert said["device"] == "default microphone"
    assert said["level"] > 0.2
    assert said["failure"] == "None"


def test_the_devices_have_ids_that_can_be_used(sound_system: dict[str, str]) -> None:
    said = run(
        """
async def main():
    ids = [(one.kind, one.id, one.is_default) for one in devices() if one.kind != "camera"]
    assert devices("input") == tuple(one for one in devices() if one.kind == "input")
    for one in devices("input"):
        await heard(MicrophoneInput(one), 3)
        await heard(MicrophoneInput(one.id), 3)
    for one in devices("output"):
        speaker = SpeakerOutput(one)
        await speaker.open()
        await speaker.close()
    errors = []
    for wrong in (MicrophoneInput("input:ALSA:nothing"), MicrophoneInput(devices("output")[0])):
        try:
            await heard(wrong, 1)
        except MediaError as error:
            errors.append([error.kind, str(error)])
    say(ids=ids, errors=errors)
""",
        sound_system,
    )
    assert ["input", "input:ALSA:default", True] in said["ids"]
    assert ["output", "output:ALSA:default", True] in said["ids"]
    assert sum(one[2] for one in said["ids"]) == 2
    assert [kind for kind, _ in said["errors"]] == ["not-found"] * 2
    assert "There is no input device 'input:ALSA:nothing'" in said["errors"][0][1]


def test_the_command_lists_them(sound_system: dict[str, str]) -> None:
    command = [sys.executable, "-m", "session_fsm", "devices"]
    done = subprocess.run(  # noqa: S603 - this interpreter
        command, env=sound_system, capture_output=True, text=True, check=True
    )
    assert "* input  input:ALSA:default\n" in done.stdout
    done = subprocess.run(  # noqa: S603 - this interpreter
        [*command, "--json"], env=sound_system, capture_output=True, text=True, check=True
    )
    assert {"id", "name", "kind", "is_default"} == set(json.loads(done.stdout)[0])


def test_a_device_of_the_sound_server_is_opened_though_it_came_later(
    sound_system: dict[str, str],
) -> None:
    said = run(
        """
import os, subprocess
def pactl(*words): return subprocess.run(["pactl", *words], check=True, capture_output=True).stdout
async def main():
    before = {one.id for one in devices()}
    number = pactl("load-module", "module-null-sink", "sink_name=headset").decode().strip()
    came = {one.id for one in devices()} - before
    quiet = MicrophoneInput("input:PulseAudio:headset.monitor", echo_cancellation=False, **PLAIN)
    speaker = SpeakerOutput("output:PulseAudio:headset")
    await speaker.open()
    player = asyncio.create_task(playing(speaker))
    there = peaks(await heard(quiet, 150))
    elsewhere = peaks(await heard(MicrophoneInput(echo_cancellation=False, **PLAIN), 100))
    player.cancel()
    await speaker.close()
    pactl("unload-module", number)
    try:
        await heard(quiet, 1)
    except MediaError as error:
        gone = str(error)
    say(came=sorted(came), there=max(there[50:]), elsewhere=max(elsewhere[50:]), gone=gone,
        left=[name for name in os.environ if name.startswith(("PULSE_S", "PIPEWIRE"))
              and name != "PULSE_SERVER"])
""",
        sound_system,
    )
    assert said["came"] == ["input:PulseAudio:headset.monitor", "output:PulseAudio:headset"]
    assert said["there"] == pytest.approx(9_830, rel=0.05)
    assert said["elsewhere"] < 50
    assert "There is no input device 'input:PulseAudio:headset.monitor'" in said["gone"]
    assert said["left"] == []


@pytest.mark.parametrize("kind", [None, "output"])
def test_a_store_follows_devices_that_come_and_go(
    sound_system: dict[str, str], kind: str | None
) -> None:
    said = run(
        f"""
KIND = {kind!r}
"""
        """
import subprocess
from contextlib import aclosing
NEW = "output:PulseAudio:guest"
def pactl(*words): return subprocess.run(["pactl", *words], check=True, capture_output=True).stdout
async def main():
    seen = []
    async with watch_devices(KIND) as store, asyncio.timeout(45):
        assert store.value == devices(KIND)
        store.subscribe(seen.append, on_completed=lambda: seen.append("completed"))
        async def until(there):
            async with aclosing(store.values()) as values:
                async for now in values:
                    if (NEW in [one.id for one in now]) is there:
                        return
        for _ in range(2):
            number = pactl("load-module", "module-null-sink", "sink_name=guest").decode().strip()
            await until(True)
            pactl("set-sink-volume", "guest", "40%")
            pactl("unload-module", number)
            await until(False)
    say(end=seen[-1], kinds=sorted({one.kind for now in seen[:-1] for one in now}),
        changes=len(seen) - 1, tasks=len(asyncio.all_tasks()))
""",
        sound_system,
    )
    assert said["end"] == "completed"
    assert {"output"} <= set(said["kinds"])
    assert ("input" in said["kinds"]) is (kind is None)
    assert said["changes"] >= 5
    assert said["tasks"] == 1


def has_portaudio() -> bool:
    try:
        portaudio.portaudio()
    except MediaError:
        return False
    return True


def test_without_a_device_a_session_goes_on(no_sound_system: dict[str, str]) -> None:
    if not has_portaudio():
        pytest.skip("PortAudio is not installed: apt install libportaudio2")
    said = run(
        """
async def main():
    if devices("input") or devices("output"):
        return say(there=len(devices()))
    async with Session(TokenSource.loopback(), audio_output=SpeakerOutput()) as session:
        await session.start(microphone=True)
        await session.wait_until(lambda now: now.media.microphone.state == "failed", 10)
        await session.send("hello")
        errors = (session.local.microphone.failure.value, session.playback.failure.value)
        say(errors=[[one.kind, str(one)] for one in errors], there=0)
""",
        no_sound_system,
    )
    if said["there"]:
        pytest.skip("this computer has sound devices")
    assert [kind for kind, _ in said["errors"]] == ["not-found"] * 2
    assert "default microphone cannot be used" in said["errors"][0][1]
    assert "default loudspeaker cannot be used" in said["errors"][1][1]


@pytest.mark.parametrize(
    ("raised", "says"),
    [
        (
            ModuleNotFoundError("No module named 'sounddevice'"),
            r"pip install 'session-fsm\[audio\]'",
        ),
        (OSError("PortAudio library not found"), "apt install libportaudio2"),
    ],
)
async def test_what_is_missing_is_said(
    monkeypatch: pytest.MonkeyPatch, raised: Exception, says: str
) -> None:
    def missing(name: str) -> None:
        raise raised

    monkeypatch.setattr(portaudio, "import_module", missing)
    for use in (MicrophoneInput().open().__aenter__, SpeakerOutput().open):
        with pytest.raises(MediaError, match=says) as caught:
            await use()
        assert caught.value.kind == "not-found"
    with pytest.raises(MediaError, match=says):
        devices("output")
    monkeypatch.setattr(libraries, "find_spec", lambda _name: None)
    with pytest.raises(MediaError, match=says):
        devices()


@pytest.mark.parametrize(
    ("says", "kind"),
    [
        ("Error opening RawInputStream: Device unavailable [PaErrorCode -9985]", "in-use"),
        ("Invalid device [PaErrorCode -9996]", "not-found"),
        ("Error querying device -1", "not-found"),
        ("Operation not permitted: no permission", "permission-denied"),
        ("Unanticipated host error [PaErrorCode -9999]", "other"),
    ],
)
def test_what_portaudio_says_has_a_kind(says: str, kind: str) -> None:
    failure = portaudio.explained("headset", RuntimeError(says))
    assert failure.kind == kind
    assert str(failure).startswith(f"headset cannot be used: {says}. ")


def test_devices_of_no_kind_are_refused() -> None:
    with pytest.raises(ValueError, match="kind must be 'input', 'output', 'camera' or None, not"):
        devices("screen")  # type: ignore[arg-type]


def test_a_delay_that_is_too_long_for_webrtc_ends_nothing() -> None:
    processing = Processing(
        echo_cancellation=True,
        noise_suppression=False,
        auto_gain_control=False,
        high_pass_filter=False,
    )
    try:
        assert len(processing.heard(bytes(960), 2.0)) == 960
    finally:
        processing.close()
