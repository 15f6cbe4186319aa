"""A real livekit-server on loopback: `with LiveKitServer() as server`, then `server.url` and
`server.token(fresh_room(), "user", agent="echo")`.
"""

import json
import os
import shutil
import socket
import urllib.request
import uuid
from pathlib import Path
from typing import Any, Self

from peers.admin import API_KEY, API_SECRET, Admin
from peers.process import PeerError, Process, cache_folder


def find_server() -> Path | str:
    """The binary, or a sentence that says where it was looked for."""
    if named := os.environ.get("SESSION_FSM_LIVEKIT_SERVER"):
        return Path(named) if Path(named).is_file() else f"no livekit-server at {named}"
    folder = cache_folder() / "bin"
    for path in (folder / "livekit-server", folder / "server"):
        if path.is_file():
            return path
    if on_path := shutil.which("livekit-server"):
        return Path(on_path)
    return f"no livekit-server in {folder}, on PATH or in $SESSION_FSM_LIVEKIT_SERVER"


def fresh_room(prefix: str = "room") -> str:
    """A room name of its own for each conversation: agents do not come back to an old room."""
    return f"{prefix}-{uuid.uuid4().hex[:12]}"


class LiveKitServer(Admin):
    """Starts with `start()` or `with`; keeps its ports over `kill()` and `start()`."""

    def __init__(self, *, departure_timeout: int = 2) -> None:
        super().__init__("")
        self._departure_timeout = departure_timeout
        self._process: Process | None = None
        self.port = 0
        self._udp_port = 0

    @property
    def pid(self) -> int:
        if self._process is None:
            raise PeerError("the server is not started")
        return self._process.pid

    @property
    def log(self) -> str:
        return self._process.read_log() if self._process else ""

    def start(self) -> None:
        """Start on free ports, or again on the ones it had; returns when it answers."""
        if self._process is not None and self._process.running:
            return
        if self.port:
            self._launch()
            return
        for attempt in range(3):
            self.port, self._udp_port = free_port("tcp"), free_port("udp")
            self.url = f"ws://127.0.0.1:{self.port}"
            try:
                self._launch()
            except PeerError:  # somebody was quicker on one of the ports
                if attempt == 2:
                    raise
            else:
                return

    def kill(self) -> None:
        """SIGKILL: everybody in its rooms finds out alone."""
        if self._process is not None:
            self._process.kill()

    def restart(self) -> None:
        self.kill()
        self.start()

    def stop(self) -> None:
        if self._process is not None:
            self._process.stop()
            self._process = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _launch(self) -> None:
        binary = find_server()
        if isinstance(binary, str):
            raise PeerError(binary)
        if self._process is not None:
            self._process.stop()
        self._process = Process(
            "livekit-server",
            [str(binary), "--config-body", json.dumps(self._config())],
        )
        try:
            self._process.wait_until(self._answers, 15.0)
        except PeerError:
            self._process.stop()
            raise

    def _config(self) -> dict[str, Any]:
        """Nothing but loopback: no other interface, no STUN, no TCP (its listener has no bind)."""
        return {
            "port": self.port,
            "bind_addresses": ["127.0.0.1"],
            "keys": {API_KEY: API_SECRET},
            "rtc": {
                "tcp_port": 0,
                "udp_port": self._udp_port,
                "use_external_ip": False,
                "node_ip": "127.0.0.1",
                "enable_loopback_candidate": True,
                "ips": {"includes": ["127.0.0.0/8"]},
                "stun_servers": ["127.0.0.1:3478"],
            },
            "room": {
                "auto_create": True,
                "empty_timeout": 300,
                "departure_timeout": self._departure_timeout,
            },
            "logging": {"level": "info"},
        }

    def _answers(self) -> bool:
        # No proxies: the environment may name one.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(f"http://127.0.0.1:{self.port}/", timeout=2.0) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False


def free_port(kind: str) -> int:
    """A port that nobody listens on at this moment."""
    family = socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM
    with socket.socket(socket.AF_INET, family) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
