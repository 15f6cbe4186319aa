"""An agent for the tests of widgets: nobody waits for it."""

from __future__ import annotations

from typing import Any

from session_fsm.testing import ScriptedAgent

SOON = 0.01
"""Seconds."""


def agent(**how: Any) -> ScriptedAgent:
    quick = {
        "join_after": SOON,
        "initialize_for": SOON,
        "track_after": 0.0,
        "think_for": SOON,
        "word_every": SOON,
    }
    return ScriptedAgent(**{**quick, **how})
