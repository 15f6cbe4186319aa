import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from contract.sides import LiveKitSide
from peers.fixtures import Stack

TESTS = Path(__file__).parents[1]


@pytest.fixture
def side(stack: Stack) -> LiveKitSide:
    """The tests here are about what only a real server can show."""
    return LiveKitSide(stack)


@pytest.fixture
def own_side(own_stack: Stack) -> LiveKitSide:
    """The same, with a server that may be killed."""
    return LiveKitSide(own_stack)


@pytest.fixture
def script() -> Callable[..., str]:
    """Run one of `contract/scripts` in a process of its own; returns what it wrote."""

    def run(name: str, *arguments: object) -> str:
        path = os.pathsep.join([str(TESTS), str(TESTS.parent)])
        done = subprocess.run(  # noqa: S603
            [sys.executable, str(TESTS / "contract" / "scripts" / name), *map(str, arguments)],
            env={**os.environ, "PYTHONPATH": path},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        said = f"{done.stdout}\n{done.stderr[-6000:]}"
        assert done.returncode == 0, f"it ended with {done.returncode}:\n{said}"
        return said

    return run
