"""The user's texts on their way: first in, first out, one at a time, each with a certain end.

A text has three stages:

1. It *waits* until the agent is ready for text (`TextGate`). It can be taken back.
2. It has *left*, and waits for the proof that the agent has it: a probe that was answered after it.
   The channel keeps the order, so that whoever answers the probe has had the text before. Only
   then does the next one leave: at most one text is ever in doubt.
3. It is *settled*: ``sent`` with the proof; ``failed`` where it never left; ``unconfirmed`` where
   nobody can tell.

A link that is lost in the second stage leaves the text in doubt. When the link is resumed, the same
probe settles it. When it was made anew, the agent's history is asked (`certainty`): the text was
heard, or it surely was not and leaves once more, or nobody can tell.
"""

from __future__ import annotations

import asyncio
from collections import deque
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, NamedTuple
from uuid import uuid4

import attrs

from session_fsm.errors import SendError
from session_fsm.events import ProbeAnswered, ProbeUnanswered, TextSettled, TextSubmitted
from session_fsm.messages.certainty import Ledger
from session_fsm.messages.gate import PROBE_PAUSE, PROBE_TIMEOUT, TextGate
from session_fsm.messages.message import Message, MessageKind, MessageStatus
from session_fsm.messages.people import CHAT_TOPIC

if TYPE_CHECKING:
    from session_fsm.messages.attachment import Attachment
    from session_fsm.messages.certainty import AgentMemory, UserItem
    from session_fsm.snapshot import SessionSnapshot
    from session_fsm.transports.base import Link, Sink
    from stores import Store

CONFIRM_WITHIN: Final = 20.0
"""Seconds that a text waits for its proof while the link seems to be up. Measured: a link whose
server has vanished is known to be lost after 11 to 14 s."""
TAKE_WITHIN: Final = 60.0
"""Seconds that the transport has to take a text, an outage in between included."""

RUN_ENDED: Final = "The session ended before the text was sent. Send it again after a new start."
TAKEN_BACK: Final = "The text was taken back before the agent had it."
UNANSWERED: Final = (
    "The agent did not answer for 10 seconds, so the text would have been lost: it was not sent. "
    "Send it again when agent.is_responsive is true."
)
UNCONFIRMED: Final = (
    "The text left, and then {what}, so that nobody can tell whether the agent has it. "
    "Send it again if there is no answer."
)
LINK_LOST: Final = "the link was lost"
NO_ANSWER: Final = "the agent did not answer for 20 seconds"
ENDED: Final = "the session ended"


@attrs.define(eq=False)
class _Entry:
    message: Message
    done: asyncio.Future[SendError | None]
    has_left: bool = False
    """The agent may have it."""
    is_wanted: bool = True
    """Whoever sent it did not cancel that."""


class _Way(NamedTuple):
    """What a text went to: while none of it changes, an answered probe proves its arrival."""

    agent: str
    rebuilds: int
    joins: int


