"""The user's texts on their way: first in, first out, one at a time, each with a certain end."""

from __future__ import annotations

import asyncio
from collections import deque
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final
from uuid import uuid4

import attrs

from session_fsm.errors import SendError
from session_fsm.events import TextSettled, TextSubmitted
from session_fsm.messages.gate import TextGate
from session_fsm.messages.merge import CHAT_TOPIC
from session_fsm.messages.message import Message, MessageKind, MessageStatus

if TYPE_CHECKING:
    from session_fsm.snapshot import SessionSnapshot
    from session_fsm.transports.base import Link, Sink
    from stores import Store

RUN_ENDED: Final = "The session ended before the text was sent. Send it again after a new start."
UNANSWERED: Final = (
    "The agent did not answer for 10 seconds, so the text would have been lost: it was not sent. "
    "Send it again when agent.is_responsive is true."
)
UNCONFIRMED: Final = (
    "The link was lost while the text was on its way, so the agent may not have it. "
    "Send it again if there is no answer."
)


@attrs.define(eq=False)
class _Entry:
    message: Message
    done: asyncio.Future[SendError | None]


class Outbox:
    """Takes texts from the moment a run starts, and sends them when the agent is ready for them."""

    def __init__(self, snapshots: Store[SessionSnapshot], tell: Sink) -> None:
        self._snapshots = snapshots
        self._tell = tell
        self._waiting: deque[_Entry] = deque()
        self._kick = asyncio.Event()

    async def send(self, text: str) -> Message:
        """Queue the text and wait until it is sent.

        Raises:
            SendError: It was not sent, or it is not certain that it was.
        """
        message = Message(
            f"user/{uuid4().hex}",
            MessageKind.CHAT,
            text,
            datetime.now(UTC),
            final=True,
            sender="user",
            status=MessageStatus.SENDING,
        )
        entry = _Entry(message, asyncio.get_running_loop().create_future())
        self._waiting.append(entry)
        self._tell(TextSubmitted(message))
        self._kick.set()
        try:
            await asyncio.wait({entry.done})
        except asyncio.CancelledError:
            self._settle(entry, SendError("The text was taken back.", kind="transport"))
            raise
        error = entry.done.result()
        if error is not None:
            raise error
        return attrs.evolve(message, status=MessageStatus.SENT)

    async def run(self, link: Link) -> None:
        """Send what is queued whenever the agent is ready for text, until cancelled."""
        gate = TextGate(
            self._snapshots,
            link,
            self._tell,
            opened=self._kick.set,
            given_up=lambda: self._give_up(UNANSWERED, "unanswered"),
        )
        following = asyncio.create_task(gate.run())
        try:
            while True:
                while self._waiting and gate.is_open:
                    await self._send(link, self._waiting.popleft())
                self._kick.clear()
                await self._kick.wait()
        finally:
            following.cancel()

    def close(self) -> None:
        """Give up what still waits: the run is over."""
        self._give_up(RUN_ENDED, "run-ended")

    async def _send(self, link: Link, entry: _Entry) -> None:
        now = self._snapshots.value
        error: SendError | None = None
        try:
            await link.send_text(entry.message.text, CHAT_TOPIC, now.agent.identity)
        except SendError as failed:
            error = failed
        except asyncio.CancelledError:
            self._settle(entry, SendError(RUN_ENDED, kind="run-ended"))
            raise
        after = self._snapshots.value
        if error is None and (after.is_reconnecting or after.run.links != now.run.links):
            error = SendError(UNCONFIRMED, kind="unconfirmed")
        self._settle(entry, error)

    def _give_up(self, why: str, kind: str) -> None:
        while self._waiting:
            error = SendError(why, kind=kind)
            error.__cause__ = self._snapshots.value.failure
            self._settle(self._waiting.popleft(), error)

    def _settle(self, entry: _Entry, error: SendError | None) -> None:
        """Say what became of the text, unless that was said already."""
        if entry.done.done():
            return
        entry.done.set_result(error)
        if entry in self._waiting:
            self._waiting.remove(entry)
        status = MessageStatus.SENT if error is None else MessageStatus.FAILED
        self._tell(TextSettled(entry.message.id, status))
