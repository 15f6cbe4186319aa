"""The buttons of a session: what they look like, and what pressing them does."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final, TypeVar

import attrs

from session_fsm.errors import SessionEnded, SessionError
from session_fsm.media.defaults import checked_sendable
from session_fsm.session import Session
from session_fsm.states import MediaState, SessionState
from session_fsm.ui.controls import NAMES, Control, ControlName, Wishes, controls_of, seen_of
from session_fsm.ui.model import ViewModel

if TYPE_CHECKING:
    import os
    from collections.abc import Awaitable, Iterable, Mapping

    from session_fsm.media.defaults import Sendable
    from session_fsm.media.inputs import MediaInput
    from session_fsm.media.slot import MediaSlot
    from session_fsm.messages.message import Message
    from session_fsm.ui.controls import MediaName, Seen
    from session_fsm.view import SessionView
    from stores import Store

T = TypeVar("T")

logger = logging.getLogger("session_fsm")

REMEMBERED: Final = frozenset({"microphone", "camera"})
"""What was on or off in one run is so at the next start; a screen is never shared by memory."""


@attrs.frozen
class _Bar:
    controls: Mapping[ControlName, Control]
    failure: Exception | None = None


class ControlBarModel(ViewModel):
    """Start, end, microphone, camera, screen and chat, each as a store of a `Control`.

    What the token does not allow is not visible, as soon as the room is joined and tells so. What
    fails is in ``failure``, and in the ``note`` of the control; nothing is raised into the callback
    of a button.

    Args:
        view: A session; or a replay, whose controls show what was, and cannot be pressed.
        microphone: What the control turns on, as ``Session.start()`` takes it: True, the default
            one, from the start on; False, the default one, and off at the start; a device or an
            input; None: there is no such control.
        camera: The same for the camera.
        screen_share: The same for the screen.
        chat: Whether there is a control for the chat.

    Attributes:
        controls: All of them by name, in the order in which they are usually shown.
        start: Starts the session, with what is on at that time.
        end: Ends it, or cancels the start.
        microphone: Mutes and unmutes, so that the device stays open and the next word is heard at
            once. Before the start it says whether it will be on.
        camera: Turns it on and off: the device is let go of. Before the start as the microphone.
        screen_share: The same for the screen.
        chat: Opens and closes the chat, wherever it is shown; ``send()`` needs no open one.
        failure: Why the last press, or text, failed; None from the next one, the next
            start, or ``dismiss()`` on.

    Raises:
        TypeError: What is to be sent is no input.
    """

    def __init__(
        self,
        view: SessionView,
        *,
        microphone: Sendable | None = True,
        camera: Sendable | None = None,
        screen_share: Sendable | None = None,
        chat: bool = True,
    ) -> None:
        super().__init__(view)
        self._session = view if isinstance(view, Session) else None
        given = {"microphone": microphone, "camera": camera, "screen_share": screen_share}
        self._inputs: dict[str, bool | MediaInput] = {
            name: checked_sendable(name, value)
            for name, value in given.items()
            if value is not None
        }
        self._handed_over: set[str] = set()
        self._wishes = Wishes(
            given=frozenset(self._inputs),
            on_at_start=frozenset(
                name
                for name, value in self._inputs.items()
                if value is not False and self._session is not None
            ),
            has_chat=chat,
            can_act=self._session is not None,
        )
        self._seen = view.snapshots.select(seen_of)
        self._epoch = self._seen.value.epoch
        self._failure: Exception | None = None
        self._bar = self._store(_Bar(controls_of(self._seen.value, self._wishes)))
        self.controls: Final = self._bar.select(lambda bar: bar.controls)
        self.failure: Final = self._bar.select(lambda bar: bar.failure)
        self.start: Final = self.control("start")
        self.end: Final = self.control("end")
        self.microphone: Final = self.control("microphone")
        self.camera: Final = self.control("camera")
        self.screen_share: Final = self.control("screen_share")
        self.chat: Final = self.control("chat")
        self._follow(self._seen, self._look)

    def __repr__(self) -> str:
        enabled = [name for name, one in self.controls.value.items() if _can_be_pressed(one)]
        return f"<ControlBarModel, to be pressed: {', '.join(enabled) or 'nothing'}>"

    def control(self, name: ControlName) -> Store[Control]:
        """Return one of the controls by its name.

        Raises:
            ValueError: There is no such control.
        """
        checked = _checked(name)
        return self._bar.select(lambda bar: bar.controls[checked])

    async def press(self, name: ControlName) -> None:
        """Do what the control stands for, and return when it is done.

        A press of one that is not visible or not enabled, or whose last press is still being
        carried out, is ignored. Cancelling a start rolls it back; what else was begun goes on.

        Raises:
            ValueError: There is no such control.
        """
        # Not from the store, which shows a change later when others are just being told of one.
        control = controls_of(self._seen.value, self._wishes)[_checked(name)]
        session = self._session
        if self._is_closed or session is None or not _can_be_pressed(control):
            return
        match name:
            case "start":
                await self._carry_out(name, session.start(**self._sendables()))
            case "end":
                await self._carry_out(name, session.end())
            case "chat":
                self._wish(is_chat_open=not self._wishes.is_chat_open)
            case _ if session.snapshot.state is SessionState.IDLE:
                self._turn(name, is_on=not control.is_on)
            case _:
                await self._toggle(name, session, is_on=control.is_on)

    async def send(
        self, text: str, attachments: Iterable[str | os.PathLike[str]] = ()
    ) -> Message | None:
        """Send what was typed, and return the message; white space alone is ignored.

        Any number of texts may be under way. The message is among the rows of the transcript at
        once. Where it fails, None is returned, and ``failure`` says why.
        """
        if self._is_closed or self._session is None or not text.strip():
            return None
        sending = self._session.send(text.strip(), attachments=attachments)
        return await self._caught("chat", sending)

    def dismiss(self) -> None:
        """Forget what failed."""
        self._failure = None
        self._wish(failures={})

    # What pressing does -------------------------------------------------------------------------

    async def _toggle(self, name: MediaName, session: Session, *, is_on: bool) -> None:
        slot: MediaSlot = getattr(session.local, name)
        work = self._turn_off(name, slot) if is_on else self._turn_on(name, slot)
        if await self._carry_out(name, work) and name in REMEMBERED:
            self._turn(name, is_on=not is_on)

    async def _turn_off(self, name: MediaName, slot: MediaSlot) -> None:
        await (slot.mute() if name == "microphone" else slot.set_enabled(False))

    async def _turn_on(self, name: MediaName, slot: MediaSlot) -> None:
        given = self._input(name)
        if not isinstance(given, bool):
            await slot.switch(given)
        muted = slot.state.value is MediaState.MUTED
        await (slot.unmute() if muted else slot.set_enabled(True))

    def _sendables(self) -> dict[str, bool | MediaInput]:
        on = self._wishes.on_at_start
        return {name: self._input(name) if name in on else False for name in self._inputs}

    def _input(self, name: str) -> bool | MediaInput:
        """Return what the session has to be told: it remembers an input, and may know a newer."""
        given = self._inputs[name]
        if isinstance(given, bool) or name in self._handed_over:
            return True
        self._handed_over.add(name)
        return given

    async def _carry_out(self, name: ControlName, work: Awaitable[object]) -> bool:
        """Do it, and say whether it was done."""
        self._wish(pending=self._wishes.pending | {name})
        try:
            await self._caught(name, work)
        finally:
            self._wish(pending=self._wishes.pending - {name})
        return name not in self._wishes.failures

    async def _caught(self, name: ControlName, work: Awaitable[T]) -> T | None:
        """Wait for it; what it raises is shown."""
        others = {key: one for key, one in self._wishes.failures.items() if key != name}
        self._failure = None
        self._wish(failures=others)
        try:
            return await work
        except SessionEnded:
            # The user has ended it, or the agent has hung up: that is no failure of the control.
            return None
        except Exception as error:
            if not isinstance(error, SessionError | OSError):
                logger.exception("pressing %r failed", name)
            self._failure = error
            self._wish(failures={**self._wishes.failures, name: error})
            return None

    def _turn(self, name: str, *, is_on: bool) -> None:
        on = self._wishes.on_at_start
        self._wish(on_at_start=on | {name} if is_on else on - {name})

    # What is shown ------------------------------------------------------------------------------

    def _wish(self, **changes: Any) -> None:
        self._wishes = attrs.evolve(self._wishes, **changes)
        self._show(self._seen.value)

    def _look(self, seen: Seen) -> None:
        if seen.epoch != self._epoch:
            # Whoever has started it: what failed before is no news any more.
            self._epoch = seen.epoch
            self._failure = None
            self._wishes = attrs.evolve(self._wishes, failures={})
        self._show(seen)

    def _show(self, seen: Seen) -> None:
        self._bar.set(_Bar(controls_of(seen, self._wishes), self._failure))

    def _end(self) -> None:
        self._wish(can_act=False)
        super()._end()


def _can_be_pressed(control: Control) -> bool:
    return control.is_visible and control.is_enabled and not control.is_pending


def _checked(name: ControlName) -> ControlName:
    if name not in NAMES:
        raise ValueError(f"there is no control {name!r}, only {', '.join(NAMES)}")
    return name
