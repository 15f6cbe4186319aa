"""Remote calls on a loopback, in virtual time."""

import asyncio
from typing import Any

import pytest

from session_fsm import RpcCall, RpcError, Session, SessionStateError, TokenOptions, TokenSource
from session_fsm.testing import ScriptedAgent, cancel_everywhere


async def echo(call: RpcCall) -> str:
    await asyncio.sleep(0.1)
    return call.payload


async def hang(_: RpcCall) -> str:
    await asyncio.Event().wait()
    return ""


def scripted() -> ScriptedAgent:
    agent = ScriptedAgent()
    agent.methods.update(echo=echo, hang=hang)
    return agent


def make(agent: ScriptedAgent, **options: Any) -> Session:
    return Session(TokenSource.loopback(agent), **options)


def now() -> float:
    return asyncio.get_running_loop().time()


def user(session: Session) -> str:
    identity = session.local_identity.value
    assert identity is not None
    return identity


async def kind_of(call: Any) -> str:
    with pytest.raises(RpcError) as caught:
        await call
    return caught.value.kind


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("",), ValueError),
        ((5,), TypeError),
        (("echo", 5), TypeError),
        (("echo", {"a": object()}), TypeError),
        (("echo", [float("nan")]), ValueError),
    ],
)
async def test_arguments_that_make_no_sense(
    arguments: tuple[Any, ...], error: type[Exception]
) -> None:
    async with make(scripted()) as session:
        await session.start()
        with pytest.raises(error):
            await session.call(*arguments)
        for wrong in ({"to": ""}, {"timeout": 0}, {"timeout": float("inf")}):
            with pytest.raises(ValueError):  # noqa: PT011 - which of them says the message
                await session.call("echo", **wrong)  # type: ignore[arg-type]


async def test_before_a_start_and_after_the_end_there_is_nobody_to_call() -> None:
    session = make(scripted())
    for _ in range(2):
        with pytest.raises(SessionStateError) as caught:
            await session.call("echo")
        assert caught.value.kind == "not-running"
        await session.start()
        ending = asyncio.create_task(session.end())
        await asyncio.sleep(0)
        with pytest.raises(SessionStateError):
            await session.call("echo")
        await ending


async def test_the_wait_for_the_agent_counts() -> None:
    agent = scripted()
    agent.initialize_for = None
    async with make(agent) as session:
        starting = asyncio.create_task(session.start())
        await asyncio.sleep(0)
        before = now()
        assert await kind_of(session.call("echo", timeout=3)) == "connection-timeout"
        assert now() - before == pytest.approx(3)
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)


async def test_a_call_to_somebody_else_does_not_wait_for_the_agent() -> None:
    agent = scripted()
    agent.initialize_for = None
    async with make(agent) as session:
        session.rpc("mine")(lambda _: "me")
        starting = asyncio.create_task(session.start())
        await session.wait_until(lambda seen: seen.is_connected)
        assert await session.call("mine", to=user(session)) == "me"
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)


async def test_the_time_is_bounded_also_when_the_link_never_comes_back() -> None:
    agent = scripted()
    async with make(agent) as session:
        await session.start()
        under_way = asyncio.create_task(session.call("echo", timeout=4))
        await asyncio.sleep(0.05)
        agent.network.drop()
        before = now()
        assert await kind_of(session.call("echo", timeout=2)) == "connection-timeout"
        assert await kind_of(under_way) == "response-timeout"
        assert now() - before < 4.01


async def test_the_agent_that_leaves_does_not_answer() -> None:
    agent = scripted()
    async with make(agent) as session:
        await session.start()
        call = asyncio.create_task(session.call("hang"))
        await asyncio.sleep(0.1)
        agent.crash()
        assert await kind_of(call) == "recipient-disconnected"


async def test_a_run_that_fails_is_the_cause() -> None:
    agent = scripted()
    async with make(agent) as session:
        await session.start()
        call = asyncio.create_task(session.call("hang"))
        await asyncio.sleep(0.1)
        agent.network.cut("removed")
        with pytest.raises(RpcError) as caught:
            await call
        assert caught.value.kind == "recipient-disconnected"
        assert caught.value.__cause__ is session.failure.value


async def test_a_second_handler_is_an_error() -> None:
    async with make(scripted()) as session:

        @session.rpc("one")
        def first(_: RpcCall) -> None:
            return None

        assert callable(first)
        with pytest.raises(ValueError, match="one"):
            session.rpc("one")(first)
        with pytest.raises(ValueError, match="two"):
            session.rpc.remove("two")
        with pytest.raises(TypeError):
            session.rpc("three")(5)  # type: ignore[type-var]
        session.rpc.remove("one")
        session.rpc("one")(first)
    with pytest.raises(SessionStateError):
        session.rpc("late")(first)


async def test_what_a_handler_gets_and_gives() -> None:
    agent = scripted()
    async with make(agent) as session:
        seen: list[RpcCall] = []

        @session.rpc("method")
        async def method(call: RpcCall) -> Any:
            seen.append(call)
            return call.json()

        await session.start()
        assert await agent.call(user(session), "method", '{"a": 1}', 3) == '{"a":1}'
        assert await agent.call(user(session), "method", "") == ""
        assert (seen[0].method, seen[0].timeout) == ("method", 3)
        assert seen[0].caller == session.agent.identity.value
        with pytest.raises(RpcError) as caught:
            await agent.call(user(session), "method", "no json")
        assert caught.value.code == 1500


async def test_a_caller_that_hangs_up_cancels_the_handler() -> None:
    agent = scripted()
    ended: list[float] = []
    async with make(agent) as session:

        @session.rpc("forever")
        async def forever(_: RpcCall) -> None:
            try:
                await asyncio.Event().wait()
            finally:
                ended.append(now())

        await session.start()
        with pytest.raises(RpcError):
            await agent.call(user(session), "forever", timeout=2)
        await asyncio.sleep(0.01)
        assert len(ended) == 1


async def test_two_users_call_each_other() -> None:
    agent = scripted()
    options = TokenOptions(room_name="shared", participant_identity="second")
    async with make(agent, token_options=TokenOptions(room_name="shared")) as first:
        await first.start()
        async with make(agent, token_options=options) as second:
            second.rpc("who")(lambda call: {"caller": call.caller})
            await second.start()
            assert await first.call("who", {}, to="second") == {"caller": user(first)}


class World:
    def __init__(self) -> None:
        self.agent = scripted()
        self.session = make(self.agent)


async def started() -> World:
    world = World()
    await world.session.start()
    return world


async def works(world: World) -> None:
    assert await world.session.call("echo", "hello") == "hello"
    await world.session.close()
    world.agent.network.delete_rooms()


def test_cancelling_a_call_anywhere() -> None:
    assert cancel_everywhere(started, lambda world: world.session.call("echo", "x"), works) >= 1
