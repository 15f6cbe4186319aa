"""What callbacks raise: who hears of it, and who does not."""

from __future__ import annotations

import asyncio
import functools
import logging
from typing import NoReturn

import pytest

import stores.unhandled
from stores import Unhandled, WritableEventStream, WritableStore, WrongThread

Failures = list[tuple[BaseException, Unhandled]]


@pytest.fixture(autouse=True)
def _under_mutation(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look past the frames that the mutation tool puts around each function."""
    passed_by = {*stores.unhandled._PASSED_BY, "mutmut"}
    monkeypatch.setattr(stores.unhandled, "_PASSED_BY", passed_by)


def failing_store(value: int = 0) -> tuple[WritableStore[int], Failures]:
    failures: Failures = []
    return WritableStore(value, on_unhandled=lambda *args: failures.append(args)), failures


def fail(value: object) -> NoReturn:
    raise ValueError(value)


def fail_without_value() -> NoReturn:
    raise ValueError("end")


def test_others_still_get_the_value_and_the_failing_one_stays() -> None:
    store, failures = failing_store()
    calls: list[int] = []

    def bad(value: int) -> None:
        calls.append(value)
        raise ValueError(value)

    seen: list[int] = []
    store.subscribe(bad)
    store.subscribe(seen.append)
    store.set(1)
    store.set(2)
    assert calls == seen == [0, 1, 2]
    assert [str(error) for error, _ in failures] == ["0", "1", "2"]


@pytest.mark.parametrize("kind", [asyncio.CancelledError, GeneratorExit, BaseException])
def test_what_is_no_exception_is_isolated_too(kind: type[BaseException]) -> None:
    store, failures = failing_store()

    def bad(value: int) -> None:
        if value:
            raise kind

    seen: list[int] = []
    store.subscribe(bad)
    store.subscribe(seen.append)
    store.set(1)
    assert seen == [0, 1]
    assert [type(error) for error, _ in failures] == [kind]


def test_the_report_names_the_callback_the_value_and_the_write(
    caplog: pytest.LogCaptureFixture,
) -> None:
    store, failures = failing_store()

    def bad(value: int) -> None:
        if value == 7:
            fail(value)

    store.subscribe(bad)
    store.set(7)
    line = bad.__code__.co_firstlineno + 5
    [(error, unhandled)] = failures
    assert unhandled == ("observer", bad, 7, f"{__file__}:{line}")
    assert str(unhandled) == (
        f"observer {bad.__qualname__} (test_stores_errors.py:{line - 5}) failed on the value 7; "
        f"called from {__file__}:{line}"
    )
    [record] = caplog.records
    assert (record.name, record.levelno) == ("stores", logging.ERROR)
    assert record.getMessage() == str(unhandled)
    assert record.exc_info is not None
    assert record.exc_info[1] is error


def test_without_a_handler_the_error_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    store = WritableStore(0)
    store.subscribe(fail)
    [record] = caplog.records
    assert record.getMessage().startswith("observer fail (test_stores_errors.py:")
    assert record.exc_info is not None
    assert isinstance(record.exc_info[1], ValueError)


def test_a_handler_that_fails_is_logged_and_disturbs_nobody(
    caplog: pytest.LogCaptureFixture,
) -> None:
    store = WritableStore(0, on_unhandled=lambda *_: fail("handler"))
    seen: list[int] = []
    store.subscribe(lambda value: value and fail(value))
    store.subscribe(seen.append)
    store.set(1)
    assert seen == [0, 1]
    first, second = caplog.records
    assert second.getMessage() == f"on_unhandled itself failed, on: {first.getMessage()}"
    assert (second.name, second.levelno) == ("stores", logging.ERROR)
    assert second.exc_info is not None
    assert str(second.exc_info[1]) == "handler"


def test_a_failing_completion_is_isolated() -> None:
    store, failures = failing_store()
    done: list[str] = []
    store.subscribe(None, None, fail_without_value)
    store.subscribe(None, None, lambda: done.append("yes"))
    store.close()
    assert done == ["yes"]
    [(error, unhandled)] = failures
    assert str(error) == "end"
    assert unhandled[:3] == ("completion", fail_without_value, None)
    assert "fail_without_value (test_stores_errors.py:" in str(unhandled)
    assert ") failed; called from" in str(unhandled)


def test_an_observer_that_unsubscribes_and_then_fails_is_still_named() -> None:
    store, failures = failing_store()

    def bad(value: int) -> None:
        if value:
            subscription.dispose()
            fail(value)

    subscription = store.subscribe(bad)
    store.set(1)
    store.set(2)
    assert [unhandled.callback for _, unhandled in failures] == [bad]


def test_an_error_in_the_first_delivery_says_where_the_subscription_was_made() -> None:
    store, failures = failing_store(4)
    store.subscribe(fail)
    line = test_an_error_in_the_first_delivery_says_where_the_subscription_was_made.__code__
    [(_, unhandled)] = failures
    assert unhandled == ("observer", fail, 4, f"{__file__}:{line.co_firstlineno + 2}")


def test_the_origin_of_a_failure_in_a_pipeline_is_not_inside_rx() -> None:
    store, failures = failing_store()
    store.map(str).subscribe(fail)
    store.set(1)
    assert [unhandled.origin.rpartition(":")[0] for _, unhandled in failures] == [__file__] * 2
    assert [str(error) for error, _ in failures] == ["0", "1"]


def test_an_event_stream_isolates_and_reports_the_same_way() -> None:
    failures: Failures = []
    stream = WritableEventStream[int](on_unhandled=lambda *args: failures.append(args))
    seen: list[int] = []
    stream.subscribe(fail)
    stream.subscribe(seen.append)
    stream.emit(1)
    stream.emit(2)
    assert seen == [1, 2]
    assert [unhandled[:3] for _, unhandled in failures] == [
        ("observer", fail, 1),
        ("observer", fail, 2),
    ]


def test_a_long_value_is_cut_and_a_value_without_repr_does_no_harm() -> None:
    class Broken:
        def __repr__(self) -> str:
            raise ValueError

    text = str(Unhandled("observer", fail, "x" * 1000, "here"))
    assert len(text) < 250
    assert "x" * 50 in text
    assert "Broken instance at" in str(Unhandled("observer", fail, Broken(), "here"))


def test_callables_without_code_or_name_are_described() -> None:
    class Callback:
        def __call__(self, value: int) -> None: ...

        def __repr__(self) -> str:
            return "<my callback>"

    def named(value: int) -> None: ...

    @functools.wraps(named)
    def wrapper(value: int) -> None: ...

    def text(callback: object) -> str:
        return str(Unhandled("observer", callback, 1, "here"))  # type: ignore[arg-type]

    assert text(Callback()) == "observer <my callback> failed on the value 1; called from here"
    assert text([].append) == "observer list.append failed on the value 1; called from here"
    assert text(wrapper).startswith(f"observer {named.__qualname__} (test_stores_errors.py:")


def test_a_write_from_code_without_a_module_is_found() -> None:
    store, failures = failing_store()
    store.subscribe(lambda value: value and fail(value))
    code = compile("\nstore.set(1)", "<typed in>", "exec")
    exec(code, {"store": store})  # noqa: S102
    assert [unhandled.origin for _, unhandled in failures] == ["<typed in>:2"]


def test_an_error_that_was_never_raised_comes_from_an_unknown_place() -> None:
    assert stores.unhandled.origin_of(ValueError()) == "an unknown place"


def test_wrong_thread_knows_a_thread_that_has_ended() -> None:
    text = str(WrongThread(-1))
    assert "it belongs to a thread that has ended, which wrote it first" in text
