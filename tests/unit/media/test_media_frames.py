"""Frames, and the inputs and outputs that need no device."""

import array
import asyncio
import math
import wave
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from session_fsm import (
    AudioFrame,
    CallbackOutput,
    FrameInput,
    MediaError,
    NullOutput,
    SilenceInput,
    ToneInput,
    VideoFrame,
    WavInput,
    WavOutput,
)
from session_fsm.media.inputs import MediaInput, checked_input


def frame(number: int = 0) -> AudioFrame:
    return AudioFrame(array.array("h", [number] * 480).tobytes())


def wav(path: Path, data: bytes, *, width: int = 2, channels: int = 1, rate: int = 8_000) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setsampwidth(width)
        file.setnchannels(channels)
        file.setframerate(rate)
        file.writeframes(data)
    return path


async def taken(source: MediaInput, count: int) -> list[Any]:
    async with source.open() as frames:
        return [await anext(frames) for _ in range(count)]


def test_a_frame_knows_how_long_it_is() -> None:
    stereo = AudioFrame(bytes(4 * 160), 16_000, 2)
    assert stereo.samples_per_channel == 160
    assert stereo.duration == 0.01
    assert AudioFrame.silence(0.5, 8_000, 2) == AudioFrame(bytes(16_000), 8_000, 2)
    assert repr(stereo) == "AudioFrame(data=<640 bytes>, sample_rate=16000, num_channels=2)"


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: AudioFrame(b"123"), "3 bytes are no whole number of int16 samples"),
        (lambda: AudioFrame(b"12", num_channels=2), "in 2 channel"),
        (lambda: AudioFrame(b"", 0), "sample_rate and num_channels must be 1 or more"),
        (lambda: AudioFrame(b"", num_channels=0), "must be 1 or more"),
        (lambda: VideoFrame(bytes(15), 2, 2), "2 x 2 in rgba has 16 bytes, not 15"),
        (lambda: VideoFrame(bytes(16), 2, 2, "yuv"), "format must be one of rgba, rgb24, i420"),  # type: ignore[arg-type]
        (lambda: FrameInput(capacity=0), "capacity must be 1 or more, not 0"),
        (lambda: ToneInput(0), "frequency must be above 0"),
        (lambda: ToneInput(24_000), "below 24000.0 Hz"),
        (lambda: ToneInput(volume=1.1), "volume must be from 0 to 1, not 1.1"),
    ],
)
def test_what_cannot_be_is_refused(make: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        make()


def test_a_frame_of_the_sdk_is_taken_as_it_is() -> None:
    theirs = SimpleNamespace(data=memoryview(bytes(960)), sample_rate=48_000, num_channels=1)
    assert AudioFrame.of(theirs) == AudioFrame(bytes(960))
    assert AudioFrame.of(frame(3)) == frame(3)


async def test_a_tone_has_its_pitch_its_peak_and_its_pace() -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    frames = await taken(ToneInput(1_000, volume=0.5, sample_rate=16_000), 26)
    assert loop.time() - began == pytest.approx(0.5)
    samples = array.array("h", b"".join(one.data for one in frames))
    assert max(samples) == pytest.approx(16_383, abs=2)
    rises = sum(a < 0 <= b for a, b in pairwise(samples))
    assert rises == pytest.approx(520, abs=1)
    steps = [abs(b - a) for a, b in pairwise(samples)]
    assert max(steps) <= 16_384 * 2 * math.pi / 16  # no jump from one frame to the next


async def test_who_is_late_is_not_given_a_burst() -> None:
    loop = asyncio.get_running_loop()
    async with SilenceInput().open() as frames:
        await anext(frames)
        await asyncio.sleep(3)
        late = loop.time()
        for _ in range(6):
            await anext(frames)
        assert loop.time() - late == pytest.approx(0.1, abs=0.021)


async def test_a_wav_file_is_spoken_and_then_there_is_silence(tmp_path: Path) -> None:
    spoken = array.array("h", range(1, 401)).tobytes()
    source = WavInput(wav(tmp_path / "in.wav", spoken, channels=2))
    assert source.name == "in.wav"
    for _ in range(2):  # it begins anew each time
        frames = await taken(source, 4)
        assert [one.samples_per_channel for one in frames] == [160, 40, 160, 160]
        assert b"".join(one.data for one in frames[:2]) == spoken
        assert frames[2].data == bytes(640)
        assert {(one.sample_rate, one.num_channels) for one in frames} == {(8_000, 2)}


async def test_a_wav_file_can_go_round(tmp_path: Path) -> None:
    spoken = array.array("h", range(1, 201)).tobytes()
    frames = await taken(WavInput(wav(tmp_path / "in.wav", spoken), loop=True), 6)
    assert b"".join(one.data for one in frames) == spoken * 3


@pytest.mark.parametrize(
    ("name", "kind", "says"),
    [
        ("nowhere.wav", "not-found", "There is no file"),
        ("text.wav", "other", "cannot be read as a WAV file"),
        ("empty.wav", "other", "it is too short"),
        ("silent.wav", "other", "holds 0 frames"),
        ("bytes.wav", "other", "8-bit samples: it must hold 16-bit PCM"),
        (".", "other", "cannot be read"),
    ],
)
async def test_a_file_that_is_no_wav_is_refused(
    tmp_path: Path, name: str, kind: str, says: str
) -> None:
    (tmp_path / "text.wav").write_text("I am a text, and not a short one either.")
    (tmp_path / "empty.wav").write_bytes(b"")
    wav(tmp_path / "silent.wav", b"")
    wav(tmp_path / "bytes.wav", b"123", width=1)
    with pytest.raises(MediaError, match=says) as caught:
        await taken(WavInput(tmp_path / name), 1)
    assert caught.value.kind == kind


async def test_what_is_heard_is_recorded_one_file_for_each_run(tmp_path: Path) -> None:
    output = WavOutput(tmp_path / "out.wav")
    assert output.name == "out.wav"
    await output.write(frame())  # nobody has opened it
    await output.close()
    for number, like in (
        (1, AudioFrame(bytes(320), 16_000)),
        (2, AudioFrame(bytes(400), 8_000, 2)),
    ):
        await output.open()
        await output.write(like)
        await output.write(like)
        output.interrupt()
        with wave.open(str(output.path)) as file:  # complete before it is closed
            assert file.getnframes() == 2 * like.samples_per_channel
            assert (file.getframerate(), file.getnchannels()) == (
                like.sample_rate,
                like.num_channels,
            )
        await output.close()
        assert output.path.name == ("out.wav" if number == 1 else "out-2.wav")
    await output.open()
    await output.close()
    with wave.open(str(tmp_path / "out-3.wav")) as file:
        assert (file.getnframes(), file.getframerate()) == (0, 48_000)


async def test_a_recording_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="cannot be written") as caught:
        await WavOutput(tmp_path / "nowhere" / "out.wav").open()
    assert caught.value.kind == "other"


