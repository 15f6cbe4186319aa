"""The three charts as lanes, and the flags: what is true now stands out, also without colours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual.containers import Horizontal, Vertical
from textual.widgets import Label

from session_fsm import charts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from textual.app import ComposeResult

ROWS: Final = (
    ("session", "session", charts.SESSION.states),
    ("connection", "connection", charts.CONNECTION.states),
    ("agent", "agent", charts.AGENT.states[:5]),
    ("", "agent", charts.AGENT.states[5:]),
)
"""Title, chart and states of each row: a row fits into 80 columns."""

SHOWN_FLAGS: Final = ("can_listen", "is_connected", "is_pending", "is_finished", "is_reconnecting")


COLOURS: Final = {"session": "$primary", "connection": "$success", "agent": "#b48ef0"}
"""Chart -> its colour, here and in the log."""


class Lanes(Vertical):
    """All states of the three charts, and the flags."""

    DEFAULT_CSS = f"""
    Lanes {{ height: auto; }}
    Lanes Horizontal {{ height: 1; }}
    Lanes .title {{ width: 11; color: $text-muted; }}
    Lanes .cell {{ width: auto; padding: 0 1; color: $text-disabled; }}
    Lanes .cell.left {{ color: $text; text-style: underline; }}
    Lanes .cell.now {{ text-style: bold reverse; }}
    Lanes .session.now {{ color: {COLOURS["session"]}; }}
    Lanes .connection.now {{ color: {COLOURS["connection"]}; }}
    Lanes .agent.now {{ color: {COLOURS["agent"]}; }}
    Lanes .flag.now {{ color: $warning; text-style: bold reverse; }}
    Lanes #connection-reconnecting.now, Lanes #agent-failed.now {{ color: $error; }}
    """

    def compose(self) -> ComposeResult:
        """Lay out the rows."""
        for title, chart, states in ROWS:
            with Horizontal():
                yield Label(title, classes="title")
                for state in states:
                    yield Label(state, id=f"{chart}-{state}", classes=f"cell {chart}")
        with Horizontal():
            yield Label("flags", classes="title")
            for flag in SHOWN_FLAGS:
                yield Label(flag, id=flag, classes="cell flag")

    def on_mount(self) -> None:
        """Show where every session begins."""
        for chart in (charts.SESSION, charts.CONNECTION, charts.AGENT):
            self.query_one(f"#{chart.name}-{chart.initial}").add_class("now")
        self.query_one("#is_finished").add_class("now")

    def move(self, chart: str, source: str, dest: str) -> None:
        """Show a transition."""
        self.query(f".{chart}").remove_class("now", "left")
        self.query_one(f"#{chart}-{source}").add_class("left")
        self.query_one(f"#{chart}-{dest}").add_class("now")

    def place(self, chart: str, state: str) -> None:
        """Show a state that was not reached by a transition."""
        self.query(f".{chart}").remove_class("now", "left")
        self.query_one(f"#{chart}-{state}").add_class("now")

    def flag(self, changed: Mapping[str, bool]) -> None:
        """Show flags that have changed."""
        for name in SHOWN_FLAGS:
            if name in changed:
                self.query_one(f"#{name}").set_class(changed[name], "now")
