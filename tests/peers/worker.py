"""A real livekit-agents worker in a virtual environment of its own."""

import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any, Self

from peers.admin import API_KEY, API_SECRET
from peers.process import PeerError, Process, cache_folder

AGENT_NAME = "echo"
SCRIPT = Path(__file__).parent / "agents" / "echo.py"


def find_worker_python() -> Path | str:
    """The interpreter, or a sentence that says where it was looked for."""
    named = os.environ.get("SESSION_FSM_WORKER_PYTHON")
    path = Path(named) if named else cache_folder() / "worker" / "bin" / "python"
    return path if path.is_file() else f"no worker environment (livekit-agents) at {path}"


class Worker:
    """Runs `agents/echo.py`, registered as "echo". What its agents do is in that file."""

    def __init__(self, url: str, *, agent_name: str = AGENT_NAME) -> None:
        self._url = url
        self.agent_name = agent_name
        self._process: Process | None = None
        fd, path = tempfile.mkstemp(prefix="livekit-agents-", suffix=".jsonl")
        os.close(fd)
        self._journal = Path(path)

    @property
    def pid(self) -> int:
        if self._process is None:
            raise PeerError("the worker is not started")
        return self._process.pid

    @property
    def log(self) -> str:
        return self._process.read_log() if self._process else ""

    def journal(self, room: str | None = None) -> list[dict[str, Any]]:
        """What the agents wrote down: `heard` texts, `event` job/closed, each with room and pid."""
        with self._journal.open() as lines:
            notes = [json.loads(line) for line in lines]
        return [n for n in notes if room is None or n["room"] == room]

    def heard(self, room: str | None = None) -> list[str]:
        """The texts that reached an agent, in its order. Quick ones may overtake each other."""
        return [n["heard"] for n in self.journal(room) if "heard" in n]

    def opened(self, room: str) -> list[str]:
        """The texts that reached an agent, in the order in which their streams were opened."""
        journal = self.journal(room)
        texts = {n["stream"]: n["heard"] for n in journal if "heard" in n}
        return [texts[n["opened"]] for n in journal if n.get("opened") in texts]

    def registrations(self) -> int:
        """How often it has registered: once per start of the server."""
        return self.log.count("registered worker")

    def start(self) -> None:
        """Returns when it is registered and a process waits for the first job."""
        if self._process is not None and self._process.running:
            return
        python = find_worker_python()
        if isinstance(python, str):
            raise PeerError(python)
        if self._process is not None:
            self._process.stop()
        self._process = Process(
            "livekit-agents",
            [str(python), str(SCRIPT), "start", "--drain-timeout", "1"],
            self._environment(),
        )
        self.wait_registered(1)
        # The first process takes 2 s, each later one is a fork of it and takes 20 ms.
        self._process.wait_until(lambda: "process initialized" in self.log, 30.0)

    def wait_registered(self, times: int, timeout: float = 30.0) -> None:
        """After a restart of the server: `n = registrations()` before, `n + 1` here."""
        if self._process is None:
            raise PeerError("the worker is not started")
        self._process.wait_until(lambda: self.registrations() >= times, timeout)

    def wait_heard(self, room: str, texts: int, timeout: float = 5.0) -> list[str]:
        """Blocks until the agent of `room` has heard that many; returns all of them."""
        deadline = time.monotonic() + timeout
        while len(heard := self.heard(room)) < texts and time.monotonic() < deadline:
            time.sleep(0.02)
        return heard

    def kill(self) -> None:
        """SIGKILL to the worker and to all its agents."""
        if self._process is not None:
            self._process.kill()

    def stop(self) -> None:
        if self._process is not None:
            self._process.stop()
            self._process = None
        self._journal.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _environment(self) -> dict[str, str]:
        kept = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("LIVEKIT_", "PEER_", "PYTHON", "OTEL_"))
            and not key.lower().endswith("_proxy")
        }
        return kept | {
            "LIVEKIT_URL": self._url,
            "LIVEKIT_API_KEY": API_KEY,
            "LIVEKIT_API_SECRET": API_SECRET,
            "PEER_AGENT": self.agent_name,
            "PEER_JOURNAL": str(self._journal),
            "PYTHONDONTWRITEBYTECODE": "1",
            "OTEL_SDK_DISABLED": "true",
        }
