"""Widgets for Qt over the view models: a whole session in one, or its parts.

    from session_fsm.ui.qt import AgentSessionView

    window = AgentSessionView(session)  # a Session of qasync's loop, or a SessionThread
    window.show()

Needs ``pip install 'session-fsm[qt]'``. Their colours are those of the palette, light or dark.
"""

from __future__ import annotations

from stores.extras import needed_for

with needed_for("session_fsm.ui.qt", "PySide6", "pip install 'session-fsm[qt]'"):
    import PySide6 as PySide6

from session_fsm.ui.qt.agent_session_view import AgentSessionView as AgentSessionView
from session_fsm.ui.qt.bar_visualizer import BarVisualizer as BarVisualizer
from session_fsm.ui.qt.chat_transcript import ChatTranscript as ChatTranscript
from session_fsm.ui.qt.control_bar import ControlBar as ControlBar
from session_fsm.ui.qt.live_diagram import LiveDiagram as LiveDiagram
from session_fsm.ui.qt.state_lane import StateLane as StateLane
from session_fsm.ui.qt.status_line import StatusLine as StatusLine
from session_fsm.ui.qt.submit import Submit as Submit

__all__ = [
    "AgentSessionView",
    "BarVisualizer",
    "ChatTranscript",
    "ControlBar",
    "LiveDiagram",
    "StateLane",
    "StatusLine",
    "Submit",
]
