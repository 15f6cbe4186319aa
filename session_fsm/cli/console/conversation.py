"""What the user does, in terms of the session. What comes of it is seen in the session's stores."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from session_fsm import MediaError, SessionEnded
from session_fsm.audio.microphone import MicrophoneInput
from session_fsm.cli.exit_codes import NoAnswerError
from session_fsm.cli.talk import BUSY, while_running
from session_fsm.hardware.listing import devices
from session_fsm.messages.message import MessageKind
from session_fsm.states import MediaState

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from session_fsm import Session, SessionSnapshot
    from session_fsm.cli.console.sound import Sound, SpokenFile
    from session_fsm.hardware.device import Device

NOT_SENT: Final = frozenset({MediaState.OFF, MediaState.FAILED})
PUBLISHED: Final = frozenset({MediaState.LIVE, MediaState.MUTED})
HEARD: Final = frozenset({MessageKind.USER_TRANSCRIPT})
SETTLED_AFTER: Final = 2.0
"""Seconds without news after which an answer is taken for the last one."""
NO_MICROPHONE: Final = "There is no microphone: `session-fsm devices` lists what there is."


class Conversation:
    """A conversation by voice, or in writing.

    Args:
        session: Is started by ``open()``, and closed by somebody else.
        sound: What is spoken with.
        is_push_to_talk: Nothing is heard of the user until ``talk(on=True)``.
    """

    def __init__(self, session: Session, sound: Sound, *, is_push_to_talk: bool = False) -> None:
        self.session = session
        self.sound = sound
        self.is_push_to_talk = is_push_to_talk
        self._microphone = session.local.microphone
        self._chosen: Device | None = None
        self._before: frozenset[str] = frozenset()

    async def open(self) -> None:
        """Start the session, and say what is to be said when the agent is ready.

        Raises:
            SessionError: It did not start, or what is to be said cannot be sent.
        """
        starting = self.session.start(microphone=self.sound.microphone or False)
        await (_begun(starting, self._microphone.mute()) if self.is_push_to_talk else starting)
        if self.sound.spoken is not None:
            await self._say(self.sound.spoken)

    async def _say(self, spoken: SpokenFile) -> None:
        now = await self.session.wait_until(
            lambda now: (
                now.media.microphone.failure is not None
                or (now.agent.is_connected and now.media.microphone.state in PUBLISHED)
            )
        )
        if now.media.microphone.failure is not None:
            raise now.media.microphone.failure
        self._before = frozenset(message.id for message in now.messages)
        await self._microphone.switch(spoken)

    async def toggle_mute(self) -> None:
        """Be heard no longer, or again; what is off or has failed is tried once more.

        Raises:
            SessionError: It could not be done.
        """
        await self.talk(on=self._microphone.state.value in {MediaState.MUTED, *NOT_SENT})

    async def talk(self, *, on: bool) -> None:
        """Be heard, or not; raises as ``toggle_mute``."""
        if not on:
            await self._microphone.mute()
        elif self._microphone.state.value in NOT_SENT:
            await self._microphone.set_enabled(True)
        else:
            await self._microphone.unmute()

    async def next_microphone(self) -> None:
        """Speak with the next microphone of this computer, after the last the first again.

        Raises:
            MediaError: There is none, or it cannot be opened: the present one goes on.
            SessionError: The session is not running.
        """
        there = await asyncio.to_thread(devices, "input")
        if not there:
            raise MediaError(NO_MICROPHONE, kind="not-found")
        self._chosen = _after(self._chosen, self._microphone.device.value, there)
        await self._microphone.switch(MicrophoneInput(self._chosen))
        if self._microphone.state.value in NOT_SENT:
            await self._microphone.set_enabled(True)

    async def answered(self, seconds: float) -> None:
        """Wait until the file was said, and the agent has answered and is done with it.

        Raises:
            NoAnswerError: There is no answer after that many seconds.
            SessionError: The session ended before that.
        """
        if self.sound.spoken is not None:
            await while_running(self.session, self.sound.spoken.over.wait())
        while True:
            try:
                answer = self.session.wait_until(self._is_answered, seconds)
                await while_running(self.session, answer)
            except TimeoutError:
                raise NoAnswerError(
                    f"The agent did not answer within {seconds:g} s what it was told; it is "
                    f"{self.session.agent.state.value}. Raise --timeout, or look into its log."
                ) from None
            try:
                await self.session.wait_until(lambda now: not self._is_answered(now), SETTLED_AFTER)
            except (TimeoutError, SessionEnded):  # it may hang up when it has answered
                return

    def _is_answered(self, now: SessionSnapshot) -> bool:
        said = (one for one in now.messages if one.id not in self._before)
        new = [one for one in said if one.sender == "agent" or one.kind in HEARD]
        is_over = all(one.final for one in new) and now.agent.state not in BUSY
        return is_over and bool(new) and new[-1].sender == "agent"


async def _begun(
    starting: Coroutine[None, None, None], muting: Coroutine[None, None, None]
) -> None:
    """Start the session muted: nothing is heard that was not meant to be."""
    start = asyncio.create_task(starting)
    # Its turn comes when start() has begun, and before any device is opened.
    mute = asyncio.create_task(muting)
    mute.add_done_callback(lambda done: done.cancelled() or done.exception())
    await start


def _after(chosen: Device | None, name: str | None, there: tuple[Device, ...]) -> Device:
    """Return the device after the chosen one, or else after the one that is used at present."""
    used = (one for one in there if one == chosen or (chosen is None and one.name == name))
    default = (one for one in there if one.is_default)
    present = next(used, None) or next(default, there[-1])
    return there[(there.index(present) + 1) % len(there)]
