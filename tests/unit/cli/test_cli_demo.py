import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest

from session_fsm.cli import main

Command = Callable[..., Any]


def test_plain_holds_the_conversation_and_ends_by_itself(command: Command) -> None:
    done = command("demo", "--plain")
    assert done.returncode == 0
    assert done.stderr == ""
    out = done.stdout
    for text in (
        "agent_ready: dispatching -> active",
        "can_listen=yes",
        "user: What do you do all day?  [sent]",
        "agent: I listen, I think, I speak. Three small state machines watch me.",
        "connection_lost: connected -> reconnecting",
        "connection_restored: reconnecting -> connected",
        "user: Can you still hear me?  [sent]",
        "agent: Now I can. Your text waited until the network was back.",
        "room_closed: ending -> idle",
    ):
        assert text in out, text
    assert out.index("connection_restored") < out.index("Can you still hear me?")
    seconds = [float(line.split()[0]) for line in out.splitlines()]
    assert seconds == sorted(seconds)
    assert "\x1b" not in out


def test_where_nobody_looks_it_is_plain_without_being_asked(command: Command) -> None:
    done = command("demo", "--seconds", "0.3")
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1].endswith("end         ended")


@pytest.mark.parametrize("seconds", ["0.001", "0.7"])
def test_seconds_bound_it(seconds: str, capsys: pytest.CaptureFixture[str]) -> None:
    began = time.monotonic()
    assert main(["demo", "--plain", "--seconds", seconds]) == 0
    assert time.monotonic() - began < 5
    assert capsys.readouterr().out.splitlines()[-1].endswith("ended")


def test_json_is_one_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--json", "--seconds", "1.5"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {"ts", "type", "seq"} <= set.intersection(*(set(line) for line in lines))
    assert {"transition", "flags", "room", "agent", "message", "end"} == {
        line["type"] for line in lines
    }


def test_a_reader_that_goes_away_is_no_failure() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "session_fsm", "demo", "--plain"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert "start: idle" in process.stdout.readline()
        process.stdout.close()
        began = time.monotonic()
        assert process.stderr.read() == ""
        assert process.wait(10) == 0
        assert time.monotonic() - began < 5, "it stops when there is nobody to tell"


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_ends_the_session_cleanly(number: signal.Signals, code: int) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "session_fsm", "demo", "--plain"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert "start: idle" in process.stdout.readline()
        process.send_signal(number)
        out, err = process.communicate(timeout=10)
    assert process.returncode == code
    assert out.splitlines()[-1].endswith("end         ended")
    assert err == "interrupted\n"


NO_TEXTUAL = """
import sys
sys.modules["textual"] = None
from session_fsm.cli import main, script
script.CONVERSATION = ()
sys.exit(main(["demo"]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pty")
@pytest.mark.parametrize("environment", [{}, {"NO_COLOR": "1"}])
def test_a_terminal_without_textual_gets_lines_and_may_type(environment: dict[str, str]) -> None:
    ours, theirs = os.openpty()
    process = subprocess.Popen(  # noqa: S603
        [sys.executable, "-c", NO_TEXTUAL],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm", **environment},
    )
    os.close(theirs)
    seen = ""
    typed = {"your turn": b"tell me\n", "You said: tell me": b"\x04"}
    with process:
        while data := _read(ours):
            seen += data.decode()
            for sign in [*typed]:
                if sign in seen:
                    os.write(ours, typed.pop(sign))
    os.close(ours)
    assert process.returncode == 0
    assert "pip install 'session-fsm[cli]'" in seen
    assert not typed
    assert ("\x1b[" in seen) is (not environment)


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 4096)
    except OSError:  # how Linux says that the other side is closed
        return b""
