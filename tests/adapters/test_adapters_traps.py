"""What each toolkit has of its own."""

from __future__ import annotations

import asyncio
import gc
import importlib
import sys
import threading
import weakref
from typing import TYPE_CHECKING, Any

import pytest

from adapters.toolkits import running
from stores import WritableStore
from stores.deliver import deliver

if TYPE_CHECKING:
    from adapters.elsewhere import Elsewhere


def is_observed(store: WritableStore[Any]) -> bool:
    return bool(store._observers.slots)


@pytest.mark.parametrize(
    ("module", "package", "how"),
    [
        ("stores.qt", "PySide6", "pip install 'session-fsm[qt]'"),
        ("stores.textual", "textual", "pip install 'session-fsm[cli]'"),
        ("stores.nicegui", "nicegui", "pip install 'session-fsm[nicegui]'"),
        ("stores.tk", "tkinter", "install the system's python3-tk"),
    ],
)
def test_a_missing_toolkit_is_named_with_what_brings_it(
    module: str, package: str, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (package, f"{package}.QtCore", f"{package}.app"):
        monkeypatch.setitem(sys.modules, name, None)
    for name in (module, "stores.tk_calls"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    with pytest.raises(ImportError) as caught:
        importlib.import_module(module)
    assert str(caught.value) == f"{module} needs {package}: {how}"


# asyncio ------------------------------------------------------------------------------------------


def test_asyncio_binds_where_a_loop_runs() -> None:
    from stores.asyncio import bind  # noqa: PLC0415 - as a program would that has none

    with pytest.raises(RuntimeError, match="no running event loop"):
        bind(WritableStore(0), None, print)


def test_a_loop_that_is_closed_ends_it(elsewhere: Elsewhere) -> None:
    from stores.asyncio import bind  # noqa: PLC0415

    store, seen = WritableStore(0), list[int]()

    async def look() -> None:
        bind(store, None, seen.append)

    asyncio.run(look())
    elsewhere.do(store.set, 1)
    assert (seen, is_observed(store)) == ([0], False)


def test_whatever_runs_functions_on_its_thread_will_do(elsewhere: Elsewhere) -> None:
    store, seen, turns = WritableStore(0), list[int](), list[Any]()
    with deliver(store, seen.append, turns.append, mode="all"):
        for value in range(1, 1001):
            elsewhere.do(store.set, value)
        assert (seen, len(turns)) == ([0], 1)
        wakes = 0
        while turns:
            turns.pop(0)()
            wakes += 1
        assert (seen, wakes) == (list(range(1001)), 4)
    assert not is_observed(store)


# Textual ------------------------------------------------------------------------------------------


async def test_textual_binds_what_is_mounted() -> None:
    pytest.importorskip("textual")
    from textual.app import App  # noqa: PLC0415
    from textual.widgets import Label  # noqa: PLC0415

    from stores.textual import bind  # noqa: PLC0415

    app: App[None] = App()
    with pytest.raises(RuntimeError, match="call bind\\(\\) in its on_mount"):
        bind(WritableStore(0), app, print)
    async with app.run_test():
        with pytest.raises(RuntimeError, match="is not mounted: call bind\\(\\) in its on_mount"):
            bind(WritableStore(0), Label(), print)


async def test_textual_apps_own_subscriptions_until_they_exit(elsewhere: Elsewhere) -> None:
    pytest.importorskip("textual")
    from textual.app import App  # noqa: PLC0415

    from stores.textual import bind  # noqa: PLC0415

    store, seen = WritableStore(0), list[int]()

    class Owner(App[None]):
        def on_mount(self) -> None:
            bind(store, self, seen.append)

    async with asyncio.timeout(60), Owner().run_test() as pilot:
        elsewhere.do(store.set, 1)
        while seen != [0, 1]:
            await pilot.pause()
    elsewhere.do(store.set, 2)
    assert (seen, is_observed(store)) == ([0, 1], False)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="tasks are not eager before Python 3.12")
async def test_textual_owners_are_bound_before_their_task_is_known(elsewhere: Elsewhere) -> None:
    pytest.importorskip("textual")
    from textual.app import App  # noqa: PLC0415
    from textual.widgets import Label  # noqa: PLC0415

    from stores.textual import bind  # noqa: PLC0415

    store, seen = WritableStore(0), list[int]()

    class Shown(Label):
        def on_mount(self) -> None:
            bind(store, self, seen.append)

    loop = asyncio.get_running_loop()
    loop.set_task_factory(getattr(asyncio, "eager_task_factory"))  # noqa: B009 - not in 3.11
    app: App[None] = App()
    try:
        async with asyncio.timeout(60), app.run_test() as pilot:
            label = Shown()
            await app.mount(label)
            elsewhere.do(store.set, 1)
            while seen != [0, 1]:
                await pilot.pause()
            await label.remove()
            await pilot.pause()
            assert not is_observed(store)
    finally:
        loop.set_task_factory(None)


# Qt -----------------------------------------------------------------------------------------------


async def test_qt_binds_on_the_thread_of_the_owner_while_there_is_one(elsewhere: Elsewhere) -> None:
    async with running("qt") as ui:
        owner = await ui.owner()

        def bind_there() -> None:
            with pytest.raises(RuntimeError, match="lives on another thread: call bind"):
                ui.bind(WritableStore(0), owner, print)

        elsewhere.do(bind_there)
        await ui.destroy(owner)
        with pytest.raises(RuntimeError, match="destroyed by Qt already"):
            ui.bind(WritableStore(0), owner, print)


async def test_qt_has_nothing_kept_alive_by_its_own_method(elsewhere: Elsewhere) -> None:
    async with running("qt") as ui:
        from PySide6.QtWidgets import QLabel  # noqa: PLC0415

        class Shown(QLabel):
            def show_number(self, number: int) -> None:
                self.setText(str(number))

        store = WritableStore(0)
        labels = [Shown()]
        ui.bind(store, labels[0], labels[0].show_number)
        elsewhere.do(store.set, 1)
        await ui.until(lambda: labels[0].text() == "1")
        labels.clear()
        gc.collect()
        assert not is_observed(store)


async def test_qt_tells_while_a_dialog_of_the_callback_is_open(elsewhere: Elsewhere) -> None:
    async with running("qt") as ui:
        from PySide6.QtCore import QEventLoop  # noqa: PLC0415

        store, seen, dialog = WritableStore(0), list[int](), QEventLoop()

        def ask(value: int) -> None:
            seen.append(value)
            if value == 1:
                elsewhere.soon(store.set, 2)
                dialog.exec()
                seen.append(-1)
            elif value == 2:
                dialog.quit()

        ui.bind(store, await ui.owner(), ask, "all")
        elsewhere.do(store.set, 1)
        await ui.until(lambda: -1 in seen)
        assert seen == [0, 1, 2, -1]


# Tk -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["tk", "tk_polled"])
async def test_tk_windows_that_are_closed_end_all_that_is_in_them(
    name: str, elsewhere: Elsewhere, display: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISPLAY", display)
    store, other = WritableStore(0), WritableStore(0)
    go_on = threading.Event()

    def write_on() -> int:
        value = 0
        while not go_on.wait(0.001):  # faster than Tk, and Tk would never be done with it
            value += 1
            store.set(value)
        return value

    async with running(name) as ui:
        seen: list[int] = []
        ui.bind(store, await ui.owner(), seen.append, "all")
        inner = await ui.owner()
        ui.bind(other, inner, seen.append)
        writing = elsewhere.soon(write_on)
        await ui.until(lambda: len(seen) > 10)
        await ui.destroy(inner)
        assert (is_observed(store), is_observed(other)) == (True, False)
    at_the_end = store.value
    async with asyncio.timeout(60):
        while store.value < at_the_end + 5:  # noqa: ASYNC110 - the thread tells nobody
            await asyncio.sleep(0.001)
    go_on.set()
    assert writing.result(30) > at_the_end
    assert not is_observed(store)


async def test_tk_outlives_a_window_that_another_thread_collects(
    elsewhere: Elsewhere, display: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the adapter's care this ends the program."""
    monkeypatch.setenv("DISPLAY", display)
    async with running("tk") as ui:
        ui.bind(WritableStore(0), await ui.owner(), print)
        window = weakref.ref((await ui.owner()).nametowidget("."))
        ui.itself = ui  # a cycle, which only the collector takes apart
    del ui
    elsewhere.do(gc.collect)
    assert window() is None


async def test_tk_has_each_window_of_its_own(
    elsewhere: Elsewhere, display: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISPLAY", display)
    for _ in range(3):
        async with running("tk") as ui:
            store, seen = WritableStore(0), list[int]()
            ui.bind(store, await ui.owner(), seen.append)
            elsewhere.do(store.set, 1)
            await ui.until(lambda seen=seen: seen == [0, 1])


# NiceGUI ------------------------------------------------------------------------------------------


async def test_nicegui_pages_that_are_closed_end_all_that_is_in_them(elsewhere: Elsewhere) -> None:
    store, seen = WritableStore(0), list[int]()
    async with running("nicegui") as ui:
        owner = await ui.owner()
        ui.bind(store, owner, seen.append)
        ui.bind(store, owner.client, seen.append)
    assert not is_observed(store)
    with pytest.raises(RuntimeError, match="deleted already"):
        ui.bind(store, owner, seen.append)
    elsewhere.do(store.set, 1)
    assert seen == [0, 0]
