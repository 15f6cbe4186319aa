"""The conversation, also a very long one."""

from __future__ import annotations

from bisect import bisect_right
from itertools import takewhile
from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual.binding import Binding
from textual.content import Content
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual

from session_fsm.ui.printable import printable
from session_fsm.ui.rows import RowInserted, RowRemoved, RowsReplaced, RowUpdated
from stores.textual import bind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from textual.app import App
    from textual.binding import BindingType

    from session_fsm.ui.rows import TranscriptChange, TranscriptRow
    from session_fsm.ui.transcript import TranscriptModel

SENDER: Final = 7
"""Cells for the name of whoever speaks."""
NARROW: Final = 32
"""Below this width the name has a line of its own."""
SENDERS: Final[Mapping[str, str]] = {"user": "$text-primary bold", "agent": "$text-accent bold"}
"""Side -> the style of its name."""
ATTACHMENT: Final = "+ "
CURSOR: Final = " ▌"
"""Stands behind a text that will go on."""
KEPT: Final = 1_000
"""So many rows are kept as they were drawn."""


class ChatTranscript(ScrollView, can_focus=True):
    """The rows of a conversation. It stays at the end until the user scrolls away from there.

    Only what is in view is drawn, so that it is as quick with ten thousand messages as with ten.

    Args:
        model: What to show.
    """

    DEFAULT_CSS = """
    ChatTranscript { height: 1fr; padding: 0; scrollbar-size-vertical: 1; overflow: hidden scroll; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("end", "newest", "Newest", show=False)]

    def __init__(self, model: TranscriptModel) -> None:
        super().__init__()
        self._model = model
        self._rows: list[TranscriptRow] = []
        self._ends: list[int] = []
        self._drawn: dict[str, tuple[TranscriptRow, list[Strip]]] = {}
        self._width = 0
        self._moves_itself = False

    @property
    def rows(self) -> tuple[TranscriptRow, ...]:
        """What it shows, also above and below of what is in view."""
        return tuple(self._rows)

    def on_mount(self) -> None:
        """Begin to look."""
        bind(self._model.changes, self, self._take, "all")
        bind(self._model.unseen, self, self._tell_unseen)
        bind(self._model.follows, self, self._follow)
        app: App[Any] = self.app  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        app.theme_changed_signal.subscribe(self, lambda _: self._draw_anew())

    def on_resize(self) -> None:
        """Wrap all texts anew when the width is another."""
        if self.scrollable_content_region.width != self._width:
            self._draw_anew()
        self._settle()

    def action_newest(self) -> None:
        """Go to the end, and stay there."""
        self._model.jump_to_end()

    # The rows -----------------------------------------------------------------------------------

    def _take(self, change: TranscriptChange) -> None:
        match change:
            case RowsReplaced(rows):
                self._rows = list(rows)
                self._measure_all()
            case RowInserted(index, row):
                self._rows.insert(index, row)
                self._ends.insert(index, self._end_of(index - 1))
                self._grow(index, self._height(row))
            case RowUpdated(index, row):
                before = self._end_of(index) - self._end_of(index - 1)
                shown = self._drawn.get(row.id)
                self._rows[index] = row
                # What was drawn will be drawn again: then its lines need not be counted first.
                height = self._height(row) if shown is None else len(self._lines(row))
                if height == before and shown is not None:
                    self._refresh_row(index, shown[1])
                    return
                self._grow(index, height - before)
            case RowRemoved(index):
                before = self._end_of(index) - self._end_of(index - 1)
                self._grow(index, -before)
                del self._rows[index], self._ends[index]
        self._settle()

    def _end_of(self, index: int) -> int:
        return self._ends[index] if index >= 0 else 0

    def _refresh_row(self, index: int, shown: list[Strip]) -> None:
        """Draw the lines of a row that have changed: mostly the last one, of many."""
        lines = self._lines(self._rows[index])
        same = takewhile(lambda pair: pair[0] == pair[1], zip(shown, lines, strict=False))
        first = sum(1 for _ in same)
        top = self._end_of(index - 1) + first - self.scroll_offset.y
        self.refresh(Region(0, top, self._width, len(lines) - first))

    def _grow(self, index: int, lines: int) -> None:
        if lines:
            for place in range(index, len(self._ends)):
                self._ends[place] += lines

    def _measure_all(self) -> None:
        self._ends, end = [], 0
        for row in self._rows:
            end += self._height(row)
            self._ends.append(end)

    def _draw_anew(self) -> None:
        self._width = self.scrollable_content_region.width
        self._drawn.clear()
        self._measure_all()
        self._settle()

    def _settle(self) -> None:
        """Make room for all lines, and go to the end if that is where the user is."""
        self._moves_itself = True
        try:
            # Set like this, a line more does not have the whole screen laid out anew: 15 ms.
            height = self._end_of(len(self._ends) - 1)
            self.set_reactive(ScrollView.virtual_size, Size(self._width, height))  # pyright: ignore[reportArgumentType]
            self.vertical_scrollbar.window_virtual_size = height
            if self._model.follows.value:
                self.scroll_to(y=self.max_scroll_y, animate=False, immediate=True, force=True)
        finally:
            self._moves_itself = False
        self.refresh()

    # Following the end --------------------------------------------------------------------------

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Let the model know where the user has scrolled to."""
        super().watch_scroll_y(old_value, new_value)
        if not self._moves_itself:
            self._model.scrolled(at_end=new_value >= self.max_scroll_y)

    def _follow(self, follows: bool) -> None:  # noqa: FBT001 - the value of a store
        if follows:
            self._settle()

    def _tell_unseen(self, unseen: int) -> None:
        self.border_subtitle = f"{unseen} new below: end" if unseen else ""

    # Drawing ------------------------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        """Draw one line of what is in view."""
        line = y + self.scroll_offset.y
        index = bisect_right(self._ends, line)
        style = self.visual_style.rich_style
        if index >= len(self._rows):
            return Strip.blank(self._width, style)
        lines = self._lines(self._rows[index])
        place = line - self._end_of(index - 1)
        strip = lines[place] if place < len(lines) else Strip.blank(self._width, style)
        return strip.adjust_cell_length(self._width, style)

    def _lines(self, row: TranscriptRow) -> list[Strip]:
        known = self._drawn.get(row.id)
        if known is not None and known[0] is row:
            return known[1]
        if len(self._drawn) > KEPT:
            self._drawn.clear()
        name = Content.styled(printable(row.sender), SENDERS.get(row.side, "$text-muted bold"))
        if self._is_narrow:
            lines = [*self._strips(name, self._width), *self._strips(_said(row), self._width)]
        else:
            said = self._strips(_said(row), self._width - SENDER)
            names = self._strips(name.truncate(SENDER - 1, ellipsis=True, pad=True), SENDER)
            style = self.visual_style.rich_style
            blank = Strip.blank(SENDER, style)
            first = names[0].adjust_cell_length(SENDER, style)
            lines = [
                Strip.join([blank if number else first, strip]) for number, strip in enumerate(said)
            ]
        self._drawn[row.id] = row, lines
        return lines

    def _strips(self, content: Content, width: int) -> list[Strip]:
        return Visual.to_strips(self, content, max(width, 1), None, self.visual_style)

    @property
    def _is_narrow(self) -> bool:
        return self._width < NARROW

    def _height(self, row: TranscriptRow) -> int:
        """Return how many lines it takes; most rows are a line, and wrapping takes its time."""
        if not self._width:
            return 1
        said = _said(row)
        width = self._width if self._is_narrow else self._width - SENDER
        text = said.plain
        if len(text) <= width and text.isascii() and "\n" not in text:
            lines = 1
        else:
            lines = len(said.wrap(max(width, 1)))
        return lines + self._is_narrow


def _said(row: TranscriptRow) -> Content:
    parts: list[str | tuple[str, str]] = [printable(row.text, keep="\n")]
    if row.is_thinking or row.restored:
        parts = [(str(parts[0]), "$text-muted italic")]
    elif not row.is_final:
        parts.append((CURSOR, "$text-muted"))
    if row.note:
        parts.append((f"  {row.note}", "$text-error" if "not" in row.note else "$text-muted"))
    parts += [(f"\n{ATTACHMENT}{line}", "$text-muted") for line in _printable(row.attachments)]
    return Content.assemble(*parts)


def _printable(lines: Iterable[str]) -> list[str]:
    return [printable(line) for line in lines]
