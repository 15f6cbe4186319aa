"""What diagrams and logs follow."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - a NamedTuple's annotations are looked at
from typing import NamedTuple


class Transition(NamedTuple):
    """A chart has moved.

    Attributes:
        machine: ``"session"``, ``"connection"``, ``"agent"``, ``"microphone"``, ``"camera"`` or
            ``"screen_share"``.
        trigger: The trigger that was fired.
        source: The state before.
        dest: The state after.
        seq: ``seq`` of the snapshot that shows it; the transitions of one step share it.
        epoch: The run that it belongs to.
        at: When it happened; aware, UTC.
    """

    machine: str
    trigger: str
    source: str
    dest: str
    seq: int
    epoch: int
    at: datetime
