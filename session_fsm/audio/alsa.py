"""The sound cards of Linux: which are plugged in, whoever uses them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from session_fsm.hardware.device import Device

CARDS: Final = Path("/proc/asound")
ON_A_CARD: Final = re.compile(r"\(hw:(\d+),\d+\)$")
"""How PortAudio ends the name of a device that it reaches without a sound server."""


def is_plugged_in(device: Device) -> bool:
    """Say whether a device is on a card that is there.

    One that is in use cannot be asked, and PortAudio then leaves it out of its list.
    """
    card = ON_A_CARD.search(device.name)
    return card is not None and (CARDS / f"card{card[1]}").exists()
