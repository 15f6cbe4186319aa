from __future__ import annotations

import asyncio
import gc
from typing import TYPE_CHECKING, Any

import pytest

from session_fsm.errors import TokenError
from session_fsm.tokens import (
    CachedTokenSource,
    ConnectionDetails,
    MemoryStore,
    StoredToken,
    TokenOptions,
    TokenSource,
)
from unit.tokens.doubles import Clock, Scripted, make_details

if TYPE_CHECKING:
    from collections.abc import Callable

HOUR = 3600.0
ALICE = TokenOptions(participant_name="Alice", participant_attributes={"a": "1"})


def fresh(clock: Clock, seconds: float = HOUR, **claims: Any) -> ConnectionDetails:
    return make_details(exp=clock.now + seconds, **claims)


async def turns(count: int = 10) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


class TestKeeping:
    async def test_the_second_fetch_asks_nobody(self, clock: Clock) -> None:
        kept = fresh(clock)
        source = Scripted([kept])
        cached = CachedTokenSource(source, clock=clock)
        assert await cached.fetch() is kept
        assert await cached.fetch() is kept
        assert await cached.fetch(TokenOptions()) is kept
        assert source.asked == [(TokenOptions(), False)]

    async def test_options_are_compared_by_value(self, clock: Clock) -> None:
        source = Scripted([fresh(clock), fresh(clock, n=2)])
        cached = CachedTokenSource(source, clock=clock)
        first = await cached.fetch(ALICE)
        same = TokenOptions(participant_attributes={"a": "1"}, participant_name="Alice")
        assert await cached.fetch(same) is first
        assert await cached.fetch(TokenOptions(participant_name="Alice")) is not first
        assert len(source.asked) == 2

    async def test_there_is_one_slot(self, clock: Clock) -> None:
        source = Scripted([fresh(clock, n=n) for n in range(3)])
        cached = CachedTokenSource(source, clock=clock)
        for options in (ALICE, None, ALICE):
            await cached.fetch(options)
        assert [options for options, _ in source.asked] == [ALICE, TokenOptions(), ALICE]

    async def test_valid_until_a_minute_before_its_end(self, clock: Clock) -> None:
        source = Scripted([fresh(clock, 100), fresh(clock, HOUR)])
        cached = CachedTokenSource(source, clock=clock)
        first = await cached.fetch()
        clock.now += 39.5
        assert await cached.fetch() is first
        clock.now += 0.5
        assert await cached.fetch() is not first

    async def test_not_before_its_beginning(self, clock: Clock) -> None:
        early = fresh(clock, nbf=clock.now + 1)
        source = Scripted([early, early])
        cached = CachedTokenSource(source, clock=clock)
        await cached.fetch()
        await cached.fetch()
        assert len(source.asked) == 2
        clock.now += 1
        await cached.fetch()
        assert len(source.asked) == 2

    @pytest.mark.parametrize(
        "details", [ConnectionDetails("wss://a.test", "opaque"), make_details(sub="no exp")]
    )
    async def test_what_cannot_be_judged_is_fetched_anew(self, details: ConnectionDetails) -> None:
        source = Scripted([details, details])
        cached = source.cached()
        assert await cached.fetch() is details
        assert await cached.fetch() is details
        assert len(source.asked) == 2

    async def test_reads_the_real_clock_by_itself(self) -> None:
        source = Scripted([make_details(exp=10**11), make_details(exp=1)])
        cached = source.cached()
        await cached.fetch()
        await cached.fetch()
        assert len(source.asked) == 1
        old = Scripted([make_details(exp=1), make_details(exp=1)])
        cached = old.cached()
        await cached.fetch()
        await cached.fetch()
        assert len(old.asked) == 2

    async def test_a_failure_is_not_kept(self, clock: Clock) -> None:
        source = Scripted([TokenError("down", kind="unreachable"), fresh(clock)])
        cached = CachedTokenSource(source, clock=clock)
        with pytest.raises(TokenError, match="down"):
            await cached.fetch()
        assert await cached.fetch()

    async def test_invalidate_forgets(self, clock: Clock) -> None:
        source = Scripted([fresh(clock), fresh(clock, n=2)])
        cached = CachedTokenSource(source, clock=clock)
        await cached.fetch()
        await cached.invalidate()
        await cached.fetch()
        assert len(source.asked) == 2


