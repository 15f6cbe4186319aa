"""``session-fsm diagram --serve``: who is let in, what is told, how it ends."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from peers.recordings import record_call
from session_fsm import Session, TokenSource
from session_fsm.cli import main
from session_fsm.cli.page import Player, Scene, served
from session_fsm.recording import Replay
from session_fsm.testing import ScriptedAgent

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

PATIENCE = 60
"""Seconds for what takes a fraction of one."""

pytestmark = pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A recording of a short session."""
    return record_call(tmp_path / "call.jsonl")


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE)) as one:
        yield one


async def told(stream: aiohttp.ClientResponse, reached: Any) -> dict[str, Any]:
    """Read until the page is told what is waited for."""
    async for line in stream.content:
        if line.startswith(b"data: "):
            found: dict[str, Any] = json.loads(line.removeprefix(b"data: "))
            if reached(found):
                return found
    raise AssertionError("the stream has ended")


async def test_page_is_told_what_a_session_does(
    client: aiohttp.ClientSession, quick: ScriptedAgent
) -> None:
    async with (
        Session(TokenSource.loopback(quick)) as session,
        served(Scene(session, "<a> & b"), 0) as address,
    ):
        async with client.get(address) as page:
            html = await page.text()
        assert "<title>&lt;a&gt; &amp; b</title>" in html
        assert "https:" not in html.replace("xmlns", "")
        assert 'id="agent__connecting____initializing"' in html
        async with client.get(f"{address}events") as stream:
            before = await told(stream, lambda _: True)
            assert before["marks"]["session_idle"] == "current"
            assert before["player"] is None
            await session.start()
            after = await told(stream, lambda it: it["states"]["session"] == "active")
            assert after["marks"]["session__dispatching____active"] == "last"
            assert ["session", "agent_ready", "dispatching", "active"] in [
                move[1:] for move in after["moves"]
            ]
            await session.end()
            await told(stream, lambda it: it["states"]["session"] == "idle")


async def test_page_is_told_of_a_failure(client: aiohttp.ClientSession) -> None:
    details = await TokenSource.loopback(ScriptedAgent(join_after=None)).fetch()
    source = TokenSource.literal(details.server_url, details.participant_token)
    async with (
        Session(source, agent_timeout=0.05) as session,
        served(Scene(session, "a"), 0) as address,
        client.get(f"{address}events") as stream,
    ):
        starting = asyncio.ensure_future(session.start())
        seen = await told(stream, lambda it: it["failure"] is not None)
        assert "did not join" in seen["failure"]
        with pytest.raises(Exception, match="did not join"):
            await starting


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Origin": "http://evil.example"}])
@pytest.mark.parametrize("where", ["", "page.js", "events"])
async def test_page_lets_in_only_this_machine(
    client: aiohttp.ClientSession, path: Path, headers: dict[str, str], where: str
) -> None:
    with Replay(path) as replay:
        async with (
            served(Scene(replay, "a", Player(replay)), 0) as address,
            client.get(f"{address}{where}", headers=headers) as answer,
        ):
            assert answer.status == 403


async def test_page_takes_commands_only_of_its_own(
    client: aiohttp.ClientSession, path: Path
) -> None:
    with Replay(path) as replay:
        async with served(Scene(replay, "a", Player(replay)), 0) as address:
            where, step = f"{address}command", {"do": "step"}
            foreign = {"Origin": "http://evil.example"}
            async with client.post(where, json=step, headers=foreign) as answer:
                assert answer.status == 403
            async with client.post(where, data=json.dumps(step)) as answer:  # as a form might
                assert answer.status == 400
            for wrong in ({}, [], {"do": "close"}, {"do": "seek"}, {"do": "seek", "seconds": -1}):
                async with client.post(where, json=wrong) as answer:
                    assert answer.status == 400
            assert replay.position.value == 0
            own = {"Origin": address.rstrip("/")}
            async with client.post(where, json=step, headers=own) as answer:
                assert (await answer.json())["player"]["position"] == replay.position.value
            assert replay.snapshot.state == "fetching-token"


async def test_page_plays_a_recording(client: aiohttp.ClientSession, path: Path) -> None:
    with Replay(path, speed=50) as replay:
        player = Player(replay)
        async with (
            served(Scene(replay, "a", player), 0) as address,
            client.get(f"{address}events") as stream,
        ):
            player.do("play")
            await told(stream, lambda it: it["player"]["playing"])
            end = await told(stream, lambda it: it["player"]["at_end"])
            assert end["states"]["session"] == "idle"
            assert end["moves"][0][1:] == ["session", "room_closed", "ending", "idle"]
            player.do("back")
            back = await told(stream, lambda it: not it["player"]["at_end"])
            assert back["states"]["session"] == "ending"
            assert back["moves"][0][1] != "room_closed"
            player.do("seek", 1.0)
            await told(stream, lambda it: it["states"]["session"] == "active")
            player.do("rewind")
            start = await told(stream, lambda it: it["player"]["position"] == 0)
            assert start["moves"] == []


def test_page_says_what_is_wrong_with_a_recording(path: Path) -> None:
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join([*lines[:2], '{"seq": 2, "at": 0.1, "wall": 1}\n', *lines[3:]]))
    with Replay(path) as replay:
        player = Player(replay)
        player.do("step")
        player.do("step")
        assert "line 3" in player.told()["error"]
        player.do("rewind")
        assert player.told()["error"] is None


def test_serve_ends_by_ctrl_c(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "session_fsm", "diagram", "--serve"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ,
    ) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().strip()
            assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", address)
            port = int(address.rstrip("/").rpartition(":")[2])
            with socket.create_connection(("127.0.0.1", port)) as page:
                page.sendall(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
                assert b"200 OK" in page.recv(100)  # and stays open
                process.send_signal(signal.SIGINT)
                _, err = process.communicate(timeout=PATIENCE)
        finally:
            process.kill()
    assert process.returncode == 130
    assert err.splitlines()[-1] == "interrupted"
    assert "Traceback" not in err


def test_serve_says_that_a_port_is_taken(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert main(["diagram", "--serve", "--port", port]) == 2
    assert f"--port {port}: " in capsys.readouterr().err


def test_serve_without_graphviz_says_how_to_get_it(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["diagram", "--serve"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "apt install graphviz" in line


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--replay", "call.jsonl"], "--serve"),
        (["--url", "wss://example.com"], "--serve"),
        (["--port", "8000"], "--serve"),
        (["--check", "--replay", "call.jsonl"], "--serve"),
        (["--serve", "--machine", "agent"], "all charts"),
        (["--write", "nowhere", "--format", "svg"], "all charts"),
        (["--serve", "--replay", "nowhere.jsonl"], "nowhere.jsonl"),
        (["--serve", "--replay", "call.jsonl", "--url", "wss://example.com"], "leave out"),
        (["--serve", "--port", "http"], "no port"),
        (["--serve", "--port", "65536"], "no port"),
        (["--serve", "--url", "wss://example.com"], "--token-endpoint"),
    ],
)
def test_what_makes_no_sense_together_is_refused(
    arguments: list[str], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["diagram", *arguments]) == 2
    assert expected in capsys.readouterr().err
