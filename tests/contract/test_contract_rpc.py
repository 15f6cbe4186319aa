"""Remote calls, both ways: what is answered, what is refused, and what is never left hanging."""

import asyncio
from typing import Any

import pytest

from contract.calls import converse, until
from contract.sides import Side
from session_fsm import RpcError, Session, SessionState, SessionStateError


def now() -> float:
    return asyncio.get_running_loop().time()


async def call_back(session: Session, method: str, payload: str = "") -> Any:
    """Let the agent call one of the session's methods, and return what it got."""
    return await session.call("call_back", {"method": method, "payload": payload})


async def test_a_text_goes_and_comes_as_it_is(side: Side) -> None:
    async with asyncio.timeout(60), Session(side.source()) as session:
        await session.start()
        for text in ("", "hello", '{"not": "decoded"}', "é😀\x00" * 100):
            assert await session.call("echo", text) == text


async def test_a_dict_or_list_goes_as_json_and_comes_back_decoded(side: Side) -> None:
    async with asyncio.timeout(60), Session(side.source()) as session:
        await session.start()
        for value in ({"a": [1, None, "é"]}, [], [{"b": 1.5}]):
            assert await session.call("echo", value) == value


async def test_an_answer_that_is_no_json_is_quoted(side: Side) -> None:
    async with asyncio.timeout(60), Session(side.source()) as session:
        session.rpc("plain")(lambda _: "certainly not JSON")
        await session.start()
        me = session.local_identity.value
        assert me is not None
        async with Session(side.source(side.rooms[0], identity="other", dispatch=False)) as other:
            await other.start()
            with pytest.raises(ValueError, match="certainly not JSON"):
                await other.call("plain", {}, to=me)
            assert await other.call("plain", "", to=me) == "certainly not JSON"


async def test_a_handler_is_there_in_every_run(side: Side) -> None:
    async with asyncio.timeout(60), Session(side.source()) as session:

        @session.rpc("sum")
        async def add(call: Any) -> dict[str, int]:
            return {"sum": sum(call.json())}

        for _ in range(2):
            await session.start()
            answer = await call_back(session, "sum", "[1, 2, 3]")
            assert answer == {"answer": '{"sum":6}'}
            await session.end()


async def test_a_handler_that_is_taken_back_is_gone(side: Side) -> None:
    async with asyncio.timeout(60), Session(side.source()) as session:
        await session.start()
        session.rpc("late")(lambda call: f"{call.method} by {call.caller}: {call.payload}")
        agent = session.agent.identity.value
        assert (await call_back(session, "late", "x"))["answer"] == f"late by {agent}: x"
        session.rpc.remove("late")
        assert (await call_back(session, "late"))["code"] == 1400


async def test_a_handler_that_raises_does_not_leak_its_text(
    side: Side, caplog: pytest.LogCaptureFixture
) -> None:
    async with asyncio.timeout(60), Session(side.source()) as session:

        @session.rpc("broken")
        def broken(_: object) -> str:
            raise RuntimeError("a secret of the user")

        @session.rpc("odd")
        def odd(_: object) -> Any:
            return object()

        @session.rpc("refusing")
        async def refusing(_: object) -> str:
            raise RpcError("not today", kind="application-error", code=4711, data="tomorrow")

        await session.start()
        for method in ("broken", "odd"):
            answer = await call_back(session, method)
            assert answer["code"] == 1500
            assert "secret" not in str(answer)
        assert "a secret of the user" in caplog.text
        refusal = await call_back(session, "refusing")
        assert refusal == {"code": 4711, "message": "not today", "data": "tomorrow"}


async def test_refusals_have_a_kind_a_code_and_data(side: Side) -> None:
    async with asyncio.timeout(60), Session(side.source()) as session:
        await session.start()
        with pytest.raises(RpcError) as caught:
            await session.call("nobody-has-this")
        assert (caught.value.kind, caught.value.code) == ("unsupported-method", 1400)
        with pytest.raises(RpcError) as caught:
            await session.call("fail")
        assert (caught.value.kind, caught.value.code) == ("application-error", 1500)
        assert "secret" not in repr(caught.value)
        with pytest.raises(RpcError, match="refused on purpose") as caught:
            await session.call("fail", "4711")
        assert (caught.value.code, caught.value.data) == (4711, "some data")


async def test_a_call_of_somebody_who_is_not_there_ends(side: Side) -> None:
    async with asyncio.timeout(60), Session(side.source()) as session:
        await session.start()
        with pytest.raises(RpcError) as caught:
            await session.call("echo", to="nobody", timeout=4)
        assert caught.value.kind in {"connection-timeout", "recipient-not-found"}


