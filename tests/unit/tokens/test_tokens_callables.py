"""Callables of the user: ``TokenSource.custom`` and ``TokenSource.literal(callable)``."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import gc
import threading
import traceback
from typing import TYPE_CHECKING, Any

import pytest

from session_fsm.errors import TokenError
from session_fsm.tokens import ConnectionDetails, TokenOptions, TokenSource
from unit.tokens.doubles import make_token

if TYPE_CHECKING:
    from collections.abc import Callable

DETAILS = ConnectionDetails("wss://a.test", "t")
SNAKE = {"server_url": "wss://a.test", "participant_token": "t"}
CAMEL = {"serverUrl": "wss://a.test", "participantToken": "t", "extra": 1}


def raising(error: BaseException) -> Callable[..., Any]:
    def callback(*_arguments: object) -> Any:
        raise error

    return callback


def raising_on_the_loop(error: BaseException) -> Callable[..., Any]:
    async def callback(*_arguments: object) -> Any:
        await asyncio.sleep(0)
        raise error

    return callback


async def failure(source: TokenSource) -> TokenError:
    with pytest.raises(TokenError) as caught:
        await source.fetch()
    return caught.value


class TestAnswers:
    @pytest.mark.parametrize("answer", [DETAILS, SNAKE, CAMEL])
    async def test_of_every_shape(self, answer: Any) -> None:
        async def asynchronous(*_arguments: object) -> Any:
            await asyncio.sleep(0)
            return answer

        class Asker:
            async def __call__(self, *_arguments: object) -> Any:
                return await asynchronous()

        for callback in (
            asynchronous,
            functools.partial(asynchronous),
            Asker(),
            lambda *_: answer,
            lambda *_: asynchronous(),
        ):
            assert await TokenSource.custom(callback).fetch() == DETAILS
            assert await TokenSource.literal(callback).fetch() == DETAILS

    async def test_custom_is_called_with_the_options(self) -> None:
        asked: list[TokenOptions] = []

        def callback(options: TokenOptions) -> ConnectionDetails:
            asked.append(options)
            return DETAILS

        source = TokenSource.custom(callback)
        await source.fetch()
        await source.fetch(TokenOptions(room_name="r"), force=True)
        assert asked == [TokenOptions(), TokenOptions(room_name="r")]

    async def test_literal_is_called_with_nothing_each_time(self) -> None:
        calls: list[int] = []

        def callback() -> ConnectionDetails:
            calls.append(1)
            return DETAILS

        source = TokenSource.literal(callback)
        await source.fetch(TokenOptions(room_name="r"))
        await source.fetch()
        assert calls == [1, 1]

    @pytest.mark.parametrize(
        ("answer", "what"),
        [
            (None, "answered with nothing (None), not with connection details."),
            ("secret-token", "answered with str, not with connection details."),
            (("wss://a.test", "secret-token"), "answered with tuple, not"),
            ({}, "answered without server_url and participant_token."),
            ({"participant_token": "secret-token"}, "answered without server_url."),
            ({"server_url": "", "participantToken": "secret-token"}, "without server_url."),
            ({"server_url": b"secret-token"}, "a server_url that is a bytes, not a text."),
            ({**SNAKE, "roomName": 1}, "answered with a room_name that is a int, not a text."),
        ],
    )
    async def test_garbage_is_named_by_its_type(self, answer: Any, what: str) -> None:
        error = await failure(TokenSource.custom(lambda _: answer))
        assert error.kind == "bad-answer"
        assert str(error).startswith("The token source answered with")
        assert what in str(error)
        assert str(error).endswith('It must give {"server_url": …, "participant_token": …}.')
        assert "secret-token" not in str(error)


class TestErrors:
    @pytest.mark.parametrize("make", [raising, raising_on_the_loop])
    async def test_come_out_as_ours_with_theirs_as_the_cause(self, make: Any) -> None:
        own = KeyError("no such user")
        error = await failure(TokenSource.custom(make(own)))
        assert error.kind == "source-raised"
        assert str(error) == "The token source raised KeyError; see the cause."
        assert error.__cause__ is own
        assert error.__context__ is None

    @pytest.mark.parametrize("make", [raising, raising_on_the_loop])
    async def test_a_token_in_them_is_told_to_nobody(self, make: Any) -> None:
        token = make_token(exp=1)
        own = OSError(f"401 for {token}")
        own.__cause__ = ValueError(token)
        error = await failure(TokenSource.literal(make(own)))
        shown = "".join(traceback.format_exception(error))
        assert token not in shown
        assert "OSError: 401 for «redacted»" in shown

    @pytest.mark.parametrize("make", [raising, raising_on_the_loop])
    async def test_a_token_error_passes(self, make: Any) -> None:
        own = TokenError("mine", kind="expired")
        assert await failure(TokenSource.custom(make(own))) is own

    async def test_a_sync_one_may_raise_what_a_future_cannot_hold(self) -> None:
        async with asyncio.timeout(2):
            error = await failure(TokenSource.custom(raising(StopIteration())))
        assert isinstance(error.__cause__, RuntimeError)  # as for any coroutine, PEP 479
        assert isinstance(error.__cause__.__cause__, StopIteration)

    @pytest.mark.parametrize("make", [raising, raising_on_the_loop])
    async def test_cancellation_passes(self, make: Any) -> None:
        with pytest.raises(asyncio.CancelledError):
            await TokenSource.custom(make(asyncio.CancelledError())).fetch()

    async def test_a_timeout_of_theirs_is_theirs(self) -> None:
        error = await failure(TokenSource.custom(raising_on_the_loop(TimeoutError())))
        assert error.kind == "source-raised"


class TestThreads:
    async def test_a_sync_one_does_not_hold_up_the_loop(self) -> None:
        go = threading.Event()

        def callback(_options: TokenOptions) -> ConnectionDetails:
            assert go.wait(2)
            assert threading.current_thread() is not threading.main_thread()
            return DETAILS

        task = asyncio.create_task(TokenSource.custom(callback).fetch())
        await asyncio.sleep(0)
        go.set()
        assert await task == DETAILS

    async def test_an_async_one_runs_on_the_loop(self) -> None:
        loop = asyncio.get_running_loop()

        async def callback(_options: TokenOptions) -> ConnectionDetails:
            assert asyncio.get_running_loop() is loop
            return DETAILS

        assert await TokenSource.custom(callback).fetch() == DETAILS

    async def test_the_context_goes_along(self) -> None:
        user = contextvars.ContextVar[str]("user")
        user.set("alice")

        def callback(_options: TokenOptions) -> dict[str, str]:
            return {**SNAKE, "participant_name": user.get()}

        assert (await TokenSource.custom(callback).fetch()).participant_name == "alice"

    async def test_a_cancelled_one_is_left_alone(self) -> None:
        go, gone = threading.Event(), threading.Event()

        def callback(_options: TokenOptions) -> ConnectionDetails:
            go.wait(60)
            gone.set()
            return DETAILS

        task = asyncio.create_task(TokenSource.custom(callback).fetch())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not gone.is_set()
        go.set()
        assert await asyncio.to_thread(gone.wait, 60)

    async def test_what_an_abandoned_one_returns_is_closed(self) -> None:
        go, gone = threading.Event(), threading.Event()

        async def never() -> ConnectionDetails:
            raise AssertionError

        def callback(_options: TokenOptions) -> Any:
            go.wait(60)
            return never()

        def watched(options: TokenOptions) -> Any:
            try:
                return callback(options)
            finally:
                gone.set()

        task = asyncio.create_task(TokenSource.custom(watched).fetch())
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait({task})
        go.set()
        assert await asyncio.to_thread(gone.wait, 60)
        await asyncio.sleep(0.01)
        gc.collect()  # would warn that the coroutine was never awaited

    def test_one_that_never_returns_does_not_hold_up_the_end_of_the_loop(self) -> None:
        go, gone = threading.Event(), threading.Event()

        def callback(_options: TokenOptions) -> ConnectionDetails:
            go.wait(60)
            gone.set()
            return DETAILS

        async def main() -> None:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(TokenSource.custom(callback).fetch(), 0.02)

        asyncio.run(main())
        assert not gone.is_set()
        assert all(
            thread.daemon for thread in threading.enumerate() if "session-fsm" in thread.name
        )
        go.set()


class Bound:
    def __repr__(self) -> str:
        return "Bound(secret)"

    def details(self, _options: TokenOptions) -> ConnectionDetails:
        return DETAILS

    def __call__(self, _options: TokenOptions) -> ConnectionDetails:
        return DETAILS


class TestRepr:
    def test_names_the_callable_without_what_it_is_bound_to(self) -> None:
        assert repr(TokenSource.custom(Bound().details)) == "TokenSource.custom(Bound.details)"
        assert repr(TokenSource.custom(Bound())) == "TokenSource.custom(Bound)"
        assert "secret" not in repr(TokenSource.custom(functools.partial(Bound(), "secret")))
        anonymous = repr(TokenSource.literal(lambda: DETAILS))
        assert anonymous.startswith("TokenSource.literal(TestRepr.")


def test_custom_needs_a_callable() -> None:
    callback: Any = {"server_url": "x"}
    with pytest.raises(TypeError) as caught:
        TokenSource.custom(callback)
    assert str(caught.value) == (
        "TokenSource.custom needs a callable that takes a TokenOptions, not a dict."
    )


async def test_custom_needs_options() -> None:
    options: Any = "r"
    with pytest.raises(TypeError, match="options must be a TokenOptions, not str"):
        await TokenSource.custom(Bound()).fetch(options)
