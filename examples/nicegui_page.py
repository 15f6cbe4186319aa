"""A page by NiceGUI. Run: python examples/nicegui_page.py [TOKEN_ENDPOINT]

Without the URL of a token endpoint it talks to an agent in this very process.
"""

import os
import sys

from nicegui import ui as page

from session_fsm import Session, TokenSource, ui
from session_fsm.diagrams import mermaid
from stores.nicegui import bind

source = TokenSource.endpoint(sys.argv[1]) if sys.argv[1:] else TokenSource.loopback()


@page.page("/")
def talk() -> None:
    """Every visitor has a session of their own."""
    session = Session(source)
    page.context.client.on_delete(session.close)
    controls = ui.ControlBarModel(session, microphone=None, chat=False)
    status = page.label().classes("text-lg")
    bind(ui.StatusModel(session).status, status, lambda now: status.set_text(now.sentence))
    with page.row():
        for name in ("start", "end"):
            button = page.button(on_click=lambda name=name: controls.press(name))
            bind(controls.control(name), button, lambda now, one=button: show(one, now))
    with page.row().classes("w-full no-wrap"):
        rows = page.column().classes("w-1/2")
        chart = page.mermaid(mermaid(session, machine="agent")).classes("w-1/2 bg-white")

    async def send() -> None:
        text, line.value = line.value, ""
        await controls.send(text)

    def change(change: ui.TranscriptChange) -> None:
        match change:
            case ui.RowsReplaced(all_of_them):
                rows.clear()
                for row in all_of_them:
                    page.label(text_of(row))
            case ui.RowInserted(index, row):
                page.label(text_of(row)).move(rows, target_index=index)
            case ui.RowUpdated(index, row):
                list(rows)[index].set_text(text_of(row))
            case ui.RowRemoved(index):
                rows.remove(index)

    line = page.input("Write to the agent").on("keydown.enter", send).classes("w-full")
    bind(ui.TranscriptModel(session).changes, rows, change, "all")
    bind(session.agent.state, chart, lambda _: chart.set_content(mermaid(session, machine="agent")))


def text_of(row: ui.TranscriptRow) -> str:
    return f"{row.sender}: {row.text} {row.note}"


def show(button: page.button, control: ui.Control) -> None:
    button.set_text(control.label)
    button.set_enabled(control.is_enabled)
    button.set_visibility(control.is_visible)


if __name__ in {"__main__", "__mp_main__"}:
    page.run(port=int(os.environ.get("PORT", "8080")), dark=None, show=False, reload=False)
