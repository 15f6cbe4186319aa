import subprocess
import sys

import pytest

from session_fsm._version import __version__
from session_fsm.cli import main

HEAVY = (
    "livekit",
    "aiohttp",
    "asyncio",
    "numpy",
    "reactivex",
    "textual",
    "session_fsm.session",
    "session_fsm.reducer",
)
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl"


@pytest.mark.parametrize("arguments", [[], ["run"], ["demo"], ["console"]])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    code = (
        "import sys; from session_fsm.cli import main; code = main(sys.argv[1:]); "
        f"print([name for name in {HEAVY!r} if name in sys.modules]); sys.exit(code)"
    )
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code, *arguments, "--help"],
        capture_output=True,
        check=True,
        text=True,
    )
    assert done.stdout.startswith("usage: session-fsm")
    assert done.stdout.endswith("[]\n")


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    for word in ("demo", "console", "run", "token", "diagram", "doctor", "130 interrupted"):
        assert word in shown


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"session-fsm {__version__}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["nothing"],
        ["--nothing"],
        ["demo", "--seconds", "-1"],
        ["demo", "--seconds", "soon"],
        ["demo", "--sec", "1"],
        ["token"],
        ["run"],
        ["run", "--url", "ws://127.0.0.1:1"],
        ["run", "--url", "ftp://x", "--token", JWT],
        ["run", "--url", "nowhere", "--token", JWT],
        ["run", "--url", "ws://h:x", "--token", JWT],
        ["run", "--token", JWT],
        ["run", "--url", "ws://h", "--token", " "],
        ["run", "--url", "ws://h", "--token", JWT, "--api-key", "k"],
        ["run", "--url", "ws://h", "--api-key", "k"],
        ["run", "--url", "ws://h", "--api-secret", "s"],
        ["run", "--token-endpoint", "nowhere"],
        ["run", "--token-endpoint", "http://h", "--agent", ""],
        ["run", "--url", "ws://h", "--token", JWT, "--room", "r"],
        ["doctor", "--url", "nowhere"],
        ["token", "inspect"],
        ["token", "mint"],
        ["token", "mint", "--api-key", "k", "--api-secret", "s", "--attribute", "x"],
        ["token", "mint", "--api-key", "k", "--api-secret", "s", "--ttl", "0"],
    ],
)
def test_wrong_usage_is_2_and_said_on_stderr(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "session-fsm" in err
    assert JWT not in err


def test_a_misspelt_option_does_not_show_the_secret(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--api-secrt", "hunter2", "--tokn=hunter3"]) == 2
    err = capsys.readouterr().err
    assert "--api-secrt --tokn" in err
    assert "hunter" not in err


def test_an_error_of_our_own_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("session_fsm.cli.doctor._line", lambda _: 1 / 0)
    assert main(["doctor"]) == 1
    err = capsys.readouterr().err
    assert err.startswith("session-fsm: ZeroDivisionError")
    assert "Traceback" not in err
    assert main(["-v", "doctor"]) == 1
    assert "Traceback" in capsys.readouterr().err
