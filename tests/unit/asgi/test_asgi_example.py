"""The example with FastAPI, in a process of its own kind: no server, and an agent that echoes."""

import asyncio
from typing import Any

import pytest

from peers.examples import FOLDER, example
from unit.asgi.pages import Browser


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> Any:
    for name in ("LIVEKIT_URL", "AGENT_NAME"):
        monkeypatch.delenv(name, raising=False)
    return example("fastapi_backend").app


def test_it_is_short() -> None:
    assert len((FOLDER / "fastapi_backend.py").read_text().splitlines()) < 60


async def test_a_visitor_talks_and_the_framework_ends_it(app: Any) -> None:
    page = Browser(app, root="/talk", spec={"root_path": ""})
    inbox: asyncio.Queue[Any] = asyncio.Queue()
    sent: asyncio.Queue[Any] = asyncio.Queue()
    life = asyncio.create_task(app({"type": "lifespan", "state": {}}, inbox.get, sent.put))
    inbox.put_nowait({"type": "lifespan.startup"})
    assert (await sent.get())["type"] == "lifespan.startup.complete"
    async with page.events() as events:
        assert "Path=/talk;" in events.response.headers["set-cookie"]
        assert (await page.command("start")).status == 200
        await page.command("send", text="hello")
        await events.until(lambda view: "echo: hello" in view.texts)
        async with page.socket() as socket:
            await socket.until(lambda view: "echo: hello" in view.texts)
        inbox.put_nowait({"type": "lifespan.shutdown"})
        await life
        assert events.read().closed == "shutdown"


async def test_livekits_front_ends_get_a_token(app: Any) -> None:
    page = Browser(app)
    for path in ("/api/token", "/elsewhere"):
        answer = await page.request(
            "POST", path, b'{"room_name": "kitchen"}', content_type="application/json"
        )
        if path == "/api/token":
            assert answer.status == 201
            assert answer.json["room_name"] == "kitchen"
            assert answer.json["participant_token"]
        else:
            assert answer.status == 404
