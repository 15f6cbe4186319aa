"""What is loaded for it, and when."""

import subprocess
import sys

import pytest

DEAR = "{'starlette', 'fastapi', 'uvicorn', 'websockets', 'aiohttp', 'livekit', 'numpy'}"


@pytest.mark.parametrize(
    "code",
    [
        "import session_fsm.asgi; dear = " + DEAR,
        "import session_fsm; session_fsm.Session; dear = {'session_fsm.asgi'}",
    ],
)
def test_nobody_pays_for_what_is_not_asked_for(code: str) -> None:
    code = f"import sys; {code}; there = dear & set(sys.modules); assert not there, there"
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
