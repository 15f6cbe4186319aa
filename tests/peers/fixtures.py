"""Fixtures for tests that talk to real peers.

| fixture | lives | what |
|---|---|---|
| `livekit_server` | for the session | a `LiveKitServer` that all tests share: do not kill it |
| `worker` | for the session | the `Worker` on it, registered as "echo" |
| `stack` | for the session | both, as a `Stack` |
| `own_server`, `own_stack` | for the test | the same, to be killed |
| `browser` | for the test | a `Browser`, whose pages join rooms; one Chromium for all tests |

A test that asks for one of them is marked `server`. Without the binary or the worker's environment
it is skipped, and the summary says so; where CI or SESSION_FSM_REQUIRE_SERVER is set, it fails.
Without Chromium, Playwright or livekit-client what needs a browser is skipped, everywhere.
"""

import importlib.util
import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from peers.browser import Browser
from peers.chromium import Chromium, find_chromium, find_livekit_client
from peers.server import LiveKitServer, find_server, fresh_room
from peers.worker import Worker, find_worker_python

NEED_SERVER = frozenset({"livekit_server", "own_server"})
NEED_WORKER = frozenset({"worker", "stack", "own_stack"})
SHOWN_OF_LOG = 6000

_running: list[LiveKitServer | Worker | Chromium] = []
_skipped_for: set[str] = set()


@dataclass(frozen=True)
class Stack:
    """A server and a worker, and what a test mostly needs of them."""

    server: LiveKitServer
    worker: Worker

    @property
    def url(self) -> str:
        return self.server.url

    def room(self) -> str:
        return fresh_room()

    def token(self, room: str, identity: str = "user", **options: Any) -> str:
        """As `LiveKitServer.token`, and the worker's agent is dispatched unless `agent=None`."""
        options.setdefault("agent", self.worker.agent_name)
        return self.server.token(room, identity, **options)

    def heard(self, room: str) -> list[str]:
        return self.worker.heard(room)


def require(*found: Path | str) -> None:
    """Skip with the sentence of the first that is missing, or fail where nothing may be skipped."""
    for reason in (f for f in found if isinstance(f, str)):
        if any(os.environ.get(k, "") not in {"", "0", "false"} for k in _MUST):
            pytest.fail(f"{reason}; see .ci/run", pytrace=False)
        _skipped_for.add(reason)
        pytest.skip(reason)


_MUST = ("CI", "SESSION_FSM_REQUIRE_SERVER")


def _serve(**options: int) -> Iterator[LiveKitServer]:
    require(find_server())
    with LiveKitServer(**options) as server:
        _running.append(server)
        try:
            yield server
        finally:
            _running.remove(server)


def _work(url: str) -> Iterator[Worker]:
    require(find_worker_python())
    with Worker(url) as worker:
        _running.append(worker)
        try:
            yield worker
        finally:
            _running.remove(worker)


@pytest.fixture(scope="session")
def livekit_server() -> Iterator[LiveKitServer]:
    yield from _serve()


@pytest.fixture(scope="session")
def worker(livekit_server: LiveKitServer) -> Iterator[Worker]:
    yield from _work(livekit_server.url)


@pytest.fixture(scope="session")
def stack(livekit_server: LiveKitServer, worker: Worker) -> Stack:
    return Stack(livekit_server, worker)


@pytest.fixture
def own_server() -> Iterator[LiveKitServer]:
    # As long as by default: an agent that is back first must not find its room closed.
    yield from _serve(departure_timeout=20)


@pytest.fixture
def own_stack(own_server: LiveKitServer) -> Iterator[Stack]:
    for own_worker in _work(own_server.url):
        yield Stack(own_server, own_worker)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chromium]:
    program, client = find_chromium(), find_livekit_client()
    missing = [one for one in (program, client) if isinstance(one, str)]
    if importlib.util.find_spec("playwright") is None:
        missing.append("no playwright")
    if isinstance(program, str) or isinstance(client, str) or missing:
        _skipped_for.update(missing)
        pytest.skip("; ".join(missing))
    with Chromium(program, client) as running:
        _running.append(running)
        try:
            yield running
        finally:
            _running.remove(running)


@pytest.fixture
async def browser(chromium: Chromium) -> AsyncIterator[Browser]:
    from playwright.async_api import async_playwright  # noqa: PLC0415 - it may be missing

    # Playwright belongs to the test's loop, Chromium to all of them.
    async with async_playwright() as playwright:
        remote = await playwright.chromium.connect_over_cdp(chromium.devtools)
        own = Browser(remote, chromium.page)
        try:
            yield own
        finally:
            await own.close()
            await remote.close()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if (NEED_SERVER | NEED_WORKER) & set(getattr(item, "fixturenames", ())):
            item.add_marker("server")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    if report.failed and item.get_closest_marker("server"):
        for peer in _running:
            log = peer.log[-SHOWN_OF_LOG:]
            report.sections.append((f"log of {type(peer).__name__} {peer.pid}", log))
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = [
        r
        for r in terminalreporter.stats.get("skipped", [])
        if "server" in getattr(r, "keywords", ())
    ]
    if skipped and _skipped_for:
        why = "; ".join(sorted(_skipped_for))
        terminalreporter.write_line(f"{len(skipped)} server tests skipped: {why}", yellow=True)
