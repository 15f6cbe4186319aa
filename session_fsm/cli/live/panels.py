"""The transcript, and the log of transitions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Label, Static

from session_fsm.cli.live.lanes import COLOURS
from session_fsm.ui.printable import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from textual.app import ComposeResult

MOST_ENTRIES: Final = 200
"""Older entries of the log are dropped."""

MARKS: Final = {"sending": " …", "sent": " ✓", "failed": " ✗ not sent"}
"""Status of an own message -> what is shown behind it."""


class Row(Horizontal):
    """One message, or a note."""

    DEFAULT_CSS = f"""
    Row {{ height: auto; }}
    Row .sender {{ width: 7; color: $text-muted; }}
    Row.user .sender {{ color: {COLOURS["session"]}; text-style: bold; }}
    Row.agent .sender {{ color: {COLOURS["agent"]}; text-style: bold; }}
    Row.note .text {{ color: $text-muted; text-style: italic; }}
    Row .text {{ width: 1fr; }}
    """

    def __init__(self, sender: str, text: Content) -> None:
        kind = sender if sender in {"user", "agent", ""} else "other"
        super().__init__(classes=kind or "note")
        self._sender = "you" if sender == "user" else sender
        self._text = Static(text, classes="text")

    def compose(self) -> ComposeResult:
        """Lay out sender and text."""
        yield Label(Content(self._sender), classes="sender")
        yield self._text

    def show(self, text: Content) -> None:
        """Replace the text."""
        self._text.update(text)


class Transcript(VerticalScroll, can_focus=False):
    """The conversation; every message keeps its place and grows there."""

    def __init__(self) -> None:
        super().__init__(id="transcript")
        self.border_title = "conversation"
        self._rows: dict[str, Row] = {}

    def on_mount(self) -> None:
        """Stay at the end."""
        self.anchor()

    def tell(self, message: Mapping[str, Any]) -> None:
        """Show a message as it is now."""
        text = _text_of(message)
        row = self._rows.get(message["id"])
        if row is None:
            row = self._rows[message["id"]] = Row(message["sender"], text)
            self.mount(row)
        else:
            row.show(text)

    def note(self, text: str) -> None:
        """Show something that nobody said."""
        self.mount(Row("", Content(printable(text))))

    def clear(self) -> None:
        """Begin anew."""
        self._rows.clear()
        self.remove_children()


def _text_of(message: Mapping[str, Any]) -> Content:
    text = printable(str(message["text"]).strip(), keep="\n")
    if not message["final"]:
        return Content.assemble(text, (" ▌", "dim"))
    mark = MARKS.get(message["status"] or "", "")
    return Content.assemble(text, (mark, "$error" if message["status"] == "failed" else "dim"))


class Log(VerticalScroll, can_focus=False):
    """The transitions of all charts."""

    def __init__(self) -> None:
        super().__init__(id="log")
        self.border_title = "transitions"

    def on_mount(self) -> None:
        """Stay at the end."""
        self.anchor()

    def add(self, seconds: float, transition: Mapping[str, Any]) -> None:
        """Show a transition."""
        entry = Content.assemble(
            (f"{seconds:5.1f} ", "dim"),
            (transition["trigger"], COLOURS[transition["machine"]]),
            (f"\n      {transition['source']} → {transition['dest']}", "dim"),
        )
        self.mount(Static(entry))
        for old in list(self.children)[:-MOST_ENTRIES]:
            old.remove()

    def clear(self) -> None:
        """Begin anew."""
        self.remove_children()
