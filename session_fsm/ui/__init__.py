"""View models: what a user interface shows and does, without any toolkit.

Each model is made of a session, or of a replay, and is nothing but stores. A widget subscribes to
them and calls the model's methods; what it looks like is all that is left to it.

    >>> from session_fsm import Session, TokenSource
    >>> from session_fsm.ui import StatusModel
    >>> with StatusModel(Session(TokenSource.loopback())) as model:
    ...     print(model.status.value.sentence)
    Nothing is running.

A model belongs to the thread of its session's loop: it is made, used and closed there (before the
first start, anywhere). Its stores can be read and observed on every thread. It changes nothing of
the session but what its methods are asked to, and ends with ``close()``, or with the session.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from session_fsm.ui.control_bar import ControlBarModel as ControlBarModel
    from session_fsm.ui.controls import Control as Control
    from session_fsm.ui.controls import ControlName as ControlName
    from session_fsm.ui.diagram import ChartNow as ChartNow
    from session_fsm.ui.diagram import DiagramModel as DiagramModel
    from session_fsm.ui.diagram import Edge as Edge
    from session_fsm.ui.rows import RowInserted as RowInserted
    from session_fsm.ui.rows import RowRemoved as RowRemoved
    from session_fsm.ui.rows import RowsReplaced as RowsReplaced
    from session_fsm.ui.rows import RowUpdated as RowUpdated
    from session_fsm.ui.rows import TranscriptChange as TranscriptChange
    from session_fsm.ui.rows import TranscriptRow as TranscriptRow
    from session_fsm.ui.status import Severity as Severity
    from session_fsm.ui.status import Status as Status
    from session_fsm.ui.status import StatusModel as StatusModel
    from session_fsm.ui.status import explain as explain
    from session_fsm.ui.transcript import TranscriptModel as TranscriptModel
    from session_fsm.ui.visualizer import VisualizerFrame as VisualizerFrame
    from session_fsm.ui.visualizer import VisualizerModel as VisualizerModel

_HOMES: Final = {
    "ChartNow": "diagram",
    "Control": "controls",
    "ControlBarModel": "control_bar",
    "ControlName": "controls",
    "DiagramModel": "diagram",
    "Edge": "diagram",
    "RowInserted": "rows",
    "RowRemoved": "rows",
    "RowUpdated": "rows",
    "RowsReplaced": "rows",
    "Severity": "status",
    "Status": "status",
    "StatusModel": "status",
    "TranscriptChange": "rows",
    "TranscriptModel": "transcript",
    "TranscriptRow": "rows",
    "VisualizerFrame": "visualizer",
    "VisualizerModel": "visualizer",
    "explain": "status",
}
"""Public name -> module that has it."""

__all__ = [*_HOMES]  # noqa: PLE0604 # pyright: ignore[reportUnsupportedDunderAll] - written once


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
