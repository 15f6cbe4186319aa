"""The conversation, also a very long one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import (
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPoint,
    QRect,
    Qt,
)
from PySide6.QtGui import (
    QAction,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPalette,
    QRegion,
)
from PySide6.QtWidgets import QAbstractItemView, QPushButton, QWidget

from session_fsm.ui.qt.row_drawing import RowDrawing
from session_fsm.ui.qt.row_places import RowPlaces
from session_fsm.ui.qt.submit import Submit, call, to_this_loop
from session_fsm.ui.qt.transcript_rows import NOWHERE, TranscriptRows, as_text
from stores.qt import bind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PySide6.QtGui import QPaintEvent, QResizeEvent

    from session_fsm.ui.qt.transcript_rows import Index
    from session_fsm.ui.transcript import TranscriptModel

MARGIN: Final = 8
"""Pixels below the button that says how much is below."""
KEYS: Final[Mapping[int, str]] = {
    Qt.Key.Key_PageUp: "page_up",
    Qt.Key.Key_PageDown: "page_down",
    Qt.Key.Key_Home: "home",
    Qt.Key.Key_End: "end",
}
ALONE: Final = Qt.KeyboardModifier.KeypadModifier | Qt.KeyboardModifier.ControlModifier
"""With these a key means the same as alone."""


class ChatTranscript(QAbstractItemView):
    """The rows of a conversation. It stays at the end until the user scrolls away from there.

    Only what is in view is laid out, and where everything else is, is an estimate until then: it is
    as quick with ten thousand messages as with ten. Messages can be selected and copied.

    Args:
        model: What to show.
        submit: How to let the model know, on its thread, where the user has scrolled to.
        parent: The widget around it.
    """

    def __init__(
        self,
        model: TranscriptModel,
        submit: Submit = to_this_loop,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._transcript, self._submit = model, submit
        self._rows = TranscriptRows(self)
        self._follows = model.follows.value
        self._moves_itself = False
        self._drawing = self._new_drawing()
        self._places = RowPlaces(self._rows, self._drawing)
        self.setAccessibleName("Conversation")
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(self.ScrollMode.ScrollPerPixel)
        self.setSelectionMode(self.SelectionMode.ExtendedSelection)
        self.setEditTriggers(self.EditTrigger.NoEditTriggers)
        self._below = QPushButton(self)
        self._below.setObjectName("below")
        self._below.setAutoDefault(False)
        self._below.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._below.hide()
        self._below.clicked.connect(self.jump_to_end)
        self._offer_copying()
        self.setModel(self._rows)
        bind(model.changes, self._rows, self._rows.take, "all")
        bind(model.unseen, self, self._tell_unseen)
        bind(model.follows, self, self._follow)

    # What the user does -------------------------------------------------------------------------

    def jump_to_end(self) -> None:
        """Go to the end, and stay there."""
        if self._below.hasFocus():
            self.setFocus()
        self._follows = True
        self._settle()
        call(self._submit, self._transcript.jump_to_end)

    def copy(self) -> None:
        """Copy the selected messages."""
        places = sorted(index.row() for index in self.selectedIndexes())
        texts = [as_text(self._rows.rows[place]) for place in places]
        if texts:
            QGuiApplication.clipboard().setText("\n".join(texts))

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Scroll by pages; the arrows go from message to message."""
        bar, is_alone = self.verticalScrollBar(), not event.modifiers() & ~ALONE
        match KEYS.get(event.key()) if is_alone else None:
            case "page_up":
                bar.setValue(bar.value() - bar.pageStep())
            case "page_down":
                bar.setValue(bar.value() + bar.pageStep())
            case "home":
                bar.setValue(0)
            case "end":
                self.jump_to_end()
            case _:
                super().keyPressEvent(event)

    def keyboardSearch(self, search: str) -> None:  # noqa: N802 - Qt's name
        """Search nothing: it would go through all rows for each key."""

    def _offer_copying(self) -> None:
        action = QAction("&Copy", self)
        action.setShortcut(QKeySequence.StandardKey.Copy)
        action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        action.triggered.connect(self.copy)
        self.addAction(action)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)

    # Following the end --------------------------------------------------------------------------

    def scrollContentsBy(self, dx: int, dy: int) -> None:  # noqa: N802 - Qt's name
        """Go where the user has scrolled to."""
        del dx
        if self._moves_itself:
            return
        bar = self.verticalScrollBar()
        if abs(dy) <= 2 * bar.pageStep():
            # From what is in view, so that nothing jumps where heights were estimates.
            self._places.go_by(bar.value() + dy, -dy)
        else:
            self._places.go_to(bar.value())
        self._scrolled(at_end=bar.value() >= bar.maximum())

    def _scrolled(self, *, at_end: bool) -> None:
        """Take note of it at once, and let the model know."""
        before, self._follows = self._follows, at_end
        self._settle()
        bar = self.verticalScrollBar()
        self._follows = at_end = bar.value() >= bar.maximum()
        if at_end is not before:
            note = self._transcript.scrolled
            call(self._submit, lambda: note(at_end=at_end))

    def _follow(self, follows: bool) -> None:  # noqa: FBT001 - the value of a store
        if not follows and self._follows:
            self._places.go_to(self.verticalOffset())
        self._follows = follows
        self.scheduleDelayedItemsLayout()

    def _tell_unseen(self, unseen: int) -> None:
        self._below.setText(f"{unseen} new below ↓")
        self._below.setVisible(unseen > 0)
        self._place_button()

    # The rows -----------------------------------------------------------------------------------

    def reset(self) -> None:
        """Take all rows anew."""
        super().reset()
        self._estimate_all()

    def rowsInserted(self, parent: Index, start: int, end: int) -> None:  # noqa: N802 - Qt's name
        """Make room."""
        self._places.inserted(start, end)
        super().rowsInserted(parent, start, end)
        self.scheduleDelayedItemsLayout()

    def rowsAboutToBeRemoved(self, parent: Index, start: int, end: int) -> None:  # noqa: N802 - Qt's name
        """Take rows out."""
        super().rowsAboutToBeRemoved(parent, start, end)
        self._places.removed(start, end)
        self.scheduleDelayedItemsLayout()

    def dataChanged(  # noqa: N802 - Qt's name
        self, top_left: Index, bottom_right: Index, roles: Any = ()
    ) -> None:
        """Make room for a text that grows."""
        del bottom_right, roles
        self._places.changed(top_left.row())
        self.scheduleDelayedItemsLayout()

    # Where everything is ------------------------------------------------------------------------

    def doItemsLayout(self) -> None:  # noqa: N802 - Qt's name
        """Lay out what is in view; Qt calls it once for many changes."""
        super().doItemsLayout()
        self._settle()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Wrap the texts anew when the width is another."""
        super().resizeEvent(event)
        if event.oldSize().width() != event.size().width():
            self._draw_anew()
        self._settle()
        bar = self.verticalScrollBar()
        if not self._follows and bar.value() >= bar.maximum():
            self.jump_to_end()  # there is room for the end, too
        self._place_button()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Take on another theme or font."""
        super().changeEvent(event)
        if event.type() in {QEvent.Type.PaletteChange, QEvent.Type.FontChange}:
            self._draw_anew()

    def _new_drawing(self) -> RowDrawing:
        return RowDrawing(self.font(), self.palette(), self.viewport().width())

    def _draw_anew(self) -> None:
        self._drawing = self._new_drawing()
        self._estimate_all()

    def _estimate_all(self) -> None:
        self._places.estimate_all(self._drawing)
        self.scheduleDelayedItemsLayout()

    def _settle(self) -> None:
        """Lay out what is in view, and make room for all rows."""
        if len(self._places) != len(self._rows.rows):
            return
        self._moves_itself = True
        try:
            bar, height = self.verticalScrollBar(), self.viewport().height()
            places = self._places
            value = places.lay_out_end(height) if self._follows else places.lay_out(height)
            bar.setRange(0, max(self._places.total - height, 0))
            bar.setPageStep(height)
            bar.setSingleStep(self.fontMetrics().height())
            bar.setValue(value)
        finally:
            self._moves_itself = False
        self.viewport().update()

    def _place_button(self) -> None:
        size, room = self._below.sizeHint(), self.viewport().geometry()
        self._below.resize(size)
        left = room.left() + (room.width() - size.width()) // 2
        self._below.move(left, room.bottom() - size.height() - MARGIN)

    # What Qt asks of every view -----------------------------------------------------------------

    def visualRect(self, index: Index) -> QRect:  # noqa: N802 - Qt's name
        """Return where a row is in the viewport."""
        if not index.isValid() or index.row() >= len(self._places):
            return QRect()
        top = self._places.top(index.row()) - self.verticalOffset()
        return QRect(0, top, self.viewport().width(), self._places.height(index.row()))

    def indexAt(self, point: QPoint) -> QModelIndex:  # noqa: N802 - Qt's name
        """Return the row that is there."""
        return self._rows.index(self._places.at(point.y() + self.verticalOffset()))

    def scrollTo(  # noqa: N802 - Qt's name
        self,
        index: Index,
        hint: QAbstractItemView.ScrollHint = QAbstractItemView.ScrollHint.EnsureVisible,
    ) -> None:
        """Bring a row into view, unless it fills all of it."""
        del hint
        where, room = self.visualRect(index), self.viewport().height()
        if where.height() > room and where.bottom() >= 0 and where.top() < room:
            return
        row = index.row()
        if where.top() < 0 or where.height() > room:
            self._places.go_from(row, 0)
        elif where.bottom() >= room:
            self._places.go_from(row, self._places.measure(row) - room)
        else:
            return
        self._scrolled(at_end=False)

    def moveCursor(  # noqa: N802 - Qt's name
        self, action: QAbstractItemView.CursorAction, modifiers: Qt.KeyboardModifier
    ) -> QModelIndex:
        """Return the message above or below the current one; the last in view to begin with."""
        del modifiers
        now, last = self.currentIndex(), len(self._rows.rows) - 1
        actions = QAbstractItemView.CursorAction
        step = {actions.MoveUp: -1, actions.MoveDown: 1}.get(action, 0)
        if now.isValid():
            return self._rows.index(min(max(now.row() + step, 0), last))
        lowest = self._places.at(self.verticalOffset() + self.viewport().height() - 1)
        return self._rows.index(min(lowest, last))

    def setSelection(  # noqa: N802 - Qt's name
        self, rect: QRect, command: QItemSelectionModel.SelectionFlag
    ) -> None:
        """Select all rows of which there is something in a rectangle."""
        rows = self._in(rect.normalized())
        chosen = QItemSelection()
        if rows:
            chosen.select(self._rows.index(rows[0]), self._rows.index(rows[-1]))
        self.selectionModel().select(chosen, command)

    def visualRegionForSelection(self, selection: QItemSelection) -> QRegion:  # noqa: N802 - Qt's name
        """Return where the selected rows are, as far as they are in view."""
        seen = self._in(self.viewport().rect())
        region = QRegion()
        for place in seen:
            if selection.contains(self._rows.index(place)):
                region += self.visualRect(self._rows.index(place))
        return region

    def isIndexHidden(self, index: Index) -> bool:  # noqa: N802 - Qt's name
        """Say that no row is hidden."""
        del index
        return False

    def horizontalOffset(self) -> int:  # noqa: N802 - Qt's name
        """Return nothing: texts are wrapped."""
        return 0

    def verticalOffset(self) -> int:  # noqa: N802 - Qt's name
        """Return how much is above of what is in view."""
        return self.verticalScrollBar().value()

    def _in(self, rect: QRect) -> range:
        """Return the rows of which there is something in a rectangle of the viewport."""
        first = self._places.at(rect.top() + self.verticalOffset())
        last = self._places.at(rect.bottom() + self.verticalOffset())
        return range(first, min(last + 1, len(self._places)))

    # Drawing ------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw what is in view."""
        self.executeDelayedItemsLayout()
        current = self.currentIndex().row() if self.hasFocus() else -1
        with QPainter(self.viewport()) as painter:
            for place in self._in(event.rect()):
                where = self.visualRect(self._rows.index(place))
                is_selected = self.selectionModel().isRowSelected(place, NOWHERE)
                laid = self._drawing.laid_out(self._rows.rows[place])
                self._drawing.paint(painter, laid, where.top(), is_selected=is_selected)
                if place == current:
                    painter.setPen(self.palette().color(QPalette.ColorRole.Highlight))
                    painter.drawRect(where.adjusted(0, 0, -1, -1))
