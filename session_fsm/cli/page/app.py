"""The server of the page: loopback only, for browsers on this machine that look at this page."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager, suppress
from html import escape
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from aiohttp import web

from session_fsm.cli.exit_codes import UsageError
from session_fsm.cli.page.scene import charts
from session_fsm.diagrams import STYLE

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable

    from session_fsm.cli.page.scene import Scene

HOST: Final = "127.0.0.1"
NAMES: Final = frozenset({"127.0.0.1", "localhost", "::1"})
"""What this machine may be called; any other name is somebody's who wants to be let in by it."""
QUIET: Final = 15.0
"""Seconds after which a stream that has nothing to tell says so, and finds out who is gone."""
PATIENCE: Final = 1.0
"""Seconds that open requests have at the end."""
HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "connect-src 'self'; img-src data:; frame-ancestors 'none'; base-uri 'none'; "
    "form-action 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
MOST_COMMAND: Final = 1024
"""Bytes of a command."""


@asynccontextmanager
async def served(scene: Scene, port: int) -> AsyncGenerator[str]:
    """Serve the page, and give its address.

    Args:
        scene: What it shows.
        port: Where; 0 for any that is free.

    Raises:
        GraphvizError: Graphviz is not installed, or failed.
        UsageError: The port cannot be had.
    """
    page = _Page(scene)
    runner = web.AppRunner(
        page.application(), access_log=None, handle_signals=False, shutdown_timeout=PATIENCE
    )
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, HOST, port).start()
        except OSError as error:
            raise UsageError(f"--port {port}: {error.strerror or error}") from None
        yield f"http://{HOST}:{runner.addresses[0][1]}/"
    finally:
        await page.close()
        await runner.cleanup()


class _Page:
    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._streams: set[asyncio.Task[Any]] = set()
        home = files("session_fsm.cli.page")
        given = {name: (home / name).read_text("utf-8") for name in ("page.css", "page.js")}
        frame = Template((home / "page.html").read_text("utf-8"))
        html = frame.substitute(title=escape(scene.title), charts=charts())
        self._files: Final = {
            "/": ("text/html", html),
            "/page.css": ("text/css", STYLE + given["page.css"]),
            "/page.js": ("text/javascript", given["page.js"]),
        }

    def application(self) -> web.Application:
        app = web.Application(middlewares=[_only_from_here], client_max_size=MOST_COMMAND)
        app.on_response_prepare.append(_with_headers)
        app.add_routes([web.get(path, self._file) for path in self._files])
        app.add_routes([web.get("/events", self._events), web.post("/command", self._command)])
        return app

    async def close(self) -> None:
        for stream in self._streams:
            stream.cancel()
        if self._streams:
            await asyncio.wait(self._streams, timeout=PATIENCE)

    async def _file(self, request: web.Request) -> web.Response:
        kind, text = self._files[request.path]
        return web.Response(text=text, content_type=kind)

    async def _command(self, request: web.Request) -> web.Response:
        player = self._scene.player
        if player is None or request.content_type != "application/json":
            raise web.HTTPBadRequest(text="this page takes commands for recordings, as JSON")
        try:
            asked: Any = await request.json()
            player.do(asked["do"], asked.get("seconds"))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise web.HTTPBadRequest(text=str(error)) from None
        return web.json_response(self._scene.told())

    async def _events(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - this is one
        self._streams.add(task)
        try:
            await response.prepare(request)
            with suppress(ConnectionError):  # the page is gone
                await self._tell(response)
        finally:
            self._streams.discard(task)
        return response

    async def _tell(self, response: web.StreamResponse) -> None:
        news = asyncio.Event()
        following = [store.subscribe(lambda _: news.set()) for store in self._scene.stores]
        last = ""
        try:
            while True:
                text = json.dumps(self._scene.told())
                if text != last:
                    last = text
                    await response.write(f"data: {text}\n\n".encode())
                news.clear()
                while not news.is_set():
                    try:
                        await asyncio.wait_for(news.wait(), QUIET)
                    except TimeoutError:
                        await response.write(b":\n\n")
        finally:
            for one in following:
                one.dispose()


@web.middleware
async def _only_from_here(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Refuse what was not asked by this page, in a browser on this machine."""
    origin = request.headers.get("Origin")
    is_foreign = origin is not None and origin != f"http://{request.host}"
    if _name(request.host) not in NAMES or is_foreign:
        raise web.HTTPForbidden(text="this page is for this machine only\n")
    return await handler(request)


def _name(host: str) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None


async def _with_headers(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(HEADERS)