class TestForce:
    async def test_asks_anew_and_keeps_the_answer(self, clock: Clock) -> None:
        first, second = fresh(clock), fresh(clock, n=2)
        source = Scripted([first, second])
        cached = CachedTokenSource(source, clock=clock)
        await cached.fetch()
        assert await cached.fetch(force=True) is second
        assert await cached.fetch() is second
        assert source.asked == [(TokenOptions(), False), (TokenOptions(), True)]

    async def test_a_failed_one_keeps_the_old(self, clock: Clock) -> None:
        first = fresh(clock)
        source = Scripted([first, TokenError("down", kind="unreachable")])
        cached = CachedTokenSource(source, clock=clock)
        await cached.fetch()
        with pytest.raises(TokenError, match="down"):
            await cached.fetch(force=True)
        assert await cached.fetch() is first

    async def test_the_old_one_is_there_while_it_runs(self, clock: Clock) -> None:
        first, second = fresh(clock), fresh(clock, n=2)
        source = Scripted([first, second])
        cached = CachedTokenSource(source, clock=clock)
        await cached.fetch()
        source.gate = asyncio.Event()
        forced = asyncio.create_task(cached.fetch(force=True))
        await turns()
        assert await cached.fetch() is first
        source.gate.set()
        assert await forced is second

    async def test_forced_ones_at_a_time_share(self, clock: Clock) -> None:
        source = Scripted([fresh(clock), fresh(clock, n=2)], gate=asyncio.Event())
        cached = CachedTokenSource(source, clock=clock)
        one = asyncio.create_task(cached.fetch(force=True))
        await turns()
        two = asyncio.create_task(cached.fetch(force=True))
        three = asyncio.create_task(cached.fetch())
        await turns()
        assert source.gate is not None
        source.gate.set()
        assert await one is await two is await three
        assert source.asked == [(TokenOptions(), True)]

    async def test_a_forced_one_does_not_join_one_that_is_not(self, clock: Clock) -> None:
        source = Scripted([fresh(clock), fresh(clock, n=2)], gate=asyncio.Event())
        cached = CachedTokenSource(source, clock=clock)
        one = asyncio.create_task(cached.fetch())
        await turns()
        two = asyncio.create_task(cached.fetch(force=True))
        await turns()
        assert source.gate is not None
        source.gate.set()
        assert await one is not await two
        assert [force for _, force in source.asked] == [False, True]

    async def test_one_after_the_other_do_not_share(self, clock: Clock) -> None:
        source = Scripted([fresh(clock), fresh(clock, n=2)])
        cached = CachedTokenSource(source, clock=clock)
        assert await cached.fetch(force=True) is not await cached.fetch(force=True)


