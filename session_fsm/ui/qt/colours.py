"""Colours that can be read on the palette's background, light or dark."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtGui import QColor, QPalette

from session_fsm.ui.status import Severity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from session_fsm.ui.rows import Side

SEVERITIES: Final[Mapping[Severity, tuple[str, str]]] = {
    Severity.INFO: ("#4a5058", "#b6bec8"),
    Severity.BUSY: ("#0a4ea0", "#8cc4ff"),
    Severity.READY: ("#0e5f28", "#7fe39a"),
    Severity.WARNING: ("#6f4400", "#f0c060"),
    Severity.ERROR: ("#9b1020", "#ffaaa3"),
}
"""Severity -> its colour on a light and on a dark background."""
SIDES: Final[Mapping[Side, tuple[str, str]]] = {
    "user": SEVERITIES[Severity.BUSY],
    "agent": SEVERITIES[Severity.READY],
    "other": SEVERITIES[Severity.INFO],
}
"""Who speaks -> the colour of the name."""
MIDDLE: Final = 128


def of(pair: tuple[str, str], palette: QPalette) -> QColor:
    """Return the colour of the two that can be read."""
    return QColor(pair[is_dark(palette)])


def is_dark(palette: QPalette) -> bool:
    """Say whether the background is dark."""
    return palette.color(QPalette.ColorRole.Window).lightness() < MIDDLE


def muted(palette: QPalette) -> QColor:
    """Return the colour of what is less important."""
    return of(SEVERITIES[Severity.INFO], palette)


def faint(palette: QPalette, share: float) -> QColor:
    """Return the colour of texts, so far transparent that only a share of it is left."""
    colour = palette.color(QPalette.ColorRole.WindowText)
    colour.setAlphaF(share)
    return colour


def tint(palette: QPalette, share: float) -> QColor:
    """Return the colour of what is selected, thinly laid on."""
    colour = palette.color(QPalette.ColorRole.Highlight)
    colour.setAlphaF(share)
    return colour
