"""What the type checkers make of `stores`; the assertions run, too."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Any, assert_type

from reactivex.abc import DisposableBase

from stores import (
    EventStream,
    OnUnhandled,
    Store,
    Unhandled,
    WritableEventStream,
    WritableStore,
)

if TYPE_CHECKING:
    from reactivex import Observable


class Label:
    """A widget whose method returns something, as those of toolkits do."""

    def set_text(self, text: str) -> bool:
        return bool(text)

    def set_any(self, value: object) -> None: ...


def length(text: str) -> int:
    return len(text)


def handler(error: BaseException, unhandled: Unhandled) -> None:
    assert_type(unhandled.value, object)
    assert_type(unhandled.origin, str)


def test_a_writable_store_knows_the_type_of_its_value() -> None:
    store = WritableStore("text", on_unhandled=handler)
    assert_type(store, WritableStore[str])
    assert_type(store.value, str)
    assert_type(store.set("other"), None)
    assert_type(store.update(lambda text: text + "!"), None)
    store.update(str.upper)
    assert_type(store.close(), None)
    wide = WritableStore[int | None](None)
    assert_type(wide.value, int | None)


def test_select_takes_the_type_from_its_function() -> None:
    store = WritableStore("text")
    assert_type(store.select(length), Store[int])
    assert_type(store.select(lambda text: text.encode()), Store[bytes])
    assert_type(store.select(length).select(float).value, float)


def test_callbacks_are_checked_and_may_return_anything() -> None:
    store = WritableStore("text")
    label = Label()
    assert_type(store.subscribe(label.set_text), DisposableBase)
    assert_type(store.subscribe_weak(label.set_any), DisposableBase)
    store.subscribe_weak(label.set_text)
    store.subscribe(lambda text: text.upper(), None, lambda: 1)
    seen: list[str] = []
    store.subscribe(seen.append)
    store.select(length).subscribe(label.set_text)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def test_reading_types_are_covariant() -> None:
    initial = True

    def takes(store: Store[object], stream: EventStream[object]) -> None: ...

    def gives(store: WritableStore[bool]) -> Store[int]:
        return store

    takes(WritableStore[bool](initial), WritableEventStream[str]())
    assert_type(gives(WritableStore[bool](initial)).value, int)


def test_a_store_is_an_observable() -> None:
    def takes(source: Observable[str]) -> Observable[int]:
        return source.map(length)

    takes(WritableStore("text"))
    takes(WritableEventStream[str]())


def test_iteration_is_typed() -> None:
    store = WritableStore("text")
    assert_type(store.values(), AsyncGenerator[str, None])
    assert_type(store.values("all"), AsyncGenerator[str, None])
    assert_type(WritableEventStream[int]().values(), AsyncGenerator[int, None])


def test_streams_know_the_type_of_their_events() -> None:
    stream = WritableEventStream[int](on_unhandled=handler)
    assert_type(stream.emit(1), None)
    assert_type(stream.close(), None)
    stream.subscribe(lambda event: event.bit_length())


def test_a_read_only_store_cannot_be_written() -> None:
    store: Store[int] = WritableStore(0).select(abs)
    missing: Any = getattr(store, "set", None)
    assert missing is None
    attempts = (
        lambda: store.set(1),  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    )
    assert len(attempts) == 1


def test_on_unhandled_has_a_name() -> None:
    callback: OnUnhandled = handler
    assert callback is handler
