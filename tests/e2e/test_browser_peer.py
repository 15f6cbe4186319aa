"""The browser as a peer: two pages that talk to each other, without the library."""

import asyncio

import pytest

from peers.browser import Browser, BrowserPeer, Sound
from peers.server import LiveKitServer, fresh_room

pytestmark = pytest.mark.server


async def both(
    browser: Browser, server: LiveKitServer, keys: tuple[str | bytes | None, str | bytes | None]
) -> tuple[BrowserPeer, BrowserPeer]:
    room = fresh_room()
    pages = await browser.open(), await browser.open()
    for page, name, key in zip(pages, ("ann", "bob"), keys, strict=True):
        await page.join(server.url, server.token(room, name), key=key)
    for page in pages:
        await page.wait_for(page.participants)
    return pages


@pytest.mark.parametrize("key", [None, "a passphrase", b"sixteen bytes it"], ids=repr)
async def test_two_pages_talk(
    browser: Browser, livekit_server: LiveKitServer, key: str | bytes | None
) -> None:
    async with asyncio.timeout(120):
        ann, bob = await both(browser, livekit_server, (key, key))
        await ann.publish_tone(700)
        await ann.publish_color((200, 30, 30))

        def is_heard(sound: Sound | None) -> bool:
            return sound is not None and abs(sound.frequency - 700) < 5

        await bob.wait_for(lambda: bob.sound("ann"), is_heard)
        seen = await bob.wait_for(lambda: bob.picture("ann"), lambda it: it and it.color[0] > 150)
        assert seen is not None
        assert (seen.width, seen.height) == (320, 240)
        assert max(seen.color[1:]) < 80
        await ann.change("camera", (30, 30, 200))
        await bob.wait_for(lambda: bob.picture("ann"), lambda it: it and it.color[2] > 150)
        await bob.send_text("hello")
        (text,) = await ann.wait_for(ann.texts, lambda found: found and found[0]["final"])
        assert (text["sender"], text["text"]) == ("bob", "hello")
        await bob.answer("greet", "hello ")
        assert await ann.call("bob", "greet", "bob") == "hello bob"
        await ann.send_data(b"\x00\xff", "raw")
        (event,) = await bob.wait_for(lambda: bob.journal("dataReceived"))
        assert event["args"][0] == {"base64": "AP8="}
        assert "raw" in event["args"]


async def test_another_key_is_noise(browser: Browser, livekit_server: LiveKitServer) -> None:
    async with asyncio.timeout(120):
        ann, bob = await both(browser, livekit_server, ("one key", "another"))
        await ann.publish_tone(700)
        await bob.wait_for(lambda: bob.journal("encryptionError"))
        heard = await bob.sound("ann")
        assert heard is None or abs(heard.frequency - 700) > 5
        await bob.set_key("one key")
        await bob.wait_for(lambda: bob.sound("ann"), lambda it: it and abs(it.frequency - 700) < 5)


async def test_chromiums_own_devices(browser: Browser, livekit_server: LiveKitServer) -> None:
    async with asyncio.timeout(120):
        ann, bob = await both(browser, livekit_server, (None, None))
        await ann.publish_device("camera")
        await ann.publish_device("microphone")
        await bob.wait_for(lambda: bob.picture("ann"))
        await bob.wait_for(lambda: bob.sound("ann"), lambda it: it and it.level > 0.01)
        await ann.leave()
        await bob.wait_for(bob.participants, lambda there: not there)
