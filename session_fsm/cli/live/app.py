"""The live view: a whole session, and keys that make things go wrong."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, ClassVar, Final

from textual.app import App
from textual.binding import Binding
from textual.content import Content
from textual.css.query import NoMatches
from textual.widgets import Footer, Input, Label

from session_fsm import Session, SessionError, TokenSource
from session_fsm.cli.exit_codes import ExitCode, NoAnswerError
from session_fsm.cli.script import demo_agent, play
from session_fsm.states import SessionState
from session_fsm.ui.textual import AgentSessionView

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from textual.app import ComposeResult
    from textual.binding import BindingType

    from session_fsm.testing import ScriptedAgent

HEADLINE: Final = "session-fsm  ·  a session with an agent in this very process"
YOUR_TURN: Final = "Your turn: type a text and press enter, or try the keys below."
CUT: Final = "You have cut the network. F2 brings it back."
CRASHED: Final = "The agent has crashed. The session gives it 5 s to be back."
AWAY_FOR: Final = 2.0
"""Seconds until the agent is back that was made to crash."""


class LiveDemo(App[int]):
    """A session, seen from all sides.

    Args:
        seconds: It ends after this time at the latest; None for no limit.
        agent: Who to talk to.
    """

    CSS = """
    #title { width: 1fr; background: $panel; padding: 0 1; }
    #note { height: auto; padding: 0 1; color: $text-muted; text-style: italic; }
    """
    TITLE = "session-fsm demo"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "network", "Network off/on", priority=True),
        Binding("f3", "crash", "Crash the agent", priority=True),
        Binding("ctrl+q", "leave(0)", "Quit", priority=True),
        Binding("ctrl+c", f"leave({ExitCode.INTERRUPTED:d})", show=False, priority=True),
    ]

    def __init__(self, seconds: float | None = None, agent: ScriptedAgent | None = None) -> None:
        super().__init__()
        self._seconds = seconds
        self._agent = agent or demo_agent()
        self.session = Session(TokenSource.loopback(self._agent))
        self._left: asyncio.Future[int] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._opening: asyncio.Task[None] | None = None

    def compose(self) -> ComposeResult:
        """Lay out the view."""
        yield Label(HEADLINE, id="title")
        yield AgentSessionView(self.session)
        yield Label(id="note")
        yield Footer()

    def on_mount(self) -> None:
        """Begin."""
        self._left = asyncio.get_running_loop().create_future()
        self.run_worker(self._hold(self._left))

    # The session --------------------------------------------------------------------------------

    async def _hold(self, left: asyncio.Future[int]) -> None:
        self._opening = self._spawn(self._open())
        async with self.session:
            await self._stay(left)
        self.exit(left.result() if left.done() else ExitCode.OK)

    async def _stay(self, left: asyncio.Future[int]) -> None:
        await asyncio.wait({left}, timeout=self._seconds)
        for task in self._tasks:
            task.cancel()

    async def _open(self) -> None:
        """Start, and hold the conversation of the demo."""
        await self.session.start()
        await play(self.session, self._agent)
        self._note(YOUR_TURN)

    def _spawn(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(self._told(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _told(self, work: Coroutine[None, None, None]) -> None:
        try:
            await work
        except (SessionError, NoAnswerError) as error:
            self._note(str(error))

    def _note(self, text: str) -> None:
        with suppress(NoMatches):  # the view is being taken down
            self.query_one("#note", Label).update(Content(text))

    # What the user does -------------------------------------------------------------------------

    def on_input_changed(self, event: Input.Changed) -> None:
        """Let whoever begins to write have the conversation."""
        if event.value:
            self._take_over()

    def _take_over(self) -> None:
        """The user is quicker than the script: from now on it is their conversation."""
        if self._opening is not None and self.session.snapshot.state is SessionState.ACTIVE:
            self._opening.cancel()

    def action_network(self) -> None:
        """Cut the network, or bring it back."""
        if self.session.is_reconnecting.value:
            self._agent.network.restore()
        elif self.session.is_connected.value:
            self._agent.network.drop()
            self._note(CUT)

    def action_crash(self) -> None:
        """Let the agent be gone, and come back."""
        if self.session.snapshot.state is SessionState.ACTIVE:
            self._agent.crash()
            self._note(CRASHED)
            self._spawn(self._come_back())

    async def _come_back(self) -> None:
        await asyncio.sleep(AWAY_FOR)
        self._agent.come_back()

    def action_leave(self, code: int) -> None:
        """End the session, and the view with it."""
        if self._left is not None and not self._left.done():
            self._left.set_result(code)
