"""Recordings of sessions: what happened, as lines of JSON, and the same snapshots made of it again.

from session_fsm.recording import Replay, record

with record(session, "call.jsonl"):
    ...
with Replay("call.jsonl") as replay:
    await replay.play()
"""

from __future__ import annotations

from session_fsm.recording.opaque import StandIn as StandIn
from session_fsm.recording.recorder import Recorder as Recorder
from session_fsm.recording.recorder import record as record
from session_fsm.recording.replay import Replay as Replay

__all__ = ["Recorder", "Replay", "StandIn", "record"]
