"""Public test tools: for this project, for extensions of it, and for user interfaces on it."""

from __future__ import annotations

from session_fsm.testing.cancel import cancel_everywhere as cancel_everywhere
from session_fsm.testing.explore import Exploration as Exploration
from session_fsm.testing.explore import Step as Step
from session_fsm.testing.explore import explore as explore
from session_fsm.testing.virtual_time import run_virtual as run_virtual
from session_fsm.testing.virtual_time import virtual_loop as virtual_loop
from session_fsm.transports.loopback import LoopbackNetwork as LoopbackNetwork
from session_fsm.transports.scripted import ScriptedAgent as ScriptedAgent

__all__ = [
    "Exploration",
    "LoopbackNetwork",
    "ScriptedAgent",
    "Step",
    "cancel_everywhere",
    "explore",
    "run_virtual",
    "virtual_loop",
]