class TestSharing:
    async def test_equal_options_share_one_request(self, clock: Clock) -> None:
        source = Scripted([fresh(clock)], gate=asyncio.Event())
        cached = CachedTokenSource(source, clock=clock)
        tasks = [asyncio.create_task(cached.fetch(ALICE)) for _ in range(5)]
        await turns()
        assert len(source.asked) == 1
        assert source.gate is not None
        source.gate.set()
        answers = await asyncio.gather(*tasks)
        assert all(answer is answers[0] for answer in answers)

    async def test_other_options_do_not(self, clock: Clock) -> None:
        first, second = fresh(clock), fresh(clock, n=2)
        source = Scripted([first, second], gate=asyncio.Event())
        cached = CachedTokenSource(source, clock=clock)
        one = asyncio.create_task(cached.fetch(ALICE))
        two = asyncio.create_task(cached.fetch())
        await turns()
        assert source.gate is not None
        source.gate.set()
        assert (await one, await two) == (first, second)

    async def test_a_failure_reaches_all_who_wait(self, clock: Clock) -> None:
        source = Scripted([TokenError("down", kind="unreachable")], gate=asyncio.Event())
        cached = CachedTokenSource(source, clock=clock)
        tasks = [asyncio.create_task(cached.fetch()) for _ in range(3)]
        await turns()
        assert source.gate is not None
        source.gate.set()
        for task in tasks:
            with pytest.raises(TokenError, match="down"):
                await task

    async def test_cancelling_one_leaves_the_others_their_answer(self, clock: Clock) -> None:
        kept = fresh(clock)
        source = Scripted([kept], gate=asyncio.Event())
        cached = CachedTokenSource(source, clock=clock)
        first, second = (asyncio.create_task(cached.fetch()) for _ in range(2))
        await turns()
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        assert source.gate is not None
        source.gate.set()
        assert await second is kept
        assert source.cancelled == 0

    async def test_cancelling_the_last_cancels_the_request(self, clock: Clock) -> None:
        source = Scripted([fresh(clock), fresh(clock)], gate=asyncio.Event())
        cached = CachedTokenSource(source, clock=clock)
        tasks = [asyncio.create_task(cached.fetch()) for _ in range(2)]
        await turns()
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        assert [task.cancelled() for task in tasks] == [True, True]
        assert source.cancelled == 1
        assert len(asyncio.all_tasks()) == 1

    async def test_nobody_joins_a_request_that_is_being_cancelled(self, clock: Clock) -> None:
        kept = fresh(clock, n=2)
        source = Scripted([fresh(clock), kept], gate=asyncio.Event())
        cached = CachedTokenSource(source, clock=clock)
        first = asyncio.create_task(cached.fetch())
        await turns()
        first.cancel()
        await asyncio.sleep(0)
        second = asyncio.create_task(cached.fetch())
        await turns()
        assert source.gate is not None
        source.gate.set()
        assert await second is kept
        with pytest.raises(asyncio.CancelledError):
            await first

    async def test_a_failure_that_nobody_waits_for_is_not_reported_as_lost(
        self, clock: Clock
    ) -> None:
        lost: list[dict[str, Any]] = []
        asyncio.get_running_loop().set_exception_handler(lambda _loop, fact: lost.append(fact))
        source = Scripted([TokenError("down", kind="unreachable")], gate=asyncio.Event())
        cached = CachedTokenSource(source, clock=clock)
        task = asyncio.create_task(cached.fetch())
        await turns()
        assert source.gate is not None
        source.gate.set()
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait({task})
        del task
        await turns()
        gc.collect()
        assert lost == []

    async def test_a_source_that_cancels_itself_leaves_nothing_behind(self, clock: Clock) -> None:
        class Cancels(Scripted):
            async def fetch(
                self, options: TokenOptions | None = None, *, force: bool = False
            ) -> ConnectionDetails:
                if not self.asked:
                    self.asked.append((options, force))
                    raise asyncio.CancelledError
                return await super().fetch(options, force=force)

        kept = fresh(clock)
        cached = CachedTokenSource(Cancels([kept]), clock=clock)
        with pytest.raises(asyncio.CancelledError):
            await cached.fetch()
        assert await cached.fetch() is kept

    def test_a_source_outlives_a_loop(self, clock: Clock) -> None:
        kept = fresh(clock)
        cached = CachedTokenSource(Scripted([kept, kept]), clock=clock)

        async def two() -> None:
            assert await asyncio.gather(cached.fetch(), cached.fetch()) == [kept, kept]

        asyncio.run(two())
        asyncio.run(two())

    async def test_a_loop_does_not_join_the_request_of_another(self, clock: Clock) -> None:
        mine, other = fresh(clock), fresh(clock, n=2)
        source = Scripted([mine, other], gate=asyncio.Event())
        cached = CachedTokenSource(source, clock=clock)
        task = asyncio.create_task(cached.fetch())
        await turns()
        gate, source.gate = source.gate, None
        assert await asyncio.to_thread(lambda: asyncio.run(cached.fetch())) is other
        assert gate is not None
        gate.set()
        assert await task is mine


