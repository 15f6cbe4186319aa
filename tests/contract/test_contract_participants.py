"""Others in the room by identity, without any agent: on both transports."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from contract.calls import PATIENCE, until
from contract.pictures import BLUE, RED, changing, is_like
from contract.sides import Side
from session_fsm import FrameInput, RemoteParticipant, Session, SilenceInput, ToneInput


@asynccontextmanager
async def both(side: Side) -> AsyncIterator[tuple[Session, Session, RemoteParticipant]]:
    """Two sessions in one room: the one that looks, Ann's, and what the first sees of her."""
    room = side.fresh_room()
    async with asyncio.timeout(90), AsyncExitStack() as stack:
        mine = await stack.enter_async_context(Session(side.source(room, dispatch=False)))
        hers = Session(side.source(room, identity="ann", dispatch=False))
        await stack.enter_async_context(hers)
        await mine.start()
        yield mine, hers, mine.participant("ann")


async def seen(session: Session, *, is_there: bool) -> None:
    await session.wait_until(lambda now: (now.participant("ann") is not None) is is_there, PATIENCE)


async def test_somebody_comes_changes_and_goes(side: Side) -> None:
    async with both(side) as (mine, hers, ann):
        await hers.start()
        await seen(mine, is_there=True)
        assert mine.participants.value == ("ann",)
        assert not ann.is_agent.value
        await hers.local.set_name("Ann")
        await hers.local.set_attributes({"mood": "good"})
        await mine.wait_until(lambda _: ann.attributes.value.get("mood") == "good", PATIENCE)
        await mine.wait_until(lambda _: ann.name.value == "Ann", PATIENCE)
        await hers.end()
        await seen(mine, is_there=False)
        assert mine.participants.value == ()


async def test_a_voice_is_heard_over_republishing_and_coming_back(side: Side) -> None:
    async with both(side) as (mine, hers, ann):
        voice = ann.audio()

        async def heard() -> None:
            loud = 0
            while loud < 20:
                frame = await anext(voice)
                loud += max(memoryview(frame.data).cast("h")) > 500

        await hers.start(microphone=ToneInput())
        await heard()
        level = ann.level
        await until(lambda: level.value > 0.2)
        await hers.local.microphone.switch(SilenceInput())
        await until(lambda: level.value < 0.05)
        await hers.local.microphone.set_enabled(False)
        await mine.wait_until(lambda _: ann.microphone_track.value is None, PATIENCE)
        await hers.local.microphone.switch(ToneInput())
        await hers.local.microphone.set_enabled(True)
        await heard()
        await hers.end()
        await seen(mine, is_there=False)
        await hers.start(microphone=ToneInput())
        await heard()
        await mine.end()
        async for _ in voice:
            pass


async def test_camera_and_screen_are_seen_apart(side: Side) -> None:
    async with both(side) as (_, hers, ann):
        face, desk = ann.video(), ann.screen_share()
        async with changing(FrameInput(), RED) as camera, changing(FrameInput(), BLUE) as screen:
            await hers.start(camera=camera.input, screen_share=screen.input)
            async for picture in face:
                if is_like(picture, RED):
                    break
            async for picture in desk:
                if is_like(picture, BLUE):
                    break
            camera.color = BLUE
            async for picture in face:
                if is_like(picture, BLUE):
                    break


async def test_who_is_in_the_room_before_is_seen_and_heard(side: Side) -> None:
    async with both(side) as (mine, hers, ann):
        await mine.end()
        await hers.start(microphone=ToneInput())
        await hers.wait_until(lambda now: now.media.microphone.state == "live", PATIENCE)
        await mine.start()
        assert ann.is_present.value
        async for frame in ann.audio():
            if max(memoryview(frame.data).cast("h")) > 500:
                break


async def test_a_link_that_is_restored_shows_everybody_again(side: Side) -> None:
    async with both(side) as (mine, hers, ann):
        await hers.start(microphone=ToneInput())
        await mine.wait_until(lambda _: ann.microphone_track.value is not None, PATIENCE)
        await side.break_link(mine, "rebuilt")
        await side.mend_link(mine)
        await mine.wait_until(lambda now: not now.is_reconnecting, PATIENCE)
        await mine.wait_until(lambda _: ann.microphone_track.value is not None, PATIENCE)
        async for frame in ann.audio():
            if max(memoryview(frame.data).cast("h")) > 500:
                break
