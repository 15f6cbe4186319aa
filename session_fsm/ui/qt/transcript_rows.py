"""The rows of a transcript as Qt's model of a list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, Qt

from session_fsm.ui.rows import RowInserted, RowRemoved, RowsReplaced, RowUpdated

if TYPE_CHECKING:
    from PySide6.QtCore import QPersistentModelIndex

    from session_fsm.ui.rows import TranscriptChange, TranscriptRow

Index: TypeAlias = "QModelIndex | QPersistentModelIndex"

NOWHERE: Final = QModelIndex()


class TranscriptRows(QAbstractListModel):
    """What `TranscriptModel.changes` tell, one after the other.

    Args:
        parent: Its owner.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: list[TranscriptRow] = []

    def take(self, change: TranscriptChange) -> None:
        """Carry out a change."""
        match change:
            case RowsReplaced(rows):
                self.beginResetModel()
                self.rows = list(rows)
                self.endResetModel()
            case RowInserted(index, row):
                self.beginInsertRows(NOWHERE, index, index)
                self.rows.insert(index, row)
                self.endInsertRows()
            case RowUpdated(index, row):
                self.rows[index] = row
                place = self.index(index)
                self.dataChanged.emit(place, place)
            case RowRemoved(index):
                self.beginRemoveRows(NOWHERE, index, index)
                del self.rows[index]
                self.endRemoveRows()

    def rowCount(  # noqa: N802 - Qt's name
        self, parent: Index = NOWHERE
    ) -> int:
        """Return how many rows there are."""
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return a row as text, for whoever cannot see it, and its time for the tooltip."""
        if not self.checkIndex(index, self.CheckIndexOption.IndexIsValid):
            return None
        row = self.rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return as_text(row)
        if role == Qt.ItemDataRole.ToolTipRole and row.time is not None:
            return f"{row.time.astimezone():%x %X}"
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Say that a message can be selected."""
        if not index.isValid() or self.rows[index.row()].is_thinking:
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEnabled


def as_text(row: TranscriptRow) -> str:
    """Return all that a row says."""
    said = f"{row.sender}: {row.text}{f' ({row.note})' if row.note else ''}"
    return "\n".join([said, *row.attachments])