async def test_the_timeout_bounds_all_of_a_call(side: Side) -> None:
    async with asyncio.timeout(60), Session(side.source()) as session:
        await session.start()
        before = now()
        with pytest.raises(RpcError) as caught:
            await session.call("hang", timeout=2.5)
        assert caught.value.kind == "response-timeout"
        assert now() - before < 10
        assert await session.call("slow", "1.0", timeout=20) == "at last"


async def test_two_hundred_calls_in_flight(side: Side) -> None:
    async with asyncio.timeout(120), Session(side.source()) as session:
        await session.start()
        calls = (session.call("echo", [number], timeout=60) for number in range(200))
        assert await asyncio.gather(*calls) == [[number] for number in range(200)]
        await converse(session)


async def test_big_payloads(side: Side) -> None:
    async with asyncio.timeout(60), Session(side.source()) as session:
        await session.start()
        for size in (15_360, 100_000, 1_000_000):
            try:
                assert await session.call("echo", "x" * size) == "x" * size
            except RpcError as error:
                assert error.kind in {  # noqa: PT017 - either is right
                    "request-payload-too-large",
                    "response-payload-too-large",
                }
        await converse(session)


async def test_a_call_while_starting_waits_for_the_agent(side: Side) -> None:
    async with asyncio.timeout(60), Session(side.source()) as session:
        with pytest.raises(SessionStateError):
            await session.call("echo")
        starting = asyncio.create_task(session.start())
        await asyncio.sleep(0)
        assert await session.call("echo", "early") == "early"
        await starting


async def test_a_call_while_the_link_is_restored_waits_for_it(side: Side) -> None:
    async with asyncio.timeout(60), Session(side.source()) as session:
        await session.start()
        await converse(session)
        await side.break_link(session)
        calling = asyncio.create_task(session.call("echo", "across"))
        await asyncio.sleep(0.05)
        await side.mend_link(session)
        assert await calling == "across"


async def test_a_call_that_is_under_way_when_the_session_ends(side: Side) -> None:
    async with asyncio.timeout(60), Session(side.source()) as session:
        await session.start()
        calling = asyncio.create_task(session.call("hang"))
        await asyncio.sleep(0.3)
        await session.end()
        with pytest.raises(RpcError) as caught:
            await calling
        assert caught.value.kind == "recipient-disconnected"


async def test_a_call_that_waits_when_the_session_ends_was_not_sent(side: Side) -> None:
    async with asyncio.timeout(60), Session(side.source(silent=True)) as session:
        starting = asyncio.create_task(session.start())
        await asyncio.sleep(0)
        calling = asyncio.create_task(session.call("echo"))
        await session.wait_until(lambda seen: seen.is_connected)
        await session.end()
        with pytest.raises(RpcError) as caught:
            await calling
        assert caught.value.kind == "send-failed"
        await asyncio.gather(starting, return_exceptions=True)


async def test_a_cancelled_call_leaves_the_session_usable(side: Side) -> None:
    async with asyncio.timeout(60), Session(side.source()) as session:
        await session.start()
        for delay in (0, 0.005, 0.2):
            calling = asyncio.create_task(session.call("slow", "0.1"))
            await asyncio.sleep(delay)
            calling.cancel()
            await asyncio.gather(calling, return_exceptions=True)
        assert await session.call("echo", "still there") == "still there"


@pytest.mark.parametrize("how", ["end", "close"])
async def test_a_handler_that_ends_the_session(side: Side, how: str) -> None:
    after: list[SessionState] = []
    async with asyncio.timeout(60), Session(side.source(dispatch=False)) as session:

        @session.rpc("stop")
        async def stop(_: object) -> str:
            await getattr(session, how)()
            after.append(session.state.value)
            return "stopped"

        await session.start()
        source = side.source(side.rooms[0], identity="other", dispatch=False)
        async with Session(source) as other:
            await other.start()
            with pytest.raises(RpcError) as caught:
                await other.call("stop", to="user", timeout=10)
            assert caught.value.kind == "recipient-disconnected"
            await until(lambda: after)
            assert after == [SessionState.IDLE]


async def test_a_handler_that_still_runs_at_the_end_is_cancelled(side: Side) -> None:
    ended: list[str] = []
    started = asyncio.Event()
    async with asyncio.timeout(60), Session(side.source()) as session:

        @session.rpc("forever")
        async def forever(_: object) -> str:
            started.set()
            try:
                await asyncio.Event().wait()
            finally:
                ended.append("cancelled")
            return ""

        await session.start()
        calling = asyncio.create_task(call_back(session, "forever"))
        await started.wait()
        await session.end()
        await asyncio.gather(calling, return_exceptions=True)
        assert ended == ["cancelled"]
