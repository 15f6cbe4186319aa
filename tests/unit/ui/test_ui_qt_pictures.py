"""Pictures of the window of Qt in five states; SESSION_FSM_SCREENSHOTS names their folder."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("PySide6.QtWidgets", exc_type=ImportError)
pytest.importorskip("qasync")

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage, QPalette

from peers.qt_window import OnQasync
from session_fsm import Session, SilenceInput, TokenSource
from session_fsm.testing import ScriptedAgent
from session_fsm.ui.qt import BarVisualizer

if TYPE_CHECKING:
    from collections.abc import Callable

RGB = QImage.Format.Format_RGB32
SIZES = [(900, 600), (320, 480)]
PALETTES = {"light": ("#efefef", "#efefef", "#ffffff"), "dark": ("#3c3f41", "#2b2d30", "#1e1f22")}
"""Theme -> the colours of buttons, of windows and of lists; Qt makes the others go with them."""
ANSWERS = {
    "What is the weather in Paris?": "In Paris it is sunny, with 21 degrees. It stays dry until "
    "tomorrow evening; then a few showers come in from the west.",
    "And in Rome?": "Rome has 27 degrees and not a cloud. You could have dinner outside.",
}


async def asked(ui: OnQasync, question: str) -> None:
    ui.input.setFocus()
    ui.type(question)
    answer = f"Agent: {ANSWERS[question]}"
    await ui.until(lambda: answer in ui.rows and ui.status.startswith("The agent listens"))


async def connecting(ui: OnQasync) -> None:
    ui.key(Qt.Key.Key_F4)
    await ui.until(lambda: ui.status.startswith("Waiting for the agent."))


async def listening(ui: OnQasync) -> None:
    ui.key(Qt.Key.Key_F4)
    await ui.until(lambda: ui.status.startswith("The agent listens"))
    await asked(ui, "What is the weather in Paris?")
    bars = ui.part(BarVisualizer)
    await ui.until(lambda: bool(bars.frame.highlighted))


async def speaking(ui: OnQasync) -> None:
    await listening(ui)
    ui.type("And in Rome?")
    await ui.until(lambda: ui.rows[-1].startswith("Agent: Rome has 27"))
    bars = ui.part(BarVisualizer)
    await ui.until(lambda: len(bars.frame.highlighted) == len(bars.frame.heights))


async def failed(ui: OnQasync) -> None:
    ui.key(Qt.Key.Key_F4)
    await ui.until(lambda: ui.status.startswith("No agent came. Try"))


async def finished(ui: OnQasync) -> None:
    await listening(ui)
    await asked(ui, "And in Rome?")
    ui.key(Qt.Key.Key_F4)
    await ui.until(lambda: ui.status.startswith("The session has ended."))


STATES: dict[Callable[[OnQasync], Any], dict[str, Any]] = {
    connecting: {"join_after": 1e6},
    listening: {},
    speaking: {},
    failed: {"join_after": None},
    finished: {},
}
"""How to get there, and what the agent is like."""


def small(picture: QImage) -> QImage:
    """The same in its 256 most frequent colours."""
    pixels = np.frombuffer(picture.convertToFormat(RGB).constBits(), np.uint32)
    colours, counts = np.unique(pixels, return_counts=True)
    table = [int(one) for one in colours[np.argsort(-counts)][:256]]
    plain = Qt.ImageConversionFlag.ThresholdDither
    return picture.convertToFormat(QImage.Format.Format_Indexed8, table, plain)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("theme", PALETTES)
@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
def test_pictures(state: Callable[[OnQasync], Any], theme: str, size: tuple[int, int]) -> None:
    folder = os.environ.get("SESSION_FSM_SCREENSHOTS")
    if not folder:
        pytest.skip("SESSION_FSM_SCREENSHOTS names no folder for pictures")
    width, height = size
    name = f"qt-{state.__name__}-{theme}{'' if width == 900 else f'-{width}'}.png"
    ui = OnQasync()
    before = ui.app.palette()
    button, window, base = map(QColor, PALETTES[theme])
    palette = QPalette(button, window)
    palette.setColor(QPalette.ColorRole.Base, base)
    palette.setColor(QPalette.ColorRole.Highlight, QColor("#1f6fc0"))
    ui.app.setPalette(palette)

    async def portrayed() -> None:
        agent = ScriptedAgent(
            reply=lambda text: ANSWERS[text], word_every=0.05, think_for=0.1, **STATES[state]
        )
        timeout = 0.5 if state is failed else 60
        session = Session(TokenSource.loopback(agent), agent_timeout=timeout)
        try:
            await ui.open(session, size, microphone=SilenceInput())
            await state(ui)
            picture = ui.view.grab().toImage()
            ratio = picture.devicePixelRatio()
            assert (picture.width(), picture.height()) == (width * ratio, height * ratio)
            assert small(picture).save(str(Path(folder) / name))
        finally:
            await session.close()
            ui.drop()
            ui.app.setPalette(before)

    ui.run(portrayed())
