"""Calls, changes and data tracks over a server that is killed: each has an end, and all goes on."""

import asyncio

import pytest
from livekit.rtc._ffi_client import FfiClient

from contract.calls import converse, until
from contract.sides import LiveKitSide
from session_fsm import RpcError, Session, SessionState, UpdateError

OUTAGE = 60.0


async def back(session: Session) -> None:
    await session.wait_until(
        lambda now: now.state is SessionState.ACTIVE and not now.is_reconnecting, OUTAGE
    )


async def outcome(call: "asyncio.Task[object]") -> object:
    """A result or a typed error; anything else is raised."""
    try:
        return await call
    except (RpcError, UpdateError) as error:
        return error.kind


async def test_calls_and_changes_over_a_server_that_is_killed(own_side: LiveKitSide) -> None:
    server = own_side.stack.server
    session = Session(own_side.source(), agent_return_timeout=30, agent_timeout=60)
    async with asyncio.timeout(180), session:

        @session.rpc("sum")
        def add(call: object) -> list[int]:
            return [sum(call.json())]  # type: ignore[attr-defined]

        await session.start()
        await converse(session, "before")
        loop = asyncio.get_running_loop()
        under_way: list[asyncio.Task[object]] = []
        for n in range(20):
            under_way.append(loop.create_task(session.call("slow", "2", timeout=15)))
            under_way.append(
                loop.create_task(session.local.set_attributes({f"key{n}": "x"}, timeout=15))
            )
            if n == 10:
                await asyncio.sleep(0.02)
        await asyncio.sleep(0.01)
        server.kill()
        for n in range(20, 30):
            under_way.append(loop.create_task(session.call("echo", "in between", timeout=15)))
            under_way.append(
                loop.create_task(session.local.set_attributes({f"key{n}": "x"}, timeout=15))
            )
            await asyncio.sleep(0.05)
        server.start()
        started = loop.time()
        ends = await asyncio.gather(*(outcome(one) for one in under_way))
        assert loop.time() - started < 30
        assert all(end is not None or n % 2 for n, end in enumerate(ends[:20]))
        await back(session)
        assert await session.call("echo", "after") == "after"
        answer = await session.call("call_back", {"method": "sum", "payload": "[1, 2]"})
        assert answer == {"answer": "[3]"}
        await session.local.set_attributes({"after": "x"}, timeout=15)
        there = (await server.participants(own_side.rooms[0]))["user"].attributes
        assert there["after"] == "x"
        assert dict(there) == dict(session.local.attributes.value)
        await converse(session, "after")


@pytest.mark.parametrize("how", ["resumed", "rebuilt"])
async def test_a_change_is_the_truth_of_the_server(side: LiveKitSide, how: str) -> None:
    session = Session(side.source())
    async with asyncio.timeout(90), session:
        await session.start()
        await session.local.set_attributes({"early": "x"})
        await side.break_link(session, how)
        await session.local.set_attributes({"late": "y"}, timeout=20)
        there = (await side.stack.server.participants(side.rooms[0]))["user"].attributes
        assert dict(there) == dict(session.local.attributes.value)
        assert there["late"] == "y"


async def test_a_data_track_over_a_link_that_is_built_anew(side: LiveKitSide) -> None:
    async with asyncio.timeout(90), Session(side.source(dispatch=False)) as one:
        await one.start()
        source = side.source(side.rooms[0], identity="other", dispatch=False)
        async with Session(source) as other:
            await other.start()
            track = await one.publish_data_track("pointer")
            await until(lambda: other.data_tracks.value)
            await side.break_link(one, "rebuilt")
            await one.wait_until(lambda now: not now.is_reconnecting, OUTAGE)
            got: list[bytes] = []

            async def read() -> None:
                async for frame in other.data_tracks.value[0].frames():
                    got.append(frame.payload)  # noqa: PERF401 - looked at meanwhile

            await until(lambda: other.data_tracks.value)
            reading = asyncio.create_task(read())
            async with asyncio.timeout(20):
                while not got:
                    track.push(b"after")
                    await asyncio.sleep(0.05)
                    if reading.done():
                        await until(lambda: other.data_tracks.value)
                        reading = asyncio.create_task(read())
            await one.end()
            await reading


async def test_cancelled_calls_leave_nothing_in_the_native_library(side: LiveKitSide) -> None:
    async with asyncio.timeout(60), Session(side.source()) as session:
        await session.start()
        await session.call("echo")
        before = len(FfiClient.instance.queue._subscribers)
        calls = [asyncio.create_task(session.call("hang")) for _ in range(20)]
        calls += [
            asyncio.create_task(session.publish_data_track(f"track {n}"))  # type: ignore[misc]
            for n in range(3)
        ]
        await asyncio.sleep(0.003)
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        await until(lambda: len(FfiClient.instance.queue._subscribers) <= before)
        assert await session.call("echo", "x") == "x"
