"""`session-fsm run` against a real agent on a real server."""

import json
import os
import subprocess
import sys
from typing import Any

from peers.admin import API_KEY, API_SECRET
from peers.fixtures import Stack


def run(stack: Stack, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    key = {"LIVEKIT_API_KEY": API_KEY, "LIVEKIT_API_SECRET": API_SECRET}
    return subprocess.run(  # noqa: S603
        [sys.executable, "-m", "session_fsm", "run", "--jsonl", *arguments],
        capture_output=True,
        check=False,
        env={**os.environ, "LIVEKIT_URL": stack.url, **key, **environment},
        stdin=subprocess.DEVNULL,
        text=True,
        timeout=60,
    )


def lines_of(done: "subprocess.CompletedProcess[str]") -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def settled(done: "subprocess.CompletedProcess[str]") -> list[tuple[str, str]]:
    found = [line for line in lines_of(done) if line.get("settled")]
    return [(line["sender"], line["text"].strip()) for line in found]


def test_texts_are_answered_one_after_the_other(stack: Stack) -> None:
    room = stack.room()
    asked = ["--agent", stack.worker.agent_name, "--room", room, "--say", "hello", "--say", "bye"]
    done = run(stack, *asked)
    assert done.returncode == 0, done.stderr
    assert settled(done) == [
        ("user", "hello"),
        ("agent", "echo: hello"),
        ("user", "bye"),
        ("agent", "echo: bye"),
    ]
    assert stack.heard(room) == ["hello", "bye"]
    assert lines_of(done)[-1]["reason"] == "ended"
    assert API_SECRET not in done.stdout + done.stderr
    assert "eyJ" not in done.stdout + done.stderr


def test_an_agent_of_nobody_is_5(stack: Stack) -> None:
    done = run(stack, "--agent", "nobody", "--agent-timeout", "1", "--say", "hello")
    assert done.returncode == 5
    assert "Agent did not join the room." in done.stderr
    failure = next(line for line in lines_of(done) if line["type"] == "failure")
    assert (failure["error"], failure["kind"]) == ("AgentTimeout", "not-joined")


def test_a_token_of_another_server_is_4(stack: Stack) -> None:
    done = run(stack, "--say", "hello", LIVEKIT_API_SECRET="x" * 32)
    assert done.returncode == 4
    assert "refused the token" in done.stderr
    assert "eyJ" not in done.stdout + done.stderr


def test_an_agent_that_hangs_up_is_the_end_of_it(stack: Stack) -> None:
    done = run(stack, "--agent", stack.worker.agent_name, "--say", "!shutdown")
    assert done.returncode == 5
    assert lines_of(done)[-1]["reason"] == "hung-up"


def test_doctor_reaches_the_server(stack: Stack) -> None:
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "session_fsm", "doctor", "--url", stack.url, "--json"],
        capture_output=True,
        check=True,
        text=True,
        timeout=60,
    )
    checks = {check["name"]: check for check in json.loads(done.stdout)["checks"]}
    assert checks["server"]["detail"] == f"{stack.url} answers (HTTP 200)"
