import asyncio
import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest

from session_fsm import ConnectError
from session_fsm.cli import main
from session_fsm.testing import ScriptedAgent
from session_fsm.transports.loopback import LoopbackRoom

Access = Callable[[ScriptedAgent], list[str]]


def lines_of(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_each_text_is_answered_before_the_next_is_said(
    quick: ScriptedAgent, access: Access, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", *access(quick), "--say", "one", "--say", "two"]) == 0
    out = capsys.readouterr().out
    said = [line.split(None, 2)[2] for line in out.splitlines() if " message " in line]
    assert said == [
        "user: one  [sent]",
        "agent: echo: one",
        "user: two  [sent]",
        "agent: echo: two",
    ]
    assert "start: idle -> fetching-token" in out
    assert out.splitlines()[-1].endswith("end         ended")


def test_jsonl_has_ts_type_and_seq_in_every_line(
    quick: ScriptedAgent, access: Access, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", *access(quick), "--say", "hello", "--jsonl"]) == 0
    lines = lines_of(capsys.readouterr().out)
    assert [line["seq"] for line in lines] == [*range(1, len(lines) + 1)]
    assert all(line["ts"].endswith("Z") for line in lines)
    assert lines[0] == lines[0] | {
        "type": "transition",
        "machine": "session",
        "trigger": "start",
        "source": "idle",
        "dest": "fetching-token",
        "epoch": 1,
    }
    texts = [
        line["text"] for line in lines if line["type"] == "message" and line["sender"] == "agent"
    ]
    assert texts[-1] == "echo: hello"
    assert len(texts) > 2, "it grows word by word"
    assert [line["text"] for line in lines if line.get("settled")] == ["hello", "echo: hello"]
    assert lines[-1]["type"] == "end"
    assert lines[-1]["reason"] == "ended"


def test_facts_of_one_step_are_told_transitions_first(
    quick: ScriptedAgent, access: Access, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["run", *access(quick), "--say", "hello", "--jsonl"])
    lines = lines_of(capsys.readouterr().out)
    snapshots = [line["snapshot"] for line in lines]
    assert snapshots == sorted(snapshots)
    flags = next(line for line in lines if line.get("can_listen"))
    ready = next(line for line in lines if line.get("trigger") == "agent_ready")
    assert flags["snapshot"] == ready["snapshot"]
    assert lines.index(ready) < lines.index(flags)


class Acting(ScriptedAgent):
    """Does something of its own while it serves."""

    def __init__(self, act: Callable[[ScriptedAgent], None], **options: Any) -> None:
        super().__init__(join_after=0.0, initialize_for=0.0, track_after=0.0, **options)
        self.act = act

    async def serve(self, room: LoopbackRoom, name: str, metadata: str) -> None:
        asyncio.get_running_loop().call_later(0.3, self.act, self)
        await super().serve(room, name, metadata)


def test_without_texts_it_follows_until_the_agent_hangs_up(
    access: Access, capsys: pytest.CaptureFixture[str]
) -> None:
    agent = Acting(ScriptedAgent.leave, greeting="bye", word_every=0.0)
    assert main(["run", *access(agent)]) == 0
    out = capsys.readouterr().out
    assert "agent: bye" in out
    assert out.splitlines()[-1].endswith("hung-up")


def refusing(kind: str) -> ScriptedAgent:
    agent = ScriptedAgent()
    agent.network.refusal = ConnectError("The door is shut.", kind=kind)
    return agent


@pytest.mark.parametrize(
    ("agent", "arguments", "code", "said"),
    [
        (refusing("unauthorized"), [], 4, "The door is shut."),
        (refusing("refused"), ["--say", "x"], 4, "The door is shut."),
        (ScriptedAgent(join_after=None), ["--agent-timeout", "0.2"], 5, "did not join the room"),
        (
            ScriptedAgent(join_after=0.0, initialize_for=None),
            ["--agent-timeout", "0.2"],
            5,
            "did not complete initializing",
        ),
        (
            Acting(lambda _: None, think_for=9.0),
            ["--say", "x", "--timeout", "0.4"],
            5,
            "did not answer within 0.4 s",
        ),
        (Acting(ScriptedAgent.leave, think_for=9.0), ["--say", "x"], 5, "left the room on purpose"),
        (
            Acting(ScriptedAgent.leave, responsive=False),
            ["--say", "never sent"],
            5,
            "left the room on purpose",
        ),
        (Acting(lambda agent: agent.network.cut()), [], 4, ""),
        (Acting(lambda agent: agent.network.cut(), think_for=9.0), ["--say", "x"], 4, ""),
        (
            Acting(lambda agent: agent.network.cut(), responsive=False),
            ["--say", "never sent"],
            4,
            "",
        ),
    ],
)
def test_each_failure_has_its_exit_code(  # noqa: PLR0917
    agent: ScriptedAgent,
    arguments: list[str],
    code: int,
    said: str,
    access: Access,
    capsys: pytest.CaptureFixture[str],
) -> None:
    way = access(agent)
    assert main(["run", *way, *arguments]) == code
    out, err = capsys.readouterr()
    assert said in err
    assert way[-1] not in out + err, "the token never shows"
    assert " end " in out, "the session has ended in any case"


def test_a_loopback_of_another_process_is_unreachable(
    quick: ScriptedAgent, access: Access, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["loopback://nobody" if "://" in one else one for one in access(quick)]
    assert main(["run", *arguments]) == 4
    assert "Nobody is registered" in capsys.readouterr().err


def test_a_token_that_is_none_is_3(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--url", "ws://127.0.0.1:1", "--token", "my-secret"]) == 3
    out, err = capsys.readouterr()
    assert "no LiveKit access token" in err
    assert "my-secret" not in out + err


def test_the_token_may_come_by_stdin_and_by_the_environment(
    quick: ScriptedAgent,
    access: Access,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    _, url, _, token = access(quick)
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{token}\n"))
    assert main(["run", "--url", url, "--token", "-", "--say", "a"]) == 0
    monkeypatch.setenv("LIVEKIT_URL", url)
    monkeypatch.setenv("LIVEKIT_TOKEN", access(quick)[-1])
    assert main(["run", "--say", "b"]) == 0
    assert quick.heard == ["a", "b"]
    assert "LIVEKIT_TOKEN" in capsys.readouterr().err


@contextmanager
def endpoint(status: int, body: str) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/token"
        finally:
            server.shutdown()
            thread.join()


def test_a_token_endpoint_is_asked(
    quick: ScriptedAgent, access: Access, capsys: pytest.CaptureFixture[str]
) -> None:
    _, url, _, token = access(quick)
    answer = json.dumps({"server_url": url, "participant_token": token})
    with endpoint(200, answer) as asked:
        assert main(["run", "--token-endpoint", asked, "--say", "hello"]) == 0
    assert "agent: echo: hello" in capsys.readouterr().out


@pytest.mark.parametrize(("status", "body"), [(500, "no"), (200, "<html>"), (200, "{}")])
def test_a_token_endpoint_that_has_none_is_3(
    status: int, body: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with endpoint(status, body) as asked:
        assert main(["run", "--token-endpoint", f"{asked}?key=hunter2"]) == 3
    out, err = capsys.readouterr()
    assert "/token" in err
    assert "hunter2" not in out + err


def test_a_server_that_is_not_there_is_4(command: Callable[..., Any]) -> None:
    done = command(
        "run",
        LIVEKIT_URL="ws://127.0.0.1:1",
        LIVEKIT_API_KEY="devkey",
        LIVEKIT_API_SECRET="hunter2-hunter2-hunter2-hunter2-hunter2",
    )
    assert done.returncode == 4
    assert "No LiveKit server answered" in done.stderr
    assert "hunter2" not in done.stdout + done.stderr
    assert "eyJ" not in done.stdout + done.stderr


def test_the_second_ctrl_c_does_not_wait() -> None:
    token_of = [sys.executable, "-m", "session_fsm", "token", "mint"]
    secret = {"LIVEKIT_API_KEY": "k", "LIVEKIT_API_SECRET": "s" * 32}
    environment = {**os.environ, **secret}
    token = subprocess.run(token_of, capture_output=True, check=True, env=environment, text=True)  # noqa: S603
    with socket.create_server(("127.0.0.1", 0)) as black_hole:
        url = f"ws://127.0.0.1:{black_hole.getsockname()[1]}"
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "session_fsm", "run", "--url", url, "--token", "-"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        with process:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(token.stdout)
            process.stdin.close()
            for line in process.stdout:
                if "connect: disconnected" in line:
                    break
            time.sleep(0.5)
            process.send_signal(signal.SIGINT)
            for line in process.stdout:
                if "end: connecting -> ending" in line:
                    break
            process.send_signal(signal.SIGINT)
            assert "idle" not in process.stdout.read()
            assert process.wait(10) == 130
