"""Debian's Chromium, the page that it shows, and the server of that page, all on loopback."""

import functools
import hashlib
import http.server
import shutil
import tempfile
import threading
from pathlib import Path
from typing import Any, Self

from peers.process import Process, cache_folder

PAGE = Path(__file__).parent / "browser"
FLAGS = (
    "--headless",
    "--no-sandbox",  # CI is root
    "--remote-debugging-port=0",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    "--allow-loopback-in-peer-connection",
    # Several pages: those behind are to go on as the one in front does.
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    # Names of the local network need a service that is not there.
    "--disable-features=WebRtcHideLocalIpsWithMdns",
    # Nothing leaves this machine.
    "--no-proxy-server",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-dev-shm-usage",
)


def find_chromium() -> Path | str:
    """The program, or a sentence that says what is missing."""
    found = shutil.which("chromium")
    return Path(found) if found else "no chromium on PATH"


def find_livekit_client() -> Path | str:
    """The folder of livekit-client's bundles, or a sentence that says where it was looked for."""
    content = b"".join((PAGE / name).read_bytes() for name in _MANIFESTS)
    folder = cache_folder() / f"browser-{hashlib.sha256(content).hexdigest()[:12]}"
    if not (folder / ".complete").exists():
        return f"no livekit-client in {folder}"
    return folder / "node_modules" / "livekit-client" / "dist"


_MANIFESTS = ("package.json", "package-lock.json")


class _Files(http.server.SimpleHTTPRequestHandler):
    """The page's files, and livekit-client's under /livekit-client/."""

    def __init__(self, *args: Any, client: Path, **options: Any) -> None:
        self._client = client
        super().__init__(*args, **options)

    def translate_path(self, path: str) -> str:
        folder, _, name = path.split("?", maxsplit=1)[0].rpartition("/")
        return str((self._client if folder == "/livekit-client" else PAGE) / (name or "index.html"))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base's name
        pass


class Chromium:
    """One browser for all tests: `with Chromium(...) as chromium`.

    Attributes:
        page: The address of the page.
        devtools: The address that its DevTools protocol is spoken at.
    """

    def __init__(self, program: Path, client: Path) -> None:
        self._program = program
        files = functools.partial(_Files, client=client)
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), files)
        self.page = f"http://127.0.0.1:{self._server.server_port}/"
        self.devtools = ""
        self._profile = tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True)
        self._process: Process | None = None

    @property
    def pid(self) -> int:
        return self._process.pid if self._process else 0

    @property
    def log(self) -> str:
        return self._process.read_log() if self._process else ""

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _start(self) -> None:
        profile = self._profile.name
        self._process = Process(
            "chromium", [str(self._program), *FLAGS, f"--user-data-dir={profile}", "about:blank"]
        )
        told = Path(profile) / "DevToolsActivePort"
        self._process.wait_until(lambda: told.exists() and "\n" in told.read_text(), 60.0)
        port = told.read_text().split("\n", 1)[0]
        self.devtools = f"http://127.0.0.1:{port}"

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.stop()
        self._server.shutdown()
        self._server.server_close()
        self._profile.cleanup()
