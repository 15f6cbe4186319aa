"""Where the system tells of devices, where it does not, and what a look anew makes of it."""

import asyncio
import errno
import logging
import os
import socket
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from session_fsm import Device, MediaError, watch_devices
from session_fsm.audio import alsa
from session_fsm.hardware import news, watching

HEADSET = Device("input:ALSA:USB: - (hw:1,0)", "USB: - (hw:1,0)", "input")
BUILT_IN = Device("input:ALSA:PCH: - (hw:0,0)", "PCH: - (hw:0,0)", "input", is_default=True)


async def until(reached: Callable[[], object]) -> None:
    async with asyncio.timeout(30):
        while not reached():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


@pytest.fixture
def no_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(socket, "AF_NETLINK", raising=False)


@pytest.fixture
def no_sound_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.fixture
def one_speaker() -> Iterator[None]:
    """What is said in the kernel's name is heard by every run of tests: one at a time speaks."""
    fcntl = pytest.importorskip("fcntl")
    with (Path(tempfile.gettempdir()) / "session-fsm-uevents.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.mark.skipif(not hasattr(socket, "AF_NETLINK"), reason="netlink is of Linux")
@pytest.mark.usefixtures("one_speaker", "no_sound_server")
@pytest.mark.parametrize(
    ("message", "is_news"),
    [
        (b"add@/devices/usb1/video4linux/video0\0ACTION=add\0SUBSYSTEM=video4linux\0", True),
        (b"remove@/devices/usb1/sound/card1\0ACTION=remove\0SUBSYSTEM=sound\0SEQNUM=7\0", True),
        (b"add@/devices/usb1\0ACTION=add\0SUBSYSTEM=usb\0", False),
    ],
)
async def test_the_kernel_tells(message: bytes, *, is_news: bool) -> None:
    told: list[bool] = []
    async with news.told(lambda: told.append(True)) as is_told:
        assert is_told
        sender = socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, news.UEVENTS)
        with sender:
            try:
                sender.sendto(message, (0, 2))
                sender.sendto(b"end\0SUBSYSTEM=sound\0", (0, 2))
            except OSError as error:
                if error.errno not in {errno.EPERM, errno.ECONNREFUSED}:
                    raise
                pytest.skip("only root may speak for the kernel")
        await until(lambda: len(told) == 1 + is_news)
    await asyncio.sleep(0)
    assert len(told) == 1 + is_news


def fake_pactl(folder: Path, script: str) -> None:
    path = folder / "pactl"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


async def test_the_sound_server_is_followed_over_its_restarts(
    no_kernel: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    says = ["change' on sink #1", "new' on client #3", "new' on sink-input #4", "new' on card #5"]
    lines = "\n".join(f"""echo "Event '{one}" """ for one in says)
    fake_pactl(tmp_path, f"echo started >> {tmp_path}/log\n{lines}")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(news, "RETRY", 0.01)
    told: list[int] = []

    def starts() -> int:
        log = tmp_path / "log"
        return len(log.read_text().splitlines()) if log.exists() else 0

    async with news.told(lambda: told.append(starts())) as is_told:
        assert is_told
        await until(lambda: starts() >= 3)
    # Once when it listens, and once for the card, each time.
    assert starts() <= len(told) <= 2 * starts()


async def test_leaving_ends_the_program_that_listens(
    no_kernel: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_pactl(
        tmp_path,
        f"echo $$ > {tmp_path}/pid.new; mv {tmp_path}/pid.new {tmp_path}/pid\nexec sleep 600",
    )
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    async with news.told(lambda: None):
        await until((tmp_path / "pid").exists)
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


async def test_where_nothing_tells_the_store_keeps_what_there_was(
    no_kernel: None,
    no_sound_server: None,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(watching, "devices", lambda _kind: (BUILT_IN,))
    with caplog.at_level(logging.WARNING, "session_fsm"):
        async with watch_devices() as store:
            assert store.value == (BUILT_IN,)
    assert "this system does not tell which devices come and go" in caplog.text


class Look:
    """In the place of the program that lists devices."""

    def __init__(self, *lists: tuple[Device, ...] | MediaError) -> None:
        self.lists = list(lists)

    async def __call__(self, _kind: object) -> tuple[Device, ...]:
        found = self.lists.pop(0)
        if isinstance(found, MediaError):
            raise found
        return found


def remember(monkeypatch: pytest.MonkeyPatch, look: Look) -> None:
    monkeypatch.setattr(watching, "_listed_anew", look)


async def test_a_card_that_is_in_use_and_cannot_be_asked_stays_in_the_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (0, 1):
        (tmp_path / f"card{number}").mkdir()
    monkeypatch.setattr(alsa, "CARDS", tmp_path)
    monkeypatch.setattr(watching, "SETTLING", 0.0)
    changed: list[Callable[[], None]] = []
    monkeypatch.setattr(watching, "told", telling(changed))
    remember(monkeypatch, Look((BUILT_IN, HEADSET), (HEADSET,), (BUILT_IN,)))
    async with watch_devices("input") as store:
        changed[0]()
        await until(lambda: store.value == (HEADSET, BUILT_IN))
        (tmp_path / "card1").rmdir()
        changed[0]()
        await until(lambda: store.value == (BUILT_IN,))


async def test_a_look_that_fails_leaves_the_list_as_it_was(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(watching, "SETTLING", 0.0)
    changed: list[Callable[[], None]] = []
    monkeypatch.setattr(watching, "told", telling(changed))
    look = Look((BUILT_IN,), MediaError("It broke.", kind="other"), (HEADSET,))
    remember(monkeypatch, look)
    async with watch_devices() as store:
        changed[0]()
        await until(lambda: len(look.lists) == 1)
        assert store.value == (BUILT_IN,)
        changed[0]()
        await until(lambda: store.value == (HEADSET,))
    assert "the devices cannot be listed any more: It broke." in caplog.text


def telling(changed: list[Callable[[], None]]) -> Any:
    """In the place of `told`: hands out what the system would call."""

    @asynccontextmanager
    async def told(call: Callable[[], None]) -> AsyncIterator[bool]:
        changed.append(call)
        yield True

    return told


async def test_what_cannot_be_listed_is_said_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "told", telling([]))
    monkeypatch.setattr(watching.sys, "executable", "/bin/false")
    with pytest.raises(MediaError, match="could not be listed"):
        await watch_devices().__aenter__()


async def test_a_look_that_hangs_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\nexec sleep 600\n")
    program.chmod(0o755)
    monkeypatch.setattr(watching, "told", telling([]))
    monkeypatch.setattr(watching, "LOOK_TIMEOUT", 0.01)
    monkeypatch.setattr(watching.sys, "executable", str(program))
    with pytest.raises(MediaError, match=r"no answer within 0\.01 seconds"):
        await watch_devices().__aenter__()


async def test_no_such_kind_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="kind must be"):
        await watch_devices("screen").__aenter__()  # type: ignore[arg-type]
