import json
import shutil
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from session_fsm.cli import main
from session_fsm.cli.requirements import Requirement, fits, parse

Checks = dict[str, dict[str, Any]]


def doctor(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> Checks:
    assert main(["doctor", "--json", *arguments]) == code
    report = json.loads(capsys.readouterr().out)
    assert report["ok"] is (code == 0)
    return {check["name"]: check for check in report["checks"]}


def test_all_is_well_here(capsys: pytest.CaptureFixture[str]) -> None:
    checks = doctor(capsys)
    for name in ("python", "session-fsm", "livekit", "livekit-api", "reactivex", "transitions"):
        assert checks[name]["status"] == "ok"
        assert checks[name]["required"]
        assert checks[name]["detail"][0].isdigit()
    assert checks["attrs"]["status"] == "ok"
    assert checks["stores"]["status"] == "ok"
    assert checks["extra cli"]["detail"].startswith("textual")
    assert checks["server"]["status"] == "missing"
    assert checks["graphviz"]["status"] == ("ok" if shutil.which("dot") else "missing")


def test_for_people_it_is_a_line_for_each(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("ok       reactivex ") for line in lines)


def test_a_package_that_writes_over_our_stores_is_found(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    owners = {"stores": ["session-fsm", "stores"]}
    monkeypatch.setattr("session_fsm.cli.checks.packages_distributions", lambda: owners)
    check = doctor(capsys, code=1)["stores"]
    assert check["status"] == "failed"
    assert "uninstall" in check["detail"]


@pytest.mark.parametrize("name", ["stores.py", "stores/__init__.py"])
def test_a_file_here_that_hides_our_stores_is_a_warning(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    check = doctor(capsys)["stores here"]
    assert check["status"] == "warning"
    assert str(tmp_path / name) in check["detail"]


def test_what_is_missing_or_too_old_is_a_failure(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = {"livekit": "1.0.9", "attrs": None}
    monkeypatch.setattr(
        "session_fsm.cli.checks.installed", lambda name: found.get(name, "6.1.0-rc.1")
    )
    checks = doctor(capsys, code=1)
    assert checks["livekit"]["status"] == "failed"
    assert "1.0.9, but" in checks["livekit"]["detail"]
    assert "pip install 'attrs" in checks["attrs"]["detail"]
    assert checks["reactivex"]["status"] == "ok"


@pytest.fixture
def answering(request: pytest.FixtureRequest) -> Iterator[str]:
    """A server that answers every connection with the same bytes; None: with nothing at all."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(4096)
                    if request.param is None:
                        connection.recv(4096)
                    else:
                        connection.sendall(request.param)

        thread = Thread(target=serve)
        thread.start()
        yield f"127.0.0.1:{listening.getsockname()[1]}"
        listening.shutdown(socket.SHUT_RDWR)
    thread.join()


@pytest.mark.parametrize("answering", [b"HTTP/1.1 404 Not Found\r\n\r\n"], indirect=True)
@pytest.mark.parametrize("scheme", ["ws", "http"])
def test_a_server_that_answers_is_fine(
    scheme: str, answering: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIVEKIT_URL", f"{scheme}://user:hunter2@{answering}")
    check = doctor(capsys)["server"]
    assert check["status"] == "ok"
    assert "404" in check["detail"]
    assert "hunter2" not in check["detail"]


@pytest.mark.parametrize(
    ("answering", "scheme", "why"),
    [
        (b"220 mail.example.com\r\n", "ws", "does not speak HTTP"),
        (b"HTTP/1.1 200 OK\r\n\r\n", "wss", "no TLS"),
        (None, "ws", "no answer within 0.2 s"),
    ],
    indirect=["answering"],
)
def test_a_server_that_does_not_answer_well_is_a_failure(
    scheme: str, answering: str, why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--url", f"{scheme}://{answering}", "--timeout", "0.2"]
    assert why in doctor(capsys, *arguments, code=1)["server"]["detail"]


def test_no_server_is_a_failure(capsys: pytest.CaptureFixture[str]) -> None:
    check = doctor(capsys, "--url", "ws://127.0.0.1:1", code=1)["server"]
    assert "refused" in check["detail"]


@pytest.mark.parametrize(
    ("text", "requirement"),
    [
        ("livekit<2,>=1.1.21", Requirement("livekit", "<2,>=1.1.21", None)),
        ("attrs", Requirement("attrs", "", None)),
        ("textual>=6; extra == 'cli'", Requirement("textual", ">=6", "cli")),
        ('a[b]>=1 ; python_version < "3" and extra == "c"', Requirement("a", ">=1", "c")),
    ],
)
def test_requirements_are_read(text: str, requirement: Requirement) -> None:
    assert parse(text) == requirement


@pytest.mark.parametrize(
    ("marker", "is_asked"),
    [
        (f"sys_platform == '{sys.platform}'", True),
        (f"sys_platform != '{sys.platform}'", False),
        ("sys_platform == 'plan9'", False),
        ("sys_platform != 'plan9'", True),
    ],
)
def test_what_another_system_needs_is_not_asked_for(marker: str, *, is_asked: bool) -> None:
    wanted = Requirement("a", ">=1", "c") if is_asked else None
    assert parse(f"a>=1; ({marker}) and extra == 'c'") == wanted


@pytest.mark.parametrize(
    ("version", "bounds", "fine"),
    [
        ("1.1.21", ">=1.1.21,<2", True),
        ("1.1.20", ">=1.1.21,<2", False),
        ("2.0", ">=1.1.21,<2", False),
        ("2.0.0", "==2", True),
        ("1.10", ">=1.9", True),
        ("6.0", "!=6", False),
        ("1.0", "", True),
        ("1.0", "~=3", True),
        ("nonsense", ">=1", False),
    ],
)
def test_versions_are_compared(version: str, bounds: str, *, fine: bool) -> None:
    assert fits(version, bounds) is fine
