"""Widgets for Textual over the view models: a whole session in one, or its parts.

    from session_fsm.ui.textual import AgentSessionView

    class Talk(App[None]):
        def compose(self) -> ComposeResult:
            yield AgentSessionView(session)

Needs ``pip install 'session-fsm[cli]'``. Their colours are those of the app's theme.
"""

from __future__ import annotations

from stores.extras import needed_for

with needed_for("session_fsm.ui.textual", "textual", "pip install 'session-fsm[cli]'"):
    import textual as textual

from session_fsm.ui.textual.agent_session_view import AgentSessionView as AgentSessionView
from session_fsm.ui.textual.bar_visualizer import BarVisualizer as BarVisualizer
from session_fsm.ui.textual.chat_transcript import ChatTranscript as ChatTranscript
from session_fsm.ui.textual.control_bar import ControlBar as ControlBar
from session_fsm.ui.textual.live_diagram import LiveDiagram as LiveDiagram
from session_fsm.ui.textual.state_lane import StateLane as StateLane
from session_fsm.ui.textual.status_line import StatusLine as StatusLine

__all__ = [
    "AgentSessionView",
    "BarVisualizer",
    "ChatTranscript",
    "ControlBar",
    "LiveDiagram",
    "StateLane",
    "StatusLine",
]
