"""The live view of a conversation. It sees the session's stores, and nothing else."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual.app import App
from textual.binding import Binding
from textual.content import Content
from textual.css.query import NoMatches
from textual.widgets import Footer, Input, Label

from session_fsm import SessionError
from session_fsm.cli import terminal
from session_fsm.cli.console.keys import KEYS, SpaceBar, When
from session_fsm.cli.console.panels import Side
from session_fsm.cli.exit_codes import ExitCode
from session_fsm.cli.facts import Facts
from session_fsm.cli.talk import narrated
from session_fsm.ui import TranscriptModel
from session_fsm.ui.printable import printable
from session_fsm.ui.textual import ChatTranscript

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from reactivex.abc import DisposableBase
    from textual import events
    from textual.app import ComposeResult
    from textual.binding import BindingType

    from session_fsm import MediaError, SessionSnapshot
    from session_fsm.cli.console.conversation import Conversation
    from session_fsm.cli.facts import Fact
    from stores import Store

WITHOUT_MICROPHONE: Final = "{} The conversation goes on in writing: escape and m try again."
UNHEARD: Final = "The agent is not heard: {}"
OVER: Final = "The session is over: {}. q leaves."
PLACEHOLDER: Final = "enter: write a line, and send it"


async def show(talk: Conversation) -> int:
    """Show the conversation until it is left.

    Returns:
        The exit code.

    Raises:
        SessionError: The session had failed when it was left.
    """
    app = Console(talk)
    with terminal.undisturbed():
        code = await app.run_async()
    failure = talk.session.failure.value
    if code == ExitCode.OK and failure is not None:
        raise failure
    return app.return_code or code or ExitCode.OK


class Console(App[int]):
    """A conversation, by voice and in writing.

    Args:
        talk: Its session is started here, and closed in the end.
    """

    CSS = """
    #title { width: 1fr; height: 1; background: $panel; padding: 0 1; text-wrap: nowrap;
        text-overflow: ellipsis; }
    ChatTranscript { border: round $foreground 30%; }
    #note { height: auto; padding: 0 1; color: $text-muted; text-style: italic; }
    .-narrow .called { display: none; }
    """
    TITLE = "session-fsm console"
    AUTO_FOCUS = None
    ENABLE_COMMAND_PALETTE = False
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (72, "-wide")]  # noqa: RUF012 - as in App
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(one.key, one.action, one.label, priority=one.when is When.LINE) for one in KEYS),
        Binding("ctrl+q", "leave", show=False, priority=True),
        Binding("ctrl+c", "interrupt", show=False, priority=True),
    ]

    def __init__(self, talk: Conversation) -> None:
        super().__init__()
        self._talk = talk
        self._session = talk.session
        self._facts = Facts(talk.session)
        self._space = SpaceBar(lambda on: self._spawn(talk.talk(on=on)))
        self._left: asyncio.Future[int] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._transcript = TranscriptModel(talk.session)
        self._watched: list[DisposableBase] = []

    def compose(self) -> ComposeResult:
        """Lay out the view."""
        yield Label(id="title")
        yield Side("agent", "agent")
        if self._talk.sound.microphone is not None:
            yield Side("you", "you")
        yield ChatTranscript(self._transcript)
        yield Label(id="note")
        yield Input(placeholder=PLACEHOLDER, select_on_focus=False)
        yield Footer()

    def on_mount(self) -> None:
        """Begin."""
        self._left = asyncio.get_running_loop().create_future()
        self._watch()
        if self._talk.sound.microphone is None:
            self.action_write()
        self.run_worker(self._hold(self._left))

    # What is shown ------------------------------------------------------------------------------

    def _watch(self) -> None:
        session, agent = self._session, self.query_one("#agent", Side)
        self._see(session.snapshots.select(_headline), self.query_one("#title", Label).update)
        self._see(session.agent.state, agent.show_state)
        self._see(session.agent.name, agent.show_name)
        self._see(session.agent.level, agent.show_level)
        self._see(session.playback.failure, lambda now: self._note_failure(UNHEARD, now))
        if self._talk.sound.microphone is not None:
            microphone, user = session.local.microphone, self.query_one("#you", Side)
            self._see(microphone.state, user.show_state)
            self._see(microphone.device, user.show_name)
            self._see(microphone.level, user.show_level)
            self._see(microphone.failure, self._microphone_failed)

    def _see(self, store: Store[Any], show: Callable[[Any], object]) -> None:
        def shown(value: Any) -> None:
            with suppress(NoMatches):  # the view is being taken down
                show(value)

        self._watched.append(store.subscribe(shown))

    def on_unmount(self) -> None:
        """Look no longer."""
        for one in self._watched:
            one.dispose()
        self._transcript.close()

    def _show(self, fact: Fact) -> None:
        with suppress(NoMatches):  # the view is being taken down
            match fact.type:
                case "failure":
                    self._note(fact.data["text"])
                case "end":
                    self._note(OVER.format(fact.data["reason"]))
                    self.action_keys()
                case _:
                    pass

    def _note(self, text: str) -> None:
        with suppress(NoMatches):
            self.query_one("#note", Label).update(Content(printable(text)))

    def _note_failure(self, text: str, failure: MediaError | None) -> None:
        if failure is not None:
            self._note(text.format(failure))

    def _microphone_failed(self, failure: MediaError | None) -> None:
        self._note_failure(WITHOUT_MICROPHONE, failure)
        if failure is not None:
            self.action_write()

    # The session --------------------------------------------------------------------------------

    async def _hold(self, left: asyncio.Future[int]) -> None:
        self._spawn(self._talk.open())
        await narrated(self._session, self._facts, self._show, self._stay(left))
        self.exit(left.result() if left.done() else ExitCode.OK)

    async def _stay(self, left: asyncio.Future[int]) -> None:
        await asyncio.wait({left})
        for task in self._tasks:
            task.cancel()

    def _spawn(self, work: Coroutine[Any, Any, object]) -> None:
        task = asyncio.get_running_loop().create_task(self._told(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _told(self, work: Coroutine[Any, Any, object]) -> None:
        try:
            await work
        except SessionError as error:
            session = self._session
            if error not in {session.failure.value, session.local.microphone.failure.value}:
                self._note(str(error))

    # What the user does -------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Say which keys have a meaning now; the footer shows these."""
        del parameters
        when = next((one.when for one in KEYS if one.action == action), None)
        return when is None or self._holds(when)

    def _holds(self, when: When) -> bool:
        has_voice = self._talk.sound.microphone is not None
        return {
            When.ALWAYS: True,
            When.LINE: isinstance(self.focused, Input),
            When.VOICE: has_voice,
            When.MUTING: has_voice and not self._talk.is_push_to_talk,
            When.PUSH_TO_TALK: has_voice and self._talk.is_push_to_talk,
        }[when]

    def on_key(self, event: events.Key) -> None:
        """Begin a line with any character that is no key of its own."""
        is_key = any(one.key == event.key and self._holds(one.when) for one in KEYS)
        if self.focused is None and event.is_printable and event.character and not is_key:
            self.action_write()
            self.query_one(Input).insert_text_at_cursor(event.character)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Send what was typed."""
        text = event.value.strip()
        event.input.clear()
        if text:
            self._spawn(self._session.send(text))

    def action_mute(self) -> None:
        """Be heard no longer, or again."""
        self._spawn(self._talk.toggle_mute())

    def action_talk(self) -> None:
        """Take a press of the space bar."""
        self._space.press()

    def action_device(self) -> None:
        """Speak with the next microphone."""
        self._spawn(self._talk.next_microphone())

    def action_write(self) -> None:
        """Write a line."""
        self.query_one(Input).focus()

    def action_keys(self) -> None:
        """Give the keys their meaning back."""
        self.set_focus(None)

    def action_leave(self) -> None:
        """End the session, and the view with it."""
        self._leave(ExitCode.OK)

    async def action_quit(self) -> None:
        """The same: what Textual's own key does."""
        self.action_leave()

    def action_interrupt(self) -> None:
        """The same, and tell whoever waits for the program that it did not end by itself."""
        self._leave(ExitCode.INTERRUPTED)

    def _leave(self, code: int) -> None:
        if self._left is not None and not self._left.done():
            self._left.set_result(code)


def _headline(now: SessionSnapshot) -> str:
    link = "reconnecting" if now.is_reconnecting else now.state.value
    parts = ("session-fsm console", link, now.room_name)
    return printable("  ·  ".join(part for part in parts if part))
