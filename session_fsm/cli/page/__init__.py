"""A page on this machine on which a session, or a recorded one, lights up its charts."""

from __future__ import annotations

from session_fsm.cli.page.app import served as served
from session_fsm.cli.page.player import Player as Player
from session_fsm.cli.page.scene import Scene as Scene

__all__ = ["Player", "Scene", "served"]
