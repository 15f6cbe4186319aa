"""One line for each side: its state, how loud it is, and what it is called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual.containers import Horizontal
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Label

from session_fsm.ui.printable import printable

if TYPE_CHECKING:
    from textual.app import ComposeResult

FULL: Final = "▇"
EMPTY: Final = "▁"


class Level(Widget):
    """How loud something is, as a bar."""

    DEFAULT_CSS = """
    Level { width: 1fr; height: 1; color: $success; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._level = 0.0
        self._shown = 0

    def show(self, level: float) -> None:
        """Show a level from 0 to 1."""
        self._level = level
        if self._cells() != self._shown:
            self.refresh()

    def render(self) -> Content:
        """Draw the bar."""
        full = self._shown = self._cells()
        return Content.assemble(FULL * full, (EMPTY * (self.size.width - full), "$foreground 25%"))

    def _cells(self) -> int:
        return round(min(self._level, 1.0) * self.size.width)


class Side(Horizontal):
    """The user, or the agent.

    Args:
        title: Who it is.
        name: The widget's id.
    """

    DEFAULT_CSS = """
    Side { height: 1; padding: 0 1; }
    Side .title { width: 6; color: $text-muted; }
    Side .state { width: 22; text-style: bold; }
    Side .called {
        width: 30%;
        height: 1;
        margin-left: 1;
        color: $text-muted;
        text-wrap: nowrap;
        text-overflow: ellipsis;
    }
    Side .listening, Side .live { color: $success; }
    Side .speaking, Side .thinking { color: $text-accent; }
    Side .muted, Side .pre-connect-buffering { color: $warning; }
    Side .failed { color: $text-error; }
    """

    def __init__(self, title: str, name: str) -> None:
        super().__init__(id=name)
        self._title = title

    def compose(self) -> ComposeResult:
        """Lay out the line."""
        yield Label(self._title, classes="title")
        yield Label(classes="state")
        yield Level()
        yield Label(classes="called")

    def show_state(self, state: str) -> None:
        """Show what it does; a state has the colour of its name."""
        label = self.query_one(".state", Label)
        label.update(Content(state))
        label.set_classes(f"state {state}")

    def show_name(self, name: str | None) -> None:
        """Show what it is called."""
        self.query_one(".called", Label).update(Content(printable(name or "")))

    def show_level(self, level: float) -> None:
        """Show how loud it is."""
        self.query_one(Level).show(level)
