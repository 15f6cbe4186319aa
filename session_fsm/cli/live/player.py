"""The live view of a recording: what the demo shows, with keys to play, pause, and go back."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar, Final

from textual.app import App
from textual.binding import Binding
from textual.widgets import Footer, Label

from session_fsm.cli.exit_codes import ExitCode
from session_fsm.cli.live.app import LiveDemo
from session_fsm.errors import RecordingError
from session_fsm.ui.textual import AgentSessionView
from stores.textual import bind

if TYPE_CHECKING:
    from collections.abc import Generator

    from textual.app import ComposeResult
    from textual.binding import BindingType

    from session_fsm.recording import Replay

JUMP: Final = 5.0
"""Seconds that one key goes back or forth."""


class LiveReplay(App[int]):
    """A recording, seen from all sides.

    Args:
        replay: What to show.
        paused: It waits for keys, instead of playing at once.
    """

    CSS = LiveDemo.CSS
    TITLE = "session-fsm replay"
    ENABLE_COMMAND_PALETTE = False
    AUTO_FOCUS = None
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "play", "Play/pause"),
        Binding("right", "forth", "Step"),
        Binding("left", "undo", "Back"),
        Binding("up", f"jump({JUMP:g})", f"+{JUMP:g} s"),
        Binding("down", f"jump({-JUMP:g})", f"-{JUMP:g} s"),
        Binding("home", "begin", "Beginning"),
        Binding("q,ctrl+q", "leave(0)", "Quit"),
        Binding("ctrl+c", f"leave({ExitCode.INTERRUPTED:d})", show=False, priority=True),
    ]

    def __init__(self, replay: Replay, *, paused: bool = False) -> None:
        super().__init__()
        self.replay = replay
        self._paused = paused
        self._tasks: set[asyncio.Task[None]] = set()

    def compose(self) -> ComposeResult:
        """Lay out the view."""
        yield Label(id="title")
        yield AgentSessionView(self.replay)
        yield Footer()

    def on_mount(self) -> None:
        """Begin."""
        bind(self.replay.position, self, self._tell)
        bind(self.replay.is_playing, self, self._tell)
        if not self._paused:
            self.action_play()

    def on_unmount(self) -> None:
        """Put away what plays."""
        for task in self._tasks:
            task.cancel()

    # What is shown ------------------------------------------------------------------------------

    def _tell(self, _: object) -> None:
        replay = self.replay
        state = "playing" if replay.is_playing.value else "end" if replay.is_at_end else "paused"
        position, duration = (
            str(timedelta(seconds=round(seconds)))
            for seconds in (replay.position.value, replay.duration.value)
        )
        self.query_one("#title", Label).update(
            f"session-fsm  ·  {state}  {position} of {duration}"
            f"  ·  snapshot {replay.snapshot.seq}  ·  {replay.recorded_at:%Y-%m-%d %H:%M:%S}"
        )

    # What the user does -------------------------------------------------------------------------

    def action_play(self) -> None:
        """Play, or pause."""
        if self.replay.is_playing.value:
            self.replay.pause()
        else:
            task = asyncio.get_running_loop().create_task(self._play())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _play(self) -> None:
        if self.replay.is_at_end:
            self.replay.rewind()
        with self._told():
            await self.replay.play()
        self._tell(None)

    def action_forth(self) -> None:
        """Take the next event."""
        self.replay.pause()
        with self._told():
            self.replay.step()

    def action_undo(self) -> None:
        """Go back by one event."""
        self.replay.pause()
        with self._told():
            self.replay.back()

    def action_jump(self, seconds: float) -> None:
        """Go back or forth by so many seconds."""
        with self._told():
            self.replay.seek(seconds=max(0.0, self.replay.position.value + seconds))

    def action_begin(self) -> None:
        """Go back to the beginning."""
        self.replay.rewind()

    def action_leave(self, code: int) -> None:
        """Leave the view."""
        self.exit(code)

    @contextmanager
    def _told(self) -> Generator[None]:
        """Show what is wrong with the recording where it is noticed."""
        try:
            yield
        except RecordingError as error:
            self.notify(str(error), severity="error", markup=False)
