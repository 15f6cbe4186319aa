"""Child processes that never outlive the test run."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

# Asks the kernel to kill this process with its parent (prctl PR_SET_PDEATHSIG = 1), then becomes
# the command. A `preexec_fn` would do, but warns in a process that has threads.
_WRAP = """
import ctypes, os, signal, sys
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    if os.getppid() != int(sys.argv[1]):
        sys.exit("parent is gone")
os.execvp(sys.argv[2], sys.argv[2:])
"""


class PeerError(RuntimeError):
    """A peer did not start, or is gone. Carries the end of its log."""


def cache_folder() -> Path:
    """Where the binary and the worker's environment are kept, outside the checkout."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "session-fsm"


class Process:
    """A child in a group of its own, with a log file. Start it from the main thread: the kernel
    takes the end of the starting thread for the end of the parent.
    """

    def __init__(
        self, name: str, command: Sequence[str], env: Mapping[str, str] | None = None
    ) -> None:
        self.name = name
        fd, path = tempfile.mkstemp(prefix=f"{name}-", suffix=".log")
        os.close(fd)
        self.log = Path(path)
        with self.log.open("ab") as out:
            self._popen = subprocess.Popen(  # noqa: S603
                [sys.executable, "-I", "-S", "-c", _WRAP, str(os.getpid()), *command],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env=None if env is None else dict(env),
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def running(self) -> bool:
        return self._popen.poll() is None

    def read_log(self) -> str:
        with contextlib.suppress(FileNotFoundError):
            return self.log.read_text(errors="replace")
        return ""

    def wait_until(self, ready: Callable[[], bool], timeout: float) -> None:
        """Poll until `ready`; raises `PeerError` with the log if the process ends before that."""
        deadline = time.monotonic() + timeout
        while not ready():
            if not self.running or time.monotonic() > deadline:
                what = "not ready in time" if self.running else f"ended ({self._popen.returncode})"
                raise PeerError(f"{self.name} {what}:\n{self.read_log()[-4000:]}")
            time.sleep(0.02)

    def kill(self) -> None:
        """SIGKILL to the process and to what it started."""
        # The group has its pid, and lasts as long as any member does.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._popen.pid, signal.SIGKILL)
        self._popen.wait()

    def stop(self) -> None:
        """Kill, and delete the log. Nothing a peer could do on SIGTERM is worth waiting for."""
        self.kill()
        self.log.unlink(missing_ok=True)