class Outbox:
    """Takes texts from the moment a run starts, and sends them when the agent is ready for them."""

    def __init__(
        self, snapshots: Store[SessionSnapshot], tell: Sink, memory: AgentMemory | None = None
    ) -> None:
        self._snapshots = snapshots
        self._tell = tell
        self._memory = memory
        self._ledger = Ledger("")
        self._waiting: deque[_Entry] = deque()
        self._kick = asyncio.Event()
        self._following = None if memory is None else memory.follow(self._shown)

    def message(self, text: str, attachments: tuple[Attachment, ...] = ()) -> Message:
        """Return a message of the user; its attachments are sent by whoever asks for it."""
        return Message(
            f"user/{uuid4().hex}",
            MessageKind.CHAT,
            text,
            datetime.now(UTC),
            final=True,
            sender="user",
            status=MessageStatus.SENDING,
            attachments=attachments,
        )

    async def send(self, message: Message) -> Message:
        """Queue the message and wait until it is settled.

        Raises:
            SendError: It was not sent, or it is not certain that it was.
        """
        entry = _Entry(message, asyncio.get_running_loop().create_future())
        self._waiting.append(entry)
        self._tell(TextSubmitted(message))
        self._kick.set()
        try:
            await asyncio.wait({entry.done})
        except asyncio.CancelledError:
            entry.is_wanted = False
            if not entry.has_left:
                self._settle(entry, SendError(TAKEN_BACK, kind="taken-back"))
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
            given_up=lambda: self._give_up(UNANSWERED, "unanswered", NO_ANSWER),
        )
        following = asyncio.create_task(gate.run())
        try:
            while True:
                while self._waiting and gate.is_open:
                    await self._attempt(link, gate, self._waiting[0])
                self._kick.clear()
                await self._kick.wait()
        finally:
            following.cancel()

    def close(self) -> None:
        """Give up everything that is not settled: the run is over."""
        if self._following is not None:
            self._following.dispose()
        self._give_up(RUN_ENDED, "run-ended", ENDED)

    # One text -----------------------------------------------------------------------------------

    async def _attempt(self, link: Link, gate: TextGate, entry: _Entry) -> None:
        """Send a text once; it is settled then, or surely was not heard and waits once more."""
        way = self._way()
        ledger = self._ledger_of(way.agent)
        text = entry.message.text
        if ledger.leaves(entry.message.id, text):
            self._settle(entry, None)
            return
        entry.has_left = True
        try:
            async with asyncio.timeout(TAKE_WITHIN):
                listed = [one.id for one in entry.message.attachments]
                await link.send_text(text, CHAT_TOPIC, way.agent, listed)
        except SendError as error:
            if self._is_up(way):
                self._settle(entry, error)
                return
        except TimeoutError:
            pass
        doubt = await self._doubt(link, gate, entry, way)
        heard = doubt is None or await self._has_heard(gate, entry, way, ledger)
        if heard is not False:
            ledger.got()
        if heard:
            self._settle(entry, None)
        elif heard is None:
            self._settle(entry, _unconfirmed(doubt or LINK_LOST))
        elif not entry.is_wanted:
            self._settle(entry, SendError(TAKEN_BACK, kind="taken-back"))
        entry.has_left = False

    async def _doubt(self, link: Link, gate: TextGate, entry: _Entry, way: _Way) -> str | None:
        """Probe until the agent answers, and return None; else why nobody can tell."""
        loop = asyncio.get_running_loop()
        give_up_at = loop.time() + CONFIRM_WITHIN
        while self._way() == way and not entry.done.done():
            if not self._is_up(way):
                await self._until_open(gate, entry)
                give_up_at = loop.time() + CONFIRM_WITHIN
                continue
            answered = await link.probe(way.agent, PROBE_TIMEOUT)
            if not self._is_up(way):
                continue
            self._tell((ProbeAnswered if answered else ProbeUnanswered)(way.agent))
            if answered:
                return None
            if loop.time() >= give_up_at:
                self._settle(entry, _unconfirmed(NO_ANSWER))
                gate.close()
                return NO_ANSWER
            await asyncio.sleep(PROBE_PAUSE)
        return LINK_LOST

    async def _has_heard(
        self, gate: TextGate, entry: _Entry, way: _Way, ledger: Ledger
    ) -> bool | None:
        """Ask the agent's history, once the agent is there again; None where nobody can tell."""
        heard = None
        while heard is None and not entry.done.done():
            await self._until_open(gate, entry)
            asked = self._snapshots.value
            if self._memory is None or asked.agent.identity != way.agent:
                return None
            heard = await ledger.has_heard(self._memory)
            if self._snapshots.value.run.links == asked.run.links:
                break
        return heard

    async def _until_open(self, gate: TextGate, entry: _Entry) -> None:
        """Wait until the gate is open, or it does not matter any more."""
        while not gate.is_open and not entry.done.done():
            self._kick.clear()
            await self._kick.wait()

    def _way(self) -> _Way:
        now = self._snapshots.value
        return _Way(now.agent.identity or "", now.run.rebuilds, now.run.joins)

    def _is_up(self, way: _Way) -> bool:
        return self._way() == way and not self._snapshots.value.is_reconnecting

    # What is known of the agent -----------------------------------------------------------------

    def _ledger_of(self, agent: str) -> Ledger:
        if self._ledger.agent != agent:
            self._ledger = Ledger(agent)
        return self._ledger

    def _shown(self, item: UserItem) -> None:
        self._ledger.shown(item)

    # The ends -----------------------------------------------------------------------------------

    def _give_up(self, why: str, kind: str, doubt: str) -> None:
        for entry in tuple(self._waiting):
            error = _unconfirmed(doubt) if entry.has_left else SendError(why, kind=kind)
            error.__cause__ = self._snapshots.value.failure
            self._settle(entry, error)

    def _settle(self, entry: _Entry, error: SendError | None) -> None:
        """Say what became of the text, unless that was said already."""
        if entry.done.done():
            return
        entry.done.set_result(error)
        self._waiting.remove(entry)
        self._kick.set()
        status = MessageStatus.SENT
        if error is not None:
            doubtful = error.kind == "unconfirmed"
            status = MessageStatus.UNCONFIRMED if doubtful else MessageStatus.FAILED
        self._tell(TextSettled(entry.message.id, status))


def _unconfirmed(what: str) -> SendError:
    return SendError(UNCONFIRMED.format(what=what), kind="unconfirmed")
