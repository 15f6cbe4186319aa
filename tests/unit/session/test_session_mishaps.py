"""What went wrong once, or would without a guard."""

import asyncio
import logging

import pytest

from session_fsm import (
    ConnectError,
    ConnectionDetails,
    SendError,
    Session,
    SessionState,
    SessionStateError,
    TokenError,
    TokenSource,
)
from session_fsm.roster import AGENT_STATE
from session_fsm.testing import ScriptedAgent


async def test_a_source_that_is_cancelled_from_within_is_an_error() -> None:
    async def awaits_something_cancelled() -> ConnectionDetails:
        inner = asyncio.ensure_future(asyncio.sleep(60))
        inner.cancel()
        await inner
        raise AssertionError

    async with Session(TokenSource.literal(awaits_something_cancelled)) as session:
        for call in (session.start, session.prepare):
            with pytest.raises(TokenError) as caught:
                async with asyncio.timeout(60):
                    await call()
            assert caught.value.kind == "source-raised"
            assert session.state.value is SessionState.IDLE


class Broken:
    """A transport whose link raises what it should not."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def open(self, details: object, sink: object) -> "Broken":
        return self

    @property
    def room(self) -> None:
        return None

    @property
    def streams(self) -> "Broken":
        return self

    @property
    def data_tracks(self) -> "Broken":
        return self

    def listen(self, *_: object) -> None:
        pass

    async def connect(self) -> None:
        raise self.error

    async def close(self) -> None:
        pass


@pytest.mark.parametrize("error", [RuntimeError("no"), asyncio.CancelledError()])
async def test_a_transport_that_breaks_ends_the_run(error: BaseException) -> None:
    transport = Broken(error)
    async with Session(TokenSource.loopback(), transport=transport) as session:  # type: ignore[arg-type]
        with pytest.raises(ConnectError, match="error of its own") as caught:
            async with asyncio.timeout(60):
                await session.start()
        assert type(caught.value.__cause__) is type(error)


async def test_a_secret_in_such_an_error_stays_secret(caplog: pytest.LogCaptureFixture) -> None:
    source = TokenSource.loopback()
    token = (await source.fetch()).participant_token
    transport = Broken(RuntimeError(f"could not join with {token}"))
    with caplog.at_level(logging.DEBUG):
        async with Session(source, transport=transport) as session:  # type: ignore[arg-type]
            with pytest.raises(ConnectError):
                await session.start()
    assert "error of its own" in caplog.text
    assert token not in caplog.text


async def test_an_agent_that_is_back_under_the_same_identity_is_looked_at_again() -> None:
    agent = ScriptedAgent()
    async with Session(TokenSource.loopback(agent)) as session:
        await session.start()
        await session.send("before")
        there = session.snapshot.agent.participant
        assert there is not None
        room = next(iter(agent.network.rooms.values()))
        room.leave(there.identity, on_purpose=False)
        await asyncio.sleep(1)
        send = asyncio.create_task(session.send("to whom?"))
        room.join(
            type(there)(
                there.identity, attributes={**there.attributes, AGENT_STATE: "initializing"}
            )
        )
        await asyncio.sleep(2)
        assert session.state.value is SessionState.DISPATCHING
        assert not send.done()
        room.change(there.identity, {AGENT_STATE: "listening"})
        await send


async def test_the_failure_is_the_cause_of_a_text_that_was_not_sent() -> None:
    agent = ScriptedAgent(initialize_for=None)
    async with Session(TokenSource.loopback(agent), agent_timeout=1.0) as session:
        start = asyncio.create_task(session.start())
        await asyncio.sleep(0)
        with pytest.raises(SendError) as caught:
            await session.send("hello")
        assert caught.value.__cause__ is session.failure.value
        await asyncio.wait({start})
        assert start.exception() is session.failure.value


async def test_an_interrupt_in_an_observer_loses_no_effect() -> None:
    async with Session(TokenSource.loopback()) as session:

        def interrupts(state: SessionState) -> None:
            if state is SessionState.FETCHING_TOKEN:
                raise KeyboardInterrupt

        subscription = session.state.subscribe(interrupts)
        with pytest.raises(KeyboardInterrupt):
            await session.start()
        subscription.dispose()
        async with asyncio.timeout(60):
            await session.start()
        assert session.state.value is SessionState.ACTIVE


def test_a_close_from_another_loop_changes_nothing() -> None:
    session = Session(TokenSource.loopback(ScriptedAgent(join_after=0, initialize_for=0)))

    async def live() -> None:
        await session.start()
        await session.end()
        with pytest.raises(SessionStateError) as caught:
            await asyncio.to_thread(asyncio.run, session.close())
        assert caught.value.kind == "wrong-loop"
        await session.start()
        await session.close()

    asyncio.run(live())


async def test_the_predicate_is_a_plain_function() -> None:
    async def coroutine(_: object) -> bool:
        return True

    session = Session(TokenSource.loopback())
    with pytest.raises(TypeError, match="plain function"):
        await session.wait_until(coroutine)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [({"transport": "livekit"}, "transport must"), ({"on_unhandled": 3}, "on_unhandled must")],
)
def test_what_is_no_transport_and_what_cannot_be_called(
    arguments: dict[str, object], says: str
) -> None:
    with pytest.raises(TypeError, match=says):
        Session(TokenSource.loopback(), **arguments)  # type: ignore[arg-type]
