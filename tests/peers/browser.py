"""A participant in a real browser: livekit-client in a page of `browser/`, driven from Python."""

import asyncio
import base64
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

if TYPE_CHECKING:
    from playwright.async_api import Browser as PlaywrightBrowser
    from playwright.async_api import Page

T = TypeVar("T")

Color = tuple[int, int, int]
CALL = "([method, args]) => peer[method](...args)"
PATIENCE = 30.0
"""Seconds for what takes one on a machine that has nothing else to do."""


class Picture(NamedTuple):
    """A frame that the page shows: its colour on the whole, and its size in pixels."""

    color: Color
    width: int
    height: int


class Sound(NamedTuple):
    """The last 170 ms: the loudest frequency in Hz, 0 in silence; the RMS, from 0 to 1."""

    frequency: float
    level: float


class BrowserPeer:
    """One page, and in it one participant at a time. Sources are named as in `session.local`."""

    def __init__(self, page: "Page") -> None:
        self.page = page
        self.console: list[str] = []
        page.on("console", lambda message: self.console.append(message.text))
        page.on("pageerror", lambda error: self.console.append(str(error)))

    async def _do(self, method: str, *args: object) -> Any:
        return await self.page.evaluate(CALL, [method, args])

    async def join(
        self,
        url: str,
        token: str,
        *,
        key: str | bytes | None = None,
        encrypted: bool = True,
        text_topics: Iterable[str] = ("lk.chat", "lk.transcription"),
        byte_topics: Iterable[str] = ("files",),
    ) -> None:
        """Join a room.

        With a `key` media and data can be encrypted, and are unless `encrypted` is false: a str is
        a passphrase (PBKDF2), bytes are a key of their own (HKDF).
        """
        options = {
            "key": _key(key),
            "encrypted": encrypted,
            "textTopics": list(text_topics),
            "byteTopics": list(byte_topics),
        }
        await self._do("join", url, token, options)

    async def leave(self) -> None:
        await self._do("leave")

    async def set_key(self, key: str | bytes) -> None:
        """Another key, for a `join` that had one."""
        await self._do("setKey", _key(key))

    async def set_encrypted(self, encrypted: bool) -> None:  # noqa: FBT001 - the fact itself
        """`Room.setE2EEEnabled`, for a `join` that had a key."""
        await self._do("setE2EEEnabled", encrypted)

    # What it sends ------------------------------------------------------------------------------

    async def publish_tone(self, frequency: float) -> None:
        """A sine as its microphone."""
        await self._do("publishTone", frequency)

    async def publish_color(self, color: Color, source: str = "camera") -> None:
        """A picture of one colour, 320 x 240."""
        await self._do("publishColor", color, source)

    async def publish_device(self, source: str) -> None:
        """Chromium's fake microphone or camera."""
        await self._do("publishDevice", source)

    async def change(self, source: str, value: float | Color) -> None:
        """Another frequency or colour on the same track."""
        await self._do("change", source, value)

    async def unpublish(self, source: str) -> None:
        await self._do("unpublish", source)

    # What it hears and sees ---------------------------------------------------------------------

    async def picture(self, identity: str, source: str = "camera") -> Picture | None:
        """What it sees of somebody at this moment."""
        found = await self._do("report", identity, source)
        return found and Picture(tuple(found["color"]), found["width"], found["height"])

    async def sound(self, identity: str) -> Sound | None:
        """What it hears of somebody at this moment."""
        found = await self._do("report", identity, "microphone")
        return found and Sound(found["frequency"], found["level"])

    async def participants(self) -> list[str]:
        """The identities of the others."""
        return list(await self._do("participants"))

    # Texts, calls, files, data ------------------------------------------------------------------

    async def send_text(self, text: str, topic: str = "lk.chat", to: Iterable[str] = ()) -> None:
        await self._do("sendText", text, topic, list(to))

    async def texts(self, topic: str = "lk.chat") -> list[dict[str, Any]]:
        """What came on a topic: `sender`, `text`, `attributes`, and whether it is `final`."""
        return [one for one in await self.page.evaluate("peer.texts") if one["topic"] == topic]

    async def answer(self, method: str, prefix: str) -> None:
        """Answer every call of a method with `prefix` and the payload."""
        await self._do("answer", method, prefix)

    async def call(self, identity: str, method: str, payload: str) -> str:
        return str(await self._do("call", identity, method, payload))

    async def send_file(
        self, name: str, content: bytes, topic: str = "files", to: Iterable[str] = ()
    ) -> None:
        await self._do("sendFile", name, _base64(content), topic, list(to))

    async def files(self, topic: str = "files") -> list[dict[str, Any]]:
        """What came on a topic: `sender`, `name`, `size`, and once it is there its `content`."""
        found = [one for one in await self.page.evaluate("peer.files") if one["topic"] == topic]
        return [one | {"content": _bytes(one["content"])} for one in found]

    async def send_data(self, content: bytes, topic: str, *, reliable: bool = True) -> None:
        await self._do("sendData", _base64(content), topic, reliable)

    # What happened ------------------------------------------------------------------------------

    async def journal(self, event: str | None = None) -> list[dict[str, Any]]:
        """The events of its Room so far, by livekit-client's names, each with its arguments."""
        events = await self.page.evaluate("peer.journal")
        return [one for one in events if event in {None, one["event"]}]

    async def wait_for(
        self,
        look: Callable[[], Awaitable[T]],
        reached: Callable[[T], object] = bool,
        timeout: float = PATIENCE,  # noqa: ASYNC109 - a test's wait
    ) -> T:
        """Look again and again until it is as it should be, and return what was seen then."""
        last: object = None
        try:
            async with asyncio.timeout(timeout):
                while not reached(last := await look()):  # noqa: ASYNC110 - nothing tells
                    await asyncio.sleep(0.05)
        except TimeoutError:
            said = "\n".join(self.console[-10:])
            raise AssertionError(f"not within {timeout:g} s: {last!r}\n{said}") from None
        return last


class Browser:
    """Chromium, for one test: `await browser.open()` opens another page."""

    def __init__(self, chromium: "PlaywrightBrowser", address: str) -> None:
        self._chromium = chromium
        self._address = address

    async def open(self) -> BrowserPeer:
        context = await self._chromium.new_context()
        page = await context.new_page()
        peer = BrowserPeer(page)
        await page.goto(self._address)
        return peer

    async def close(self) -> None:
        """Close the pages of the test."""
        for context in self._chromium.contexts:
            await context.close()


def _key(key: str | bytes | None) -> str | Mapping[str, str] | None:
    return {"base64": _base64(key)} if isinstance(key, bytes) else key


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else base64.b64decode(text)