class AsyncStore:
    """Takes a turn of the loop for everything, as a store on a disk does."""

    def __init__(self) -> None:
        self.token: StoredToken | None = None
        self.cleared = 0

    async def get(self) -> StoredToken | None:
        token = self.token
        await turns(3)
        return token

    async def set(self, token: StoredToken, /) -> None:
        await turns(3)
        self.token = token

    async def clear(self) -> None:
        await turns(3)
        self.token = None


class BrokenStore(MemoryStore):
    def __init__(self, method: str) -> None:
        super().__init__()

        def fail(*_arguments: object) -> None:
            raise OSError("disk full")

        setattr(self, method, fail)


class TestStore:
    async def test_holds_the_options_and_the_answer(self, clock: Clock) -> None:
        store, kept = MemoryStore(), fresh(clock)
        await Scripted([kept]).cached(store).fetch(ALICE)
        assert store.get() == StoredToken(ALICE, kept)
        store.clear()
        assert store.get() is None

    async def test_what_it_held_before_is_used(self, clock: Clock) -> None:
        store, kept = MemoryStore(), fresh(clock)
        store.set(StoredToken(ALICE, kept))
        source = Scripted([])
        assert await CachedTokenSource(source, store, clock=clock).fetch(ALICE) is kept

    async def test_may_be_async(self, clock: Clock) -> None:
        store, kept = AsyncStore(), fresh(clock)
        cached = CachedTokenSource(Scripted([kept, kept]), store, clock=clock)
        assert await cached.fetch() is kept
        assert await cached.fetch() is kept
        await cached.invalidate()
        assert store.token is None

    async def test_one_that_is_slow_costs_no_second_request(self, clock: Clock) -> None:
        store, kept = AsyncStore(), fresh(clock)
        source = Scripted([kept])
        cached = CachedTokenSource(source, store, clock=clock)
        tasks = []
        for _ in range(12):
            tasks.append(asyncio.create_task(cached.fetch()))
            await asyncio.sleep(0)
        assert await asyncio.gather(*tasks) == [kept] * 12
        assert len(source.asked) == 1

    async def test_the_answer_is_kept_before_it_is_given(self, clock: Clock) -> None:
        store, kept = AsyncStore(), fresh(clock)
        assert await CachedTokenSource(Scripted([kept]), store, clock=clock).fetch() is kept
        assert store.token == StoredToken(TokenOptions(), kept)

    @pytest.mark.parametrize("method", ["get", "set"])
    async def test_its_errors_come_out_as_ours(self, method: str, clock: Clock) -> None:
        cached = Scripted([fresh(clock)]).cached(BrokenStore(method))
        with pytest.raises(TokenError) as caught:
            await cached.fetch()
        assert caught.value.kind == "source-raised"
        assert str(caught.value) == (f"The token store's {method}() raised OSError; see the cause.")
        assert isinstance(caught.value.__cause__, OSError)

    async def test_errors_of_clear_do_too(self) -> None:
        with pytest.raises(TokenError) as caught:
            await Scripted([]).cached(BrokenStore("clear")).invalidate()
        assert str(caught.value) == "The token store's clear() raised OSError; see the cause."

    async def test_what_is_no_stored_token_is_refused(self, clock: Clock) -> None:
        store: Any = MemoryStore()
        store.set((ALICE, fresh(clock)))
        with pytest.raises(TokenError) as caught:
            await Scripted([]).cached(store).fetch()
        assert caught.value.kind == "bad-answer"
        assert str(caught.value) == (
            "The token store's get() returned tuple, not the StoredToken that was set, or None."
        )

    @pytest.mark.parametrize("missing", ["get", "set", "clear"])
    def test_must_have_three_methods(self, missing: str) -> None:
        store: Any = BrokenStore("get")
        setattr(store, missing, None)
        self.refused(store, missing)
        self.refused(object(), "get")

    @staticmethod
    def refused(store: Any, missing: str) -> None:
        with pytest.raises(TypeError) as caught:
            Scripted([]).cached(store)
        assert str(caught.value) == f"store must be a TokenStore; it has no {missing}()."