async def test_frames_that_are_pushed_come_in_order_and_the_oldest_are_dropped() -> None:
    source = FrameInput("mine", capacity=3)
    for number in range(5):
        source.push(frame(number))
    assert source.dropped == 2
    assert repr(source) == "<FrameInput 'mine', 3 waiting, 2 dropped>"
    assert await taken(source, 3) == [frame(2), frame(3), frame(4)]
    source.push(VideoFrame(bytes(16), 2, 2))
    source.push(VideoFrame(bytes(4), 1, 1))
    assert source.dropped == 3
    source.end()
    async with source.open() as frames:
        assert [one async for one in frames] == [VideoFrame(bytes(4), 1, 1)]
    with pytest.raises(ValueError, match="this FrameInput has ended"):
        source.push(frame())
    with pytest.raises(ValueError, match="this FrameInput has ended"):
        await source.put(frame())


async def test_frames_that_are_put_wait_for_room() -> None:
    source = FrameInput(capacity=2)

    async def put() -> None:
        for number in range(100):
            await source.put(frame(number))

    putting = asyncio.create_task(put())
    await asyncio.sleep(1)
    assert not putting.done()
    assert await taken(source, 100) == [frame(number) for number in range(100)]
    await putting
    assert source.dropped == 0
    source.push(frame())
    source.push(frame())
    waiting = asyncio.create_task(source.put(frame()))
    await asyncio.sleep(0)
    source.end()
    with pytest.raises(ValueError, match="has ended"):
        await waiting


def test_what_is_no_frame_is_refused() -> None:
    with pytest.raises(TypeError, match="not bytes"):
        FrameInput().push(b"12")  # type: ignore[arg-type]


async def test_an_iterator_is_closed_with_its_input() -> None:
    closed: list[str] = []

    async def sound() -> Any:
        try:
            while True:
                yield frame()
        finally:
            closed.append("sound")

    assert await taken(checked_input("microphone", sound()), 2) == [frame(), frame()]
    assert closed == ["sound"]


async def test_a_callback_is_called_and_awaited() -> None:
    heard: list[AudioFrame] = []

    async def later(one: AudioFrame) -> None:
        await asyncio.sleep(0.1)
        heard.append(one)

    for callback in (heard.append, later):
        output = CallbackOutput(callback)
        await output.open()
        await output.write(frame(1))
        output.interrupt()
        await output.close()
    assert heard == [frame(1), frame(1)]
    assert CallbackOutput(later).name == "later"


async def test_nothing_takes_everything() -> None:
    output = NullOutput()
    await output.open()
    await output.write(frame())
    output.interrupt()
    await output.close()
