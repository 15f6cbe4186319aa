"""Event streams."""

from __future__ import annotations

from stores import EventStream, WritableEventStream


def test_events_reach_those_who_are_there() -> None:
    stream = WritableEventStream[int]()
    early: list[int] = []
    late: list[int] = []
    stream.subscribe(early.append)
    stream.emit(1)
    stream.subscribe(late.append)
    stream.emit(2)
    stream.emit(2)
    assert (early, late) == ([1, 2, 2], [2, 2])


def test_who_joins_during_an_event_gets_the_next_one() -> None:
    stream = WritableEventStream[int]()
    late: list[int] = []
    stream.subscribe(lambda event: stream.subscribe(late.append) if event == 1 else None)
    stream.emit(1)
    assert late == []
    stream.emit(2)
    assert late == [2]


def test_who_is_disposed_during_an_event_gets_nothing_more() -> None:
    stream = WritableEventStream[int]()
    seen: list[int] = []
    stream.subscribe(lambda _: subscription.dispose())
    subscription = stream.subscribe(seen.append)
    stream.emit(1)
    stream.emit(2)
    assert seen == []


def test_close_completes_and_ends_it() -> None:
    stream = WritableEventStream[int]()
    seen: list[object] = []
    stream.subscribe(seen.append, None, lambda: seen.append("done"))
    stream.emit(1)
    stream.close()
    stream.close()
    stream.emit(2)
    assert seen == [1, "done"]
    late: list[object] = []
    stream.subscribe(late.append, None, lambda: late.append("done"))
    assert late == ["done"]


def test_close_waits_for_its_turn() -> None:
    stream = WritableEventStream[int]()
    seen: list[object] = []

    def end(event: int) -> None:
        if event == 1:
            stream.emit(2)
            stream.close()
            stream.emit(3)

    stream.subscribe(end)
    stream.subscribe(seen.append, None, lambda: seen.append("done"))
    stream.emit(1)
    assert seen == [1, 2, "done"]


def test_a_weak_subscription_to_a_stream() -> None:
    class Widget:
        def __init__(self) -> None:
            self.seen: list[int] = []

        def refresh(self, event: int) -> None:
            self.seen.append(event)

    stream = WritableEventStream[int]()
    widget = Widget()
    stream.subscribe_weak(widget.refresh)
    stream.emit(1)
    assert widget.seen == [1]
    del widget
    assert repr(stream) == "<WritableEventStream observers: 0>"


def test_repr_says_how_many_observe_and_whether_it_is_closed() -> None:
    stream = WritableEventStream[int]()
    stream.subscribe()
    assert repr(stream) == "<WritableEventStream observers: 1>"
    stream.close()
    assert repr(stream) == "<WritableEventStream closed>"


def test_a_stream_has_no_way_to_write() -> None:
    public = {name for name in dir(EventStream) if not name.startswith("_")}
    assert not public & {"emit", "close", "on_next", "on_completed", "dispose"}