class TestValidator:
    async def test_takes_the_place_of_reading_the_token(self) -> None:
        opaque = ConnectionDetails("wss://a.test", "opaque")
        asked: list[tuple[ConnectionDetails, TokenOptions]] = []
        verdicts = [True, False]

        def validator(details: ConnectionDetails, options: TokenOptions) -> bool:
            asked.append((details, options))
            return verdicts.pop(0)

        source = Scripted([opaque, opaque])
        cached = source.cached(validator=validator)
        for _ in range(3):
            await cached.fetch(ALICE)
        assert len(source.asked) == 2
        assert asked == [(opaque, ALICE)] * 2

    @pytest.mark.parametrize("verdict", [True, False])
    async def test_may_be_async(self, *, verdict: bool) -> None:
        async def validator(_details: ConnectionDetails, _options: TokenOptions) -> bool:
            await asyncio.sleep(0)
            return verdict

        opaque = ConnectionDetails("wss://a.test", "opaque")
        source = Scripted([opaque, opaque])
        cached = source.cached(None, validator)
        await cached.fetch()
        await cached.fetch()
        assert len(source.asked) == (1 if verdict else 2)

    async def test_is_not_asked_about_other_options(self) -> None:
        def validator(_details: ConnectionDetails, _options: TokenOptions) -> bool:
            raise AssertionError

        opaque = ConnectionDetails("wss://a.test", "opaque")
        cached = Scripted([opaque, opaque]).cached(validator=validator)
        await cached.fetch()
        await cached.fetch(ALICE)

    async def test_its_errors_come_out_as_ours(self) -> None:
        def validator(_details: ConnectionDetails, _options: TokenOptions) -> bool:
            raise KeyError("x")

        opaque = ConnectionDetails("wss://a.test", "opaque")
        cached = Scripted([opaque]).cached(validator=validator)
        await cached.fetch()
        with pytest.raises(TokenError) as caught:
            await cached.fetch()
        assert caught.value.kind == "source-raised"
        assert str(caught.value) == "The validator raised KeyError; see the cause."

    async def test_a_token_error_of_its_own_passes(self) -> None:
        own = TokenError("mine", kind="expired")

        def validator(_details: ConnectionDetails, _options: TokenOptions) -> bool:
            raise own

        opaque = ConnectionDetails("wss://a.test", "opaque")
        cached = Scripted([opaque]).cached(validator=validator)
        await cached.fetch()
        with pytest.raises(TokenError) as caught:
            await cached.fetch()
        assert caught.value is own

    def test_must_be_callable(self) -> None:
        validator: Any = 1
        with pytest.raises(TypeError) as caught:
            Scripted([]).cached(validator=validator)
        assert str(caught.value) == (
            "validator must be callable with ConnectionDetails and TokenOptions, not a int."
        )


class TestArguments:
    def test_the_source_must_be_one(self) -> None:
        source: Any = "wss://a.test"
        with pytest.raises(TypeError) as caught:
            CachedTokenSource(source)
        assert str(caught.value) == "source must be a TokenSource, not str."

    async def test_the_options_must_be_options(self) -> None:
        options: Any = {"room_name": "r"}
        with pytest.raises(TypeError, match="options must be a TokenOptions, not dict; make one"):
            await Scripted([]).cached().fetch(options)

    @pytest.mark.parametrize(
        ("make", "shown"),
        [
            (lambda source: source.cached(), ".cached()"),
            (lambda source: source.cached(AsyncStore()), ".cached(store=AsyncStore)"),
        ],
    )
    def test_the_repr_shows_the_chain(
        self, make: Callable[[TokenSource], TokenSource], shown: str
    ) -> None:
        source = TokenSource.literal("wss://a.test", "secret")
        assert repr(make(source)) == repr(source) + shown
        assert "secret" not in repr(make(source))
